-- Events of the Sync API: publishes, unpublishes and deletes.
select
    _dlt_id as change_key,
    event_at,
    event_type,
    case when event_type like 'asset%' then 'asset'
        when event_type like 'entry%' then 'entry'
        else 'content type' end as what,
    event_type in ('entry_published', 'asset_published') as is_publication,
    content_type_uid,
    nullif(uid, '') as uid,
    nullif(locale, '') as locale,
    _version as version
from {{ source('contentstack', 'sync_events') }}
