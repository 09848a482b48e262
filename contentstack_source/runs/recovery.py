"""What keeps a scheduled job right: one run at a time, and the destination as the only truth.

dlt has no lock, and believes its working directory more than the destination. A slow run that
lands after a quick one would leave older rows under a newer token for ever; a destination restored
from a backup would miss all events in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pendulum
from dlt.common.destination.client import WithStateSync
from dlt.common.destination.exceptions import DestinationException, DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.pipeline import Pipeline
from dlt.pipeline.state_sync import load_pipeline_state_from_destination
from filelock import FileLock, Timeout

from contentstack_source.destinations.capabilities import is_duckdb
from contentstack_source.destinations.owner import (
    refuse_if_owned,
    stored_schema,
    stored_states,
    tables_of_owners,
    take_over,
)
from contentstack_source.destinations.state import SOURCE, SyncState, sync_state_of
from contentstack_source.destinations.target import Target
from contentstack_source.errors import (
    ConcurrentRunError,
    DatasetOwnedError,
    UnknownTablesError,
)
from contentstack_source.naming import OWN_TABLES

_POSTGRES: Final = "dlt.destinations.postgres"
_STATE_TABLES: Final = ("_dlt_pipeline_state", "_dlt_loads", "_dlt_version")


@contextmanager
def one_run_at_a_time(target: Target) -> Iterator[None]:
    """Hold the lock of a target on this host; the system frees it when a process dies.

    Raises:
        ConcurrentRunError: another process holds it.
    """
    target.folder.mkdir(parents=True, exist_ok=True)
    # Beside the working directory: dlt drops that one when it doubts its state.
    path = target.folder / f".{target.pipeline_name}.lock"
    holder_file = path.with_suffix(".holder")
    try:
        with FileLock(path, timeout=0):
            holder_file.write_text(
                f"process {os.getpid()} since {pendulum.now('UTC'):YYYY-MM-DD HH:mm:ss}Z"
            )
            yield
    except Timeout:
        holder = holder_file.read_text() if holder_file.is_file() else "another process"
        message = f"Another run of {target.pipeline_name} is under way: {holder}"
        raise ConcurrentRunError(message, f"Wait for it to end; the lock is {path}.") from None


def confirmed_state(pipeline: Pipeline) -> str | None:
    """Return the hash of the state the destination has confirmed; None if it has none."""
    state = _state_at_destination(pipeline)
    return None if state is None else str(state["_version_hash"])


def confirmed_sync_state(pipeline: Pipeline) -> SyncState | None:
    """Return the sync state at the destination, whatever the working directory has."""
    return sync_state_of(_state_at_destination(pipeline) or {})


def _state_at_destination(pipeline: Pipeline) -> Mapping[str, Any] | None:
    try:
        with pipeline.destination_client() as client:
            if not isinstance(client, WithStateSync):
                return None
            return load_pipeline_state_from_destination(pipeline.pipeline_name, client)
    except DestinationUndefinedEntity:
        return None


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


def refuse_other_owner(pipeline: Pipeline) -> None:
    """Refuse to go on where another pipeline, or another source, keeps the dataset.

    Raises:
        DatasetOwnedError: it does.
    """
    refuse_if_owned(pipeline, stored_states(pipeline) or {}, pipeline.state)


def take_dataset_over(pipeline: Pipeline) -> Schema | None:
    """Make the pipeline the owner of the dataset, and return all tables that its owners had there.

    The next load must be a full sync: it replaces what they left.
    """
    states = stored_states(pipeline) or {}
    take_over(pipeline, states)
    tables = {each["name"]: each for each in tables_of_owners(pipeline, states)}
    known = known_schema(pipeline)
    schema = known or Schema(SOURCE)
    others = tables.keys() - set(schema.data_table_names(seen_data_only=True))
    for name, columns in _storage_tables(pipeline, sorted(others)).items():
        if columns:
            schema.update_table(tables[name], normalize_identifiers=False)
    return schema if known or tables else None


def known_schema(pipeline: Pipeline) -> Schema | None:
    """Return the schema dlt believes to be at the destination; None if there is none.

    It is there even where the state is lost, and with it all that a fresh working directory knows.
    """
    return pipeline.default_schema if pipeline.schema_names else stored_schema(pipeline, SOURCE)


def missing_tables(pipeline: Pipeline, schema: Schema | None) -> list[str]:
    """Return the tables, and `table.column`, that dlt believes to be at the destination.

    They were dropped or renamed outside this tool. Lost columns of a lake are not noticed.

    Raises:
        UnknownTablesError: there are tables of ours, and dlt's schema tables are missing.
    """
    known = schema.data_table_names(seen_data_only=True) if schema else []
    if not known:
        _refuse_unknown_tables(pipeline)
        return []
    found = _storage_tables(pipeline, [*known, *_STATE_TABLES])
    return [each for name, columns in found.items() for each in _lost(schema, name, columns)]


def make_tables(pipeline: Pipeline, schema: Schema, names: Iterable[str]) -> None:
    """Create lost tables and columns again; dlt creates only those of a schema new to it.

    Args:
        pipeline: to whose destination.
        schema: that has them.
        names: of tables, or `table.column`.
    """
    made = _with_nullable(schema, [name.split(".") for name in names if "." in name])
    with pipeline.destination_client() as client:
        client.schema = made  # a fresh working directory knows none
        client.update_stored_schema(only_tables={each.split(".")[0] for each in names}, force=True)


def _with_nullable(schema: Schema, lost: Iterable[Sequence[str]]) -> Schema:
    """Return the schema, with columns nullable that the rows of a table have no value for yet."""
    made = schema.clone()
    columns = [made.tables[table]["columns"][name] for table, name in lost]
    if all(each.get("nullable", True) for each in columns):
        return schema
    for each in columns:
        each["nullable"] = True
    made._bump_version()  # noqa: SLF001 - dlt does not apply a schema that was changed
    return made


def _lost(schema: Schema | None, table: str, columns: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table that has no columns, else the columns it lacks, as `table.column`."""
    if not columns:
        yield table
    elif schema is not None and table in schema.tables:
        # Destinations fold the case of names each in their way: no two columns differ by it alone.
        for column in schema.get_new_table_columns(table, dict(columns), case_sensitive=False):
            yield f"{table}.{column['name']}"


