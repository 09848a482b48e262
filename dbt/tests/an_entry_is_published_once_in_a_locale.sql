select content_type_uid, entry_uid, locale, count(*) as published
from {{ ref('stg_contentstack__entries') }}
group by content_type_uid, entry_uid, locale
having count(*) > 1
