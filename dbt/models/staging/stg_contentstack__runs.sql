-- A run of the command.
select
    started_at,
    ended_at,
    outcome,
    error,
    requests,
    retries,
    rows_upserted,
    rows_deleted,
    rejects
from {{ source('contentstack', 'sync_runs') }}