def _refuse_unknown_tables(pipeline: Pipeline) -> None:
    found = _storage_tables(pipeline, OWN_TABLES)
    if names := ", ".join(name for name, columns in found.items() if columns):
        message = f"dlt's schema tables are missing, so existing tables cannot be read ({names})"
        hint = "Drop the dataset, or load into another --dataset."
        raise UnknownTablesError(message, hint)


def _storage_tables(pipeline: Pipeline, names: Iterable[str]) -> dict[str, Any]:
    """Return the columns of each table at the destination, none if it is not there.

    Empty if the destination cannot list them.
    """
    with pipeline.destination_client() as client:
        find: Any = getattr(client, "get_storage_tables", None)
        return {} if find is None else dict(find(names))


@contextmanager
def alone_at_destination(pipeline: Pipeline, confirmed: str | None) -> Iterator[None]:
    """Keep runs of other hosts out, from the state check until the end of the load.

    A DuckDB file has one process at a time while it is open; PostgreSQL lends a lock that goes
    with its connection. Other destinations have only the state check (decision 0009).

    Raises:
        ConcurrentRunError: another run loads now, or has loaded since `confirmed`.
        DatasetOwnedError: another pipeline has become the owner since.
    """
    with _locked_if_possible(pipeline):
        _refuse_if_moved(pipeline, confirmed)
        yield


def _is_postgres(pipeline: Pipeline) -> bool:
    return pipeline.destination is not None and (pipeline.destination.destination_type == _POSTGRES)


@contextmanager
def _locked_if_possible(pipeline: Pipeline) -> Iterator[None]:
    if not (is_duckdb(pipeline) or _is_postgres(pipeline)):
        yield
        return
    with pipeline.sql_client() as client:
        if is_duckdb(pipeline):
            yield
            return
        with _locked(pipeline, client):
            yield


@contextmanager
def _locked(pipeline: Pipeline, client: SqlClientBase[Any]) -> Iterator[None]:
    """Hold a lock named like the dataset; the server takes it back when the process dies."""
    name = f"{SOURCE}:{client.fully_qualified_dataset_name()}"
    with client.begin_transaction():
        # The transaction writes nothing and idles while others load.
        client.execute_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        taken = client.execute_sql("SELECT pg_try_advisory_xact_lock(hashtext(%s))", name)
        if not taken or not taken[0][0]:
            pipeline.abort_packages()
            message = "Another run is loading into this dataset right now; nothing was loaded"
            raise ConcurrentRunError(message, "Wait for it to end, and run again.")
        yield
        try:
            client.execute_sql("SELECT 1")
        except DestinationException as error:
            message = "The destination dropped the connection that kept other runs out of this load"
            hint = "If another run may have loaded meanwhile: contentstack-source resync."
            raise ConcurrentRunError(message, hint) from error


def _refuse_if_moved(pipeline: Pipeline, confirmed: str | None) -> None:
    try:
        refuse_other_owner(pipeline)
    except DatasetOwnedError:
        pipeline.abort_packages()
        raise
    if confirmed_state(pipeline) != confirmed:
        pipeline.abort_packages()
        message = (
            "Another run has loaded into this dataset since this one began; nothing was loaded"
        )
        raise ConcurrentRunError(message, "Run again, and let one scheduler at a time do it.")
