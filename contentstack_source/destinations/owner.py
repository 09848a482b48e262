"""The owner of a dataset: the one pipeline and source whose sync state belongs to it.

Each load replaces and deletes rows as if all of them were its own. So a dataset has one
owner. The owner is found in the states of all pipelines that dlt keeps at the destination. A
take-over stores its moment in the state of the new owner: the latest one counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pendulum
from dlt.common import json
from dlt.common.destination.client import WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.common.versioned_state import decompress_state
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.state import SOURCE, SYNC, has_sync_state, own, owned_since
from contentstack_source.errors import DatasetOwnedError

State = Mapping[str, Any]


@dataclass(frozen=True)
class Owner:
    """A source of a pipeline that has a sync state in the dataset.

    Attributes:
        pipeline_name: of the pipeline.
        source_name: of the source: `contentstack`, or the name of a clone.
        since: when it took the dataset over, ISO 8601 in UTC; empty if it never did.
    """

    pipeline_name: str
    source_name: str
    since: str

    def __str__(self) -> str:
        """Name the pipeline, and the source where it is a clone."""
        name = f"pipeline {self.pipeline_name}"
        return name if self.source_name == SOURCE else f"{name}, source {self.source_name}"


def stored_states(pipeline: Pipeline) -> dict[str, State] | None:
    """Return the newest confirmed state of each pipeline that has one in the dataset, by name.

    None where the destination keeps no state.
    """
    if not pipeline.destination:
        return None
    try:
        with pipeline.destination_client() as client:
            if not isinstance(client, WithStateSync):
                return None
            found = ((name, client.get_stored_state(name)) for name in _pipeline_names(client))
            return {name: decompress_state(info.state) for name, info in found if info}
    except DestinationUndefinedEntity:
        return {}


def stored_schema(pipeline: Pipeline, name: str) -> Schema | None:
    """Return the newest schema of this name that the dataset has; None if it has none."""
    try:
        with pipeline.destination_client() as client:
            if not isinstance(client, WithStateSync):
                return None
            stored = client.get_stored_schema(name)
    except DestinationUndefinedEntity:
        return None
    return Schema.from_dict(json.loads(stored.schema)) if stored else None


def owners(states: Mapping[str, State]) -> list[Owner]:
    """Return every source that has a sync state in one of the states."""
    return [
        Owner(pipeline_name, source_name, owned_since(source))
        for pipeline_name, state in sorted(states.items())
        for source_name, source in sorted(state.get("sources", {}).items())
        if has_sync_state(source)
    ]


def refuse_if_owned(
    pipeline: Pipeline, states: Mapping[str, State], local: State, source_name: str = SOURCE
) -> None:
    """Refuse to write into a dataset that another source or pipeline keeps.

    Args:
        pipeline: that would write.
        states: of all pipelines, from the dataset.
        local: the state of `pipeline` as it is now, which may know of a take-over not yet loaded.
        source_name: of the source that would write.

    Raises:
        DatasetOwnedError: it has another owner.
    """
    me = (pipeline.pipeline_name, source_name)
    since = max(_since(local, source_name), _since(states.get(me[0], {}), source_name))
    for each in owners(states):
        if (each.pipeline_name, each.source_name) == me or each.since < since:
            continue
        if each.pipeline_name == me[0] and stored_schema(pipeline, each.source_name) is None:
            continue  # the state of a pipeline also covers its other datasets
        raise owned_error(pipeline, each, source_name)


def owned_error(pipeline: Pipeline, owner: Owner, source_name: str) -> DatasetOwnedError:
    """Return the error that names the dataset, its owner and the ways out."""
    me = Owner(pipeline.pipeline_name, source_name, "")
    message = f"Dataset {pipeline.dataset_name} is kept by {owner}; {me} must not write into it"
    hint = (
        "Load into another --dataset (dataset_name); or, if its owner is given up, take it over "
        f"and replace its content: contentstack-source resync --take-over --dataset "
        f"{pipeline.dataset_name} --pipeline-name {pipeline.pipeline_name}."
    )
    return DatasetOwnedError(message, hint)


def take_over(pipeline: Pipeline, states: Mapping[str, State]) -> None:
    """Make the pipeline the owner: the load of this run stores the moment in its state."""
    latest = max((each.since for each in owners(states)), default="")
    now = pendulum.now("UTC").isoformat()
    if latest >= now:  # the clock of another host
        now = cast("pendulum.DateTime", pendulum.parse(latest)).add(microseconds=1).isoformat()
    with pipeline.managed_state() as state:
        sources = cast("dict[str, Any]", state).setdefault("sources", {})
        resources = sources.setdefault(SOURCE, {}).setdefault("resources", {})
        own(resources.setdefault(SYNC, {}), now)


def tables_of_owners(pipeline: Pipeline, states: Mapping[str, State]) -> Iterator[Any]:
    """Yield the tables that the schemas of all owners in the dataset have."""
    names = {each.source_name for each in owners(states)}
    with pipeline.destination_client() as client:
        for text in _stored_schemas(client, names):
            yield from Schema.from_dict(json.loads(text)).data_tables(seen_data_only=True)


def _since(state: State, source_name: str) -> str:
    return owned_since(state.get("sources", {}).get(source_name, {}))


def _pipeline_names(client: Any) -> list[str]:  # noqa: ANN401 - each destination has its own class
    table = client.schema.state_table_name
    if isinstance(client, SqlJobClientBase):
        sql, naming = client.sql_client, client.schema.naming
        column = sql.escape_column_name(naming.normalize_path("pipeline_name"))
        name = sql.make_qualified_table_name(table)
        rows = sql.execute_sql(f"SELECT DISTINCT {column} FROM {name}")
        return [str(found) for (found,) in rows or ()]
    if not hasattr(client, "list_table_files") or not client.is_storage_initialized():
        return []
    # A lake has a file for each state: <pipeline>__<load>__<hash>.jsonl
    files = (path.rsplit("/", 1)[-1] for path in client.list_table_files(table))
    return sorted({file.rsplit("__", 2)[0] for file in files if file.count("__") > 1})


def _stored_schemas(client: Any, names: set[str]) -> Iterator[str]:  # noqa: ANN401
    """Yield the texts of the schemas, of all their versions where the destination has SQL."""
    if not isinstance(client, SqlJobClientBase):
        found = (client.get_stored_schema(name) for name in sorted(names))
        yield from (stored.schema for stored in found if stored)
        return
    sql, naming = client.sql_client, client.schema.naming
    name, version = (
        sql.escape_column_name(naming.normalize_path(each))
        for each in ("schema_name", "version_hash")
    )
    table = sql.make_qualified_table_name(client.schema.version_table_name)
    for schema_name, version_hash in (
        sql.execute_sql(f"SELECT {name}, {version} FROM {table}") or ()
    ):
        if schema_name in names and (stored := client.get_stored_schema_by_hash(version_hash)):
            yield stored.schema
