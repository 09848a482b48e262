"""Counts rows at the destination and compares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pendulum
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.time import ensure_pendulum_datetime
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.hints import existing_tables, key_of
from contentstack_source.settings import HISTORY

_LOGS: Final = ("sync_events", "sync_rejects", "sync_runs", HISTORY)
"""Append-only tables; a warehouse may well prune them."""


@dataclass(frozen=True)
class Received:
    """Events that loads brought of one content type and one event type.

    Attributes:
        content_type_uid: `sys_assets` for assets.
        event_type: as the vendor names it.
        count: how many; exact duplicates are one.
        newest: the latest `event_at` of them.
    """

    content_type_uid: str
    event_type: str
    count: int
    newest: pendulum.DateTime


def events_of(pipeline: Pipeline, load_ids: Sequence[str]) -> Iterator[Received]:
    """Yield what the log of events has from these loads."""
    if not load_ids:
        return
    places = ", ".join(["%s"] * len(load_ids))
    with pipeline.sql_client() as client:
        name = client.make_qualified_table_name("sync_events")
        rows = client.execute_sql(
            f"SELECT content_type_uid, event_type, count(*), max(event_at) FROM {name}"
            f" WHERE _dlt_load_id IN ({places}) GROUP BY content_type_uid, event_type"
            " ORDER BY content_type_uid, event_type",
            *load_ids,
        )
        for uid, event_type, count, newest in rows or []:
            yield Received(uid, event_type, count, ensure_pendulum_datetime(newest))


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
    for root in sorted({found.list_of for found in tables.values() if found.list_of}):
        for name, count in orphans(pipeline, root).items():
            yield f"{name} has {count:,} rows without their row in {root}"


def orphans(pipeline: Pipeline, table: str) -> dict[str, int]:
    """Count the elements of lists whose row in `table` is not there, by list table, if any are."""
    if not pipeline.schema_names:
        return {}
    tables = existing_tables(pipeline.default_schema)
    found = {}
    with pipeline.sql_client() as client:
        roots = client.make_qualified_table_name(table)
        for name, each in sorted(tables.items()):
            if each.list_of != table or each.is_column:
                continue
            query = (
                f"SELECT count(*) FROM {client.make_qualified_table_name(name)}"
                f" WHERE _dlt_root_id NOT IN (SELECT _dlt_id FROM {roots})"
            )
            for (count,) in client.execute_sql(query) or []:
                found[name] = int(count)
    return {name: count for name, count in found.items() if count}


def repeated_keys(pipeline: Pipeline, table: str) -> int:
    """Count the keys of a root table that more than one row has."""
    if not pipeline.schema_names or table not in existing_tables(pipeline.default_schema):
        return 0
    with pipeline.sql_client() as client:
        key = ", ".join(client.escape_column_name(name) for name in key_of(table))
        query = (
            f"SELECT count(*) FROM (SELECT {key} FROM {client.make_qualified_table_name(table)}"
            f" GROUP BY {key} HAVING count(*) > 1) AS repeated"
        )
        return sum(int(count) for (count,) in client.execute_sql(query) or [])
