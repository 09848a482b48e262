"""The JSON result of a run: one line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import orjson

from contentstack_source.destinations.target import Target
from contentstack_source.errors import ContentstackError
from contentstack_source.runs.summary import RunSummary, outcome_of

_Run = Callable[[RunSummary], Any]


def run_with_json_result(target: Target, run: _Run, write: Callable[[str], None]) -> None:
    """Run, and write the JSON result whatever happens.

    Args:
        target: where the run loads to.
        run: fills the summary as it goes.
        write: takes the line.

    Raises:
        ContentstackError: as `run` did.
    """
    summary, started_at = RunSummary(), datetime.now(timezone.utc)
    try:
        run(summary)
    except ContentstackError as error:
        write(json_result(target, started_at, summary, error))
        raise
    write(json_result(target, started_at, summary))


def json_result(
    target: Target,
    started_at: datetime,
    summary: RunSummary,
    error: ContentstackError | None = None,
) -> str:
    """Return the line; what it shares with `sync_runs` has the name it has there."""
    ended_at, newest = datetime.now(timezone.utc), summary.newest_event_at
    result = {
        "pipeline_name": target.pipeline_name,
        "destination": str(target.destination),
        "dataset": target.dataset,
        "started_at": started_at,
        "ended_at": ended_at,
        "seconds": round((ended_at - started_at).total_seconds(), 3),
        "outcome": outcome_of(error),
        "exit_code": error.exit_code if error else 0,
        "error": str(error) if error else None,
        "is_caught_up": summary.is_caught_up,
        **summary.figures(),
        "token_after": summary.token_after,
        "row_counts": summary.row_counts,
        "newest_event_at": newest,
        "lag_seconds": round((ended_at - newest).total_seconds(), 3) if newest else None,
    }
    return orjson.dumps(result, option=orjson.OPT_UTC_Z).decode()
