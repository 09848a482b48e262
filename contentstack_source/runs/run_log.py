"""The run log: a row in `sync_runs` for every run, failed ones too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import dlt
import orjson
import pendulum
import pyarrow as pa
from dlt.common import logger
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.exceptions import DestinationException
from dlt.common.time import ensure_pendulum_datetime
from dlt.extract.source import DltSource
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.capabilities import encodes_json, lake_format, to_objects
from contentstack_source.destinations.dlt_compat import (
    destination_capabilities,
    silence_json_notice,
)
from contentstack_source.destinations.hints import RESOURCES
from contentstack_source.destinations.state import SOURCE, sync_state_of
from contentstack_source.schema import DataType, arrow_schema

_TABLE: Final = "sync_runs"
COLUMNS: Final[Mapping[str, DataType]] = {
    "started_at": "timestamp",
    "ended_at": "timestamp",
    "outcome": "text",
    "error": "text",
    "passes": "bigint",
    "pages": "bigint",
    "requests": "bigint",
    "retries": "bigint",
    "events": "json",
    "rows_upserted": "bigint",
    "rows_deleted": "bigint",
    "rejects": "bigint",
    "row_counts": "json",
    "token_before": "text",
    "token_after": "text",
}
"""Columns by name, with their types as dlt calls them."""

_NO_ROWS: Final = arrow_schema(COLUMNS).empty_table()
_JSON: Final = [name for name, data_type in COLUMNS.items() if data_type == "json"]


@dataclass(frozen=True)
class LastRun:
    """What the newest row of the run log holds about the tables.

    Attributes:
        token: fingerprint of the sync token the run ended with.
        row_counts: rows in each table when it ended; empty if they were not counted.
    """

    token: str | None
    row_counts: Mapping[str, int]


def record(pipeline: Pipeline, values: Mapping[str, Any]) -> None:
    """Add a run to the run log; a run log that cannot be written breaks no run.

    A dataset that does not exist yet is not made for a run that failed.

    Args:
        pipeline: whose run it was.
        values: of all columns but `token_after`.
    """
    if not pipeline.schema_names:
        return
    try:
        if pipeline.has_pending_data:
            pipeline.abort_packages()  # what broke is no part of what the run left
        row = {**values, "token_after": token_fingerprint(pipeline)}
        row |= {name: orjson.dumps(row.get(name) or {}).decode() for name in _JSON}
        if not _is_inserted(pipeline, row):
            silence_json_notice(RESOURCES)
            pipeline.run(_table(_adapted(pipeline, _to_arrow(row))))
    except Exception as error:  # noqa: BLE001 - the run itself is over, well or badly
        logger.warning(f"The run could not be recorded in {_TABLE}: {type(error).__name__}")


def has_table(pipeline: Pipeline) -> bool:
    """Return whether the dataset has the run log, with all its columns."""
    known = pipeline.default_schema.tables if pipeline.schema_names else {}
    return _TABLE in known and COLUMNS.keys() <= known[_TABLE]["columns"].keys()


def to_make(pipeline: Pipeline) -> list[DltSource]:
    """Return what makes the table along with a load: one load less; empty where it is there.

    Where JSON does not go by Arrow, nothing without rows makes a table: the first row will.
    """
    is_by_objects = encodes_json(_capabilities(pipeline), COLUMNS)
    return [] if has_table(pipeline) or is_by_objects else [_table(_NO_ROWS)]


def last_run(pipeline: Pipeline) -> LastRun | None:
    """Return the newest row; None if there is none, or no SQL to read it with."""
    if not has_table(pipeline):
        return None
    with suppress(DestinationException), pipeline.sql_client() as client:
        name = client.make_qualified_table_name(_TABLE)
        query = (
            f"SELECT token_after, row_counts FROM {name}"
            f" WHERE ended_at = (SELECT max(ended_at) FROM {name})"
        )
        for token, counts in client.execute_sql(query) or []:
            parsed = orjson.loads(counts) if isinstance(counts, str) else counts
            return LastRun(token, parsed or {})
    return None


def last_success(pipeline: Pipeline) -> pendulum.DateTime | None:
    """Return when the last run that went well ended; None if there is none."""
    if not has_table(pipeline):
        return None
    with pipeline.sql_client() as client:
        name = client.make_qualified_table_name(_TABLE)
        query = f"SELECT max(ended_at) FROM {name} WHERE outcome = 'ok'"
        for (ended_at,) in client.execute_sql(query) or []:
            return None if ended_at is None else ensure_pendulum_datetime(ended_at)
    return None


def token_fingerprint(pipeline: Pipeline) -> str | None:
    """Return twelve characters that distinguish tokens and reveal none."""
    sync_state = sync_state_of(pipeline.state)
    if sync_state is None:
        return None
    tokens = ",".join(token for _, token in sorted(sync_state.tokens.items()))
    return hashlib.sha256(tokens.encode()).hexdigest()[:12]


def _table(rows: Any) -> Any:  # noqa: ANN401 - rows as dlt takes them, a dlt source
    """Return a source with the table of the run log; Arrow without rows still creates it."""

    @dlt.source(name=SOURCE, section=SOURCE)
    def run_log() -> Any:  # noqa: ANN401
        columns: Any = [{"name": name, "data_type": kind} for name, kind in COLUMNS.items()]
        lake: Any = lake_format(destination_capabilities())
        return dlt.resource(
            [rows], name=_TABLE, write_disposition="append", columns=columns, table_format=lake
        )

    return run_log()


def _adapted(pipeline: Pipeline, rows: pa.Table) -> Any:  # noqa: ANN401 - as dlt takes rows
    """Return rows of the run log as the destination takes JSON."""
    return to_objects(rows, COLUMNS) if encodes_json(_capabilities(pipeline), COLUMNS) else rows


def _capabilities(pipeline: Pipeline) -> DestinationCapabilitiesContext | None:
    return pipeline.destination.capabilities() if pipeline.destination else None


def _is_inserted(pipeline: Pipeline, row: Mapping[str, Any]) -> bool:
    """Insert the row by SQL: a load of its own takes dlt hundreds of milliseconds.

    Returns:
        False where that cannot be: the table is not there yet, or the destination has no SQL, or
        wants its JSON otherwise.
    """
    if not has_table(pipeline) or lake_format(_capabilities(pipeline)):
        return False
    with suppress(DestinationException), pipeline.sql_client() as client:
        names = ", ".join(client.escape_column_name(name) for name in COLUMNS)
        places = ", ".join(["%s"] * len(COLUMNS))
        client.execute_sql(
            f"INSERT INTO {client.make_qualified_table_name(_TABLE)} ({names}) VALUES ({places})",
            *(row.get(name) for name in COLUMNS),
        )
        return True
    return False


def _to_arrow(row: Mapping[str, Any]) -> pa.Table:
    return pa.table({name: [row.get(name)] for name in COLUMNS}, schema=arrow_schema(COLUMNS))
