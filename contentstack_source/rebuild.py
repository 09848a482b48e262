"""The tables made anew from their history, without a request to the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import dlt
import duckdb
import orjson
import pendulum

from contentstack_source.errors import NoHistoryError
from contentstack_source.fetch import Report
from contentstack_source.fold import ROOT_ID, Fold
from contentstack_source.hints import existing_tables, silence_json_notice
from contentstack_source.history import LAST_VERSIONS
from contentstack_source.intake import Intake
from contentstack_source.keeping import ENDED
from contentstack_source.names import Names
from contentstack_source.passes import CONTENT_TYPES, Pass
from contentstack_source.position import recall_recorded
from contentstack_source.reading import active_pipeline, read_rows
from contentstack_source.settings import SOFT, Settings
from contentstack_source.store import execute

_VERSION: Final = {
    "content_type_uid": "text",
    "uid": "text",
    "locale": "text",
    "_version": "bigint",
    "event_type": "text",
    "event_at": "timestamp",
    "valid_to": "timestamp",
    "ended_by": "text",
    "data": "text",
}

_TAKEN: Final = (
    "CREATE TABLE IF NOT EXISTS version AS FROM last_version LIMIT 0",
    "INSERT INTO version FROM last_version WHERE $is_soft OR valid_to IS NULL",
)
_AS_EVENTS: Final = """
INSERT INTO event
SELECT row_number() OVER (), event_type, data, content_type_uid, uid, locale,
       nullif(from_json(data, '{"locale":"VARCHAR"}').locale, ''), event_at, _version
FROM version
"""
_ENDED: Final = f"""
SELECT {ROOT_ID} AS _dlt_id, valid_to AS {", ended_by AS ".join(ENDED)}
FROM version WHERE valid_to IS NOT NULL
"""


def rebuild_pass(settings: Settings) -> Iterator[Pass]:
    """Make a pass of the history, and hand it to the resources; the stream stays where it is.

    Raises:
        NoHistoryError: there is none, or it misses what the tables hold.
        TooManyDeletionsError: the history lacks most of what is in the tables.
    """
    last = recall_recorded()
    report = Report()
    dlt.current.resource_metrics()["report"] = report
    if last is None:
        raise no_history()
    silence_json_notice()
    # Where DuckDB may spill: dlt's working folder, which is there as long as the pipeline.
    con = Intake(temp_folder=Path(active_pipeline().working_dir) / "rebuild").con
    _take_versions(con, is_soft=settings.deletes == SOFT)
    current = Pass(
        Fold(con, last.locales),
        settings,
        names=Names(dlt.current.source_schema().naming, last.tables),
        existing=existing_tables(dlt.current.source_schema()),
        content_types=_read_model(),
        replaced=None,
        received_at=pendulum.now("UTC"),
        report=report,
        ended=con.sql(_ENDED).to_arrow_table() if settings.deletes == SOFT else None,
    )
    current.refuse_too_many_deletions(settings.max_deleted_share)
    report.has_moved = True
    yield current


def no_history() -> NoHistoryError:
    """Return the error of a dataset whose tables cannot be made anew."""
    what = "The dataset has no history from which its tables could be made anew"
    todo = "Set history = true and run contentstack-source sync, or load anew by resync."
    return NoHistoryError(what, todo)


def _take_versions(con: duckdb.DuckDBPyConnection, *, is_soft: bool) -> None:
    for part in read_rows(LAST_VERSIONS, _VERSION):
        con.register("last_version", part)
        for statement in _TAKEN:
            execute(con, statement, {"is_soft": is_soft} if "$" in statement else None)
        con.unregister("last_version")
    execute(con, _AS_EVENTS)


def _read_model() -> dict[str, Mapping[str, Any]]:
    """Return the content types that have a schema, as the last pass left them."""
    query = f'SELECT uid, CAST("schema" AS VARCHAR) AS fields FROM {CONTENT_TYPES}'
    types = {"uid": "text", "fields": "text"}
    found = [row for part in read_rows(query, types) for row in part.to_pylist()]
    return {
        row["uid"]: {"uid": row["uid"], "schema": orjson.loads(row["fields"])}
        for row in found
        if row["fields"] is not None
    }
