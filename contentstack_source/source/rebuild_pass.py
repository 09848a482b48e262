"""The tables made anew from their history, without a request to the service."""

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

from contentstack_source.destinations.capabilities import destination_capabilities, lake_format
from contentstack_source.destinations.hints import existing_tables, silence_json_notice
from contentstack_source.destinations.reader import (
    active_pipeline,
    arrow_schema,
    read_ids,
    read_rows,
)
from contentstack_source.destinations.state import load_recorded_state
from contentstack_source.errors import NoHistoryError
from contentstack_source.naming import DELETED_AT, DELETED_BY, Names
from contentstack_source.settings import SOFT, Settings
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

_ENDED: Final = f"""
SELECT {ROOT_ID} AS _dlt_id, valid_to AS {DELETED_AT}, ended_by AS {DELETED_BY}
FROM ended_version WHERE valid_to IS NOT NULL
"""


def rebuild_pass(settings: Settings) -> Iterator[RunningPass]:
    """Make a pass of the history, and hand it to the resources; the stream stays where it is.

    Raises:
        NoHistoryError: there is none, or it misses what the tables hold.
        TooManyDeletionsError: the history lacks most of what is in the tables.
    """
    last = load_recorded_state()
    stats = PassStats()
    dlt.current.resource_metrics()["report"] = stats
    if last is None:
        raise no_history()
    # As the tables are shaped, whatever is set by now.
    has_links, reads = (bool(last.shape.get(name)) for name in ("link_graph", "rich_text"))
    settings = replace(settings, link_graph=has_links, rich_text=reads)
    silence_json_notice()
    # Where DuckDB may spill: dlt's working folder, which is there as long as the pipeline.
    intake = Staging(temp_folder=Path(active_pipeline().working_dir) / "rebuild")
    ended = _recall_versions(intake, keeps_ended=settings.deletes == SOFT)
    current = ChangeSet(
        Compaction(intake.con, last.locales),
        settings,
        names=Names(dlt.current.source_schema().naming, last.tables),
        existing=existing_tables(dlt.current.source_schema()),
        content_types=_read_model(),
        replaced=None,
        received_at=pendulum.now("UTC"),
        gather=nest if lake_format(destination_capabilities()) else None,
        ended=ended if settings.deletes == SOFT else None,
    )
    current.refuse_too_many_deletions(settings.max_deleted_share, read_ids)
    stats.count_changes(current)
    stats.has_moved = True
    yield RunningPass(current, stats)


def no_history() -> NoHistoryError:
    """Return the error of a dataset whose tables cannot be made anew."""
    what = "The dataset has no history from which its tables could be made anew"
    todo = "Set history = true and run contentstack-source sync, or load anew by resync."
    return NoHistoryError(what, todo)


def _recall_versions(intake: Staging, *, keeps_ended: bool) -> pa.Table:
    """Let the intake take the versions whose rows are to be, and return which of them ended."""
    told = [arrow_schema(_VERSION).empty_table().drop_columns(["data"])]
    for part in read_rows(LAST_VERSIONS, _VERSION):
        versions = part if keeps_ended else part.filter(pc.is_null(part["valid_to"]))
        intake.recall(versions)
        told.append(versions.drop_columns(["data"]))
    intake.con.register("ended_version", pa.concat_tables(told))
    return ask(intake.con, _ENDED, duckdb.DuckDBPyConnection.to_arrow_table)


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
