"""What keeps a scheduled job right: one run at a time, and the destination as the only truth.

dlt has no lock, and believes its working directory more than the destination. A slow run that
lands after a quick one would leave older rows under a newer token for ever; a destination restored
from a backup would miss all events in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pendulum
from dlt.common import json
from dlt.common.destination.client import WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.pipeline.pipeline import Pipeline
from dlt.pipeline.state_sync import load_pipeline_state_from_destination
from filelock import FileLock, Timeout

from contentstack_source.errors import ConcurrentRunError
from contentstack_source.target import Target

SOURCE = "contentstack"
"""Name of the dlt source, and so of its schema and state."""

_STATE_TABLES = ("_dlt_pipeline_state", "_dlt_loads", "_dlt_version")


@contextmanager
def one_run_at_a_time(target: Target) -> Iterator[None]:
    """Hold the lock of a target on this host; the system frees it when a process dies.

    Raises:
        ConcurrentRunError: another process holds it.
    """
    target.folder.mkdir(parents=True, exist_ok=True)
    # Beside the working directory: dlt drops that one when it doubts its state.
    path = target.folder / f".{target.pipeline_name}.lock"
    told = path.with_suffix(".holder")
    try:
        with FileLock(path, timeout=0):
            told.write_text(
                f"process {os.getpid()} since {pendulum.now('UTC'):YYYY-MM-DD HH:mm:ss}Z"
            )
            yield
    except Timeout:
        holder = told.read_text() if told.is_file() else "another process"
        what = f"Another run of {target.pipeline_name} is under way: {holder}"
        raise ConcurrentRunError(what, f"Wait for it to end; the lock is {path}.") from None


def confirmed_state(pipeline: Pipeline) -> str | None:
    """Return the hash of the state the destination has confirmed; None if it has none."""
    try:
        with pipeline.destination_client() as client:
            if not isinstance(client, WithStateSync):
                return None
            state = load_pipeline_state_from_destination(pipeline.pipeline_name, client)
    except DestinationUndefinedEntity:
        return None
    return None if state is None else str(state["_version_hash"])


def trust_destination(pipeline: Pipeline) -> str | None:
    """Drop what the destination has not confirmed, and return the hash of what it has.

    A load left half done goes too: the spool still has its pages, and the next pass may well be
    newer than they are.
    """
    if pipeline.has_pending_data:
        pipeline.abort_packages()
    pipeline.sync_destination()
    confirmed = confirmed_state(pipeline)
    if not pipeline.first_run and pipeline.state.get("_version_hash") != confirmed:
        pipeline.drop()  # the working directory only, never the dataset
        pipeline.sync_destination()
    return confirmed


def known_schema(pipeline: Pipeline) -> Schema | None:
    """Return the schema dlt believes to be at the destination; None if there is none.

    It is there even where the state is lost, and with it all that a fresh working directory knows.
    """
    if pipeline.schema_names:
        return pipeline.default_schema
    try:
        with pipeline.destination_client() as client:
            if not isinstance(client, WithStateSync):
                return None
            stored = client.get_stored_schema(SOURCE)
    except DestinationUndefinedEntity:
        return None
    return Schema.from_dict(json.loads(stored.schema)) if stored else None


def missing_tables(pipeline: Pipeline, schema: Schema | None) -> list[str]:
    """Return the tables that dlt believes to be at the destination and that are not."""
    if schema is None:
        return []
    wanted = [*schema.data_table_names(seen_data_only=True), *_STATE_TABLES]
    with pipeline.destination_client() as client:
        find: Any = getattr(client, "get_storage_tables", None)
        if find is None:
            return []
        return [name for name, columns in find(wanted) if not columns]


def have_tables_made(pipeline: Pipeline) -> None:
    """Let the next load look what tables there are, and make those that are missing.

    dlt makes tables only for a schema the destination has not seen.
    """
    with suppress(DestinationUndefinedEntity), pipeline.sql_client() as client:
        client.execute_sql(f"DELETE FROM {client.make_qualified_table_name('_dlt_version')}")


def refuse_if_moved(pipeline: Pipeline, confirmed: str | None) -> None:
    """Let no load begin if another run, on another host, has loaded since `confirmed`.

    Raises:
        ConcurrentRunError: the state of the destination moved.
    """
    if confirmed_state(pipeline) != confirmed:
        pipeline.abort_packages()
        what = "Another run has loaded into this dataset since this one began; nothing was loaded"
        raise ConcurrentRunError(what, "Run again, and let one scheduler at a time do it.")
