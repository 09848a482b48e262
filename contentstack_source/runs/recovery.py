"""Recovery: the destination is the only truth, and what it has lost is created again.

dlt believes its working directory more than the destination. A destination restored from a backup
would miss all events in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from dlt.common.destination.client import WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.pipeline.pipeline import Pipeline
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from contentstack_source.destinations.dlt_compat import with_nullable
from contentstack_source.destinations.owner import (
    refuse_if_owned,
    stored_schema,
    stored_states,
    tables_of_owners,
    take_over,
)
from contentstack_source.destinations.state import SOURCE, SyncState, sync_state_of
from contentstack_source.errors import (
    UnknownTablesError,
)
from contentstack_source.naming import OWN_TABLES

_POSTGRES: Final = "dlt.destinations.postgres"
_STATE_TABLES: Final = ("_dlt_pipeline_state", "_dlt_loads", "_dlt_version")


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


def drop_incomplete_folder(pipeline: Pipeline) -> None:
    """Drop a working directory whose state names a schema without a file.

    A run that is killed before it writes the file leaves one, and dlt cannot use it.
    """
    if any(name not in pipeline.schemas for name in pipeline.schema_names):
        pipeline.drop()


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
    columns = [(table, column) for table, dot, column in (n.partition(".") for n in names) if dot]
    made = with_nullable(schema, columns)
    with pipeline.destination_client() as client:
        client.schema = made  # a fresh working directory knows none
        client.update_stored_schema(only_tables={each.split(".")[0] for each in names}, force=True)


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
