-- A run of the command.
select
    started_at,
    ended_at,
    outcome,
    error,
    requests,
    retries,
    rows_put,
    rows_removed,
    rejects
from {{ source('contentstack', 'sync_runs') }}
