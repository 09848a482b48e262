"""Rebuilds the tables from their history, without a request to the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import dlt
import duckdb
import orjson
import pendulum
import pyarrow as pa
import pyarrow.compute as pc

from contentstack_source.destinations.capabilities import lake_format
from contentstack_source.destinations.dlt_compat import (
    active_pipeline,
    destination_capabilities,
    silence_json_notice,
)
from contentstack_source.destinations.hints import RESOURCES, existing_tables
from contentstack_source.destinations.reader import (
    read_ids,
    read_rows,
)
from contentstack_source.destinations.state import load_recorded_state
from contentstack_source.errors import NoHistoryError
from contentstack_source.naming import DELETED_AT, DELETED_BY, Names
from contentstack_source.schema import arrow_schema
from contentstack_source.settings import SOFT, Settings
from contentstack_source.source.run_context import RunContext
from contentstack_source.source.stats import PassStats, RunningPass
from contentstack_source.transform.change_set import CONTENT_TYPES, ChangeSet
from contentstack_source.transform.compaction import ROOT_ID, Compaction
from contentstack_source.transform.engine import ask
from contentstack_source.transform.history import LAST_VERSIONS
from contentstack_source.transform.nested_lists import nest
from contentstack_source.transform.staging import Staging

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

_SOFT_DELETED: Final = f"""
SELECT {ROOT_ID} AS _dlt_id, valid_to AS {DELETED_AT}, ended_by AS {DELETED_BY}
FROM ended_version WHERE valid_to IS NOT NULL
"""


def rebuild_pass(settings: Settings, context: RunContext) -> Iterator[RunningPass]:
    """Make a pass of the history, and hand it to the resources; the stream stays where it is.

    Raises:
        NoHistoryError: there is none, or it misses what the tables hold.
        TooManyDeletionsError: the history lacks most of what is in the tables.
    """
    last = load_recorded_state()
    context.stats = stats = PassStats()
    if last is None:
        raise no_history()
    # With the options that the tables were loaded with, not those set now.
    has_references, reads = (
        bool(last.table_options.get(name)) for name in ("entry_references", "rich_text")
    )
    settings = replace(settings, entry_references=has_references, rich_text=reads)
    silence_json_notice(RESOURCES)
    # Where DuckDB may spill: dlt's working folder, which is there as long as the pipeline.
    staging = Staging(temp_folder=Path(active_pipeline().working_dir) / "rebuild")
    soft_deleted = _load_versions(staging, keeps_soft_deleted=settings.deletes == SOFT)
    current = ChangeSet(
        Compaction(staging.con, last.locales),
        settings,
        names=Names(dlt.current.source_schema().naming, last.tables),
        existing=existing_tables(dlt.current.source_schema()),
        content_types=_read_model(),
        replaced=None,
        received_at=pendulum.now("UTC"),
        gather=nest if lake_format(destination_capabilities()) else None,
        soft_deleted=soft_deleted if settings.deletes == SOFT else None,
    )
    current.refuse_too_many_deletions(settings.max_deleted_share, read_ids)
    stats.count_changes(current)
    stats.has_moved = True
    yield RunningPass(current, stats)


def no_history() -> NoHistoryError:
    """Return the error of a dataset whose tables cannot be rebuilt."""
    message = "The dataset has no history from which its tables could be rebuilt"
    hint = "Set history = true and run contentstack-source sync, or reload everything by resync."
    return NoHistoryError(message, hint)


def _load_versions(staging: Staging, *, keeps_soft_deleted: bool) -> pa.Table:
    """Load the last versions into staging, and return which of them are soft-deleted."""
    parts = [arrow_schema(_VERSION).empty_table().drop_columns(["data"])]
    for part in read_rows(LAST_VERSIONS, _VERSION):
        versions = part if keeps_soft_deleted else part.filter(pc.is_null(part["valid_to"]))
        staging.load(versions)
        parts.append(versions.drop_columns(["data"]))
    staging.con.register("ended_version", pa.concat_tables(parts))
    return ask(staging.con, _SOFT_DELETED, duckdb.DuckDBPyConnection.to_arrow_table)


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
