-- An asset published now in a locale.
select
    _dlt_id as asset_key,
    uid as asset_uid,
    locale,
    title,
    filename,
    content_type as mime_type,
    file_size as bytes,
    created_at,
    updated_at,
    publish_details__time as published_at
from {{ source('contentstack', 'assets') }}
