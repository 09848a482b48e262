-- An entry published now in a locale.
select
    _dlt_id as entry_key,
    content_type_uid,
    uid as entry_uid,
    locale,
    title,
    url,
    _version as version,
    created_at,
    updated_at,
    published_at
from {{ source('contentstack', 'entries') }}
