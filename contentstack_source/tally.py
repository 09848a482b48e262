"""Rows counted at the destination, and those that other hands took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.hints import existing_tables
from contentstack_source.settings import HISTORY

_LOGS: Final = ("sync_events", "sync_rejects", "sync_runs", HISTORY)
"""Append-only tables; a warehouse may well prune them."""


def count_rows(pipeline: Pipeline) -> dict[str, int]:
    """Count the rows of all tables but dlt's own, in one query."""
    if not pipeline.schema_names:
        return {}
    tables = sorted(pipeline.default_schema.data_table_names(seen_data_only=True))
    try:
        with pipeline.sql_client() as client:
            counts = [
                f"SELECT '{name}', count(*) FROM {client.make_qualified_table_name(name)}"
                for name in tables
            ]
            rows = client.execute_sql(" UNION ALL ".join(counts)) if counts else []
    except (DatabaseUndefinedRelation, DestinationUndefinedEntity):
        return {}
    return dict(sorted((str(name), int(count)) for name, count in rows or []))


def differences(left: Mapping[str, int], found: Mapping[str, int]) -> Iterator[str]:
    """Yield a phrase for each table that has not the rows that the last run left in it."""
    for name in sorted({*left, *found} - {*_LOGS}):
        if left.get(name, 0) != found.get(name, 0):
            yield f"{name} had {left.get(name, 0):,} rows and has {found.get(name, 0):,}"


def inconsistencies(pipeline: Pipeline, table_names: Mapping[str, str]) -> Iterator[str]:
    """Yield a phrase for each table that does not agree with another one.

    Each entry has its row in `entries` and in the table of its content type, and each element of a
    list has its root.

    Args:
        pipeline: leads to the tables.
        table_names: content type uid to table, as the state has it.
    """
    if not pipeline.schema_names:
        return
    tables = existing_tables(pipeline.default_schema)
    with pipeline.sql_client() as client:
        entries = client.make_qualified_table_name("entries")
        for uid, name in sorted(table_names.items()):
            if name not in tables:
                continue
            query = (
                f"SELECT (SELECT count(*) FROM {client.make_qualified_table_name(name)}),"
                f" (SELECT count(*) FROM {entries} WHERE content_type_uid = %s)"
            )
            for own, shared in client.execute_sql(query, uid) or []:
                if own != shared:
                    yield f"{name} has {own:,} rows, and entries {shared:,} of them"
        for name, found in sorted(tables.items()):
            if found.list_of is None:
                continue
            query = (
                f"SELECT count(*) FROM {client.make_qualified_table_name(name)} WHERE _dlt_root_id"
                f" NOT IN (SELECT _dlt_id FROM {client.make_qualified_table_name(found.list_of)})"
            )
            for (count,) in client.execute_sql(query) or []:
                if count:
                    yield f"{name} has {count:,} rows without their row in {found.list_of}"
