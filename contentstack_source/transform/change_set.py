"""The change set of a pass: compacted, and handed to dlt table by table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import duckdb
import orjson
import pyarrow as pa

from contentstack_source.errors import TooManyDeletionsError
from contentstack_source.events import (
    ASSET_PUBLISHED,
    CONTENT_TYPE_DELETED,
    ENTRY_PUBLISHED,
    SYS_ASSETS,
)
from contentstack_source.naming import DELETED_AT, Names
from contentstack_source.schema import EVERY_ROW, DestinationTable, Gather, RowBatch
from contentstack_source.settings import HISTORY, Settings
from contentstack_source.transform import event_log
from contentstack_source.transform.compaction import Compaction
from contentstack_source.transform.dates import instant
from contentstack_source.transform.engine import ask
from contentstack_source.transform.history import history_rows
from contentstack_source.transform.row_builder import RowBuilder
from contentstack_source.transform.soft_deletes import with_soft_deletes
from contentstack_source.transform.tombstones import Tombstones

CONTENT_TYPES: Final = "content_types"
SYNC_EVENTS: Final = "sync_events"

_CONTENT_TYPE_COLUMNS: Final = {
    "_dlt_id": "text",
    "uid": "text",
    "title": "text",
    "description": "text",
    "_version": "bigint",
    "created_at": "timestamp",
    "updated_at": "timestamp",
    "schema": "json",
    "table_name": "text",
}


class ReadsIds(Protocol):
    """Reads the ids of the rows of a table, or of those not soft-deleted; None if it cannot."""

    def __call__(self, table: str, *, exclude_deleted: bool) -> pa.Table | None: ...  # noqa: D102


class ChangeSet:
    """All changes of a pass.

    Args:
        compaction: of all its pages.
        settings: of the stream.
        names: names of tables; content types that are new get theirs here.
        existing: the tables of the destination, by name.
        content_types: the content model by uid; None if it cannot be read.
        replaced: content types (assets: `sys_assets`) that this pass brings whole, so that their
            tables hold nothing else afterwards; None replaces all tables.
        received_at: the moment of the pass, later than that of any before.
        gather: what becomes of rows and their lists, if they are not to be tables.
        soft_deleted: with soft deletes, the rows that this pass upserts and deletes: `_dlt_id`,
            `deleted_at` and `deleted_by`; None with hard deletes.
        soft_delete_rows: yields those of the destination, instead of tombstones.

    Attributes:
        events: events received, by type.
        newest_event_at: of the events, in UTC; None if there are none.
        rows_upserted: rows of entries and assets published.
        rows_deleted: rows of entries and assets unpublished or deleted one by one.
        rejects: items that could not be understood.
        drift: what the content model did not foresee; filled while the rows are made.
    """

    def __init__(
        self,
        compaction: Compaction,
        settings: Settings,
        *,
        names: Names,
        existing: Mapping[str, DestinationTable],
        content_types: dict[str, Mapping[str, Any]] | None,
        replaced: Collection[str] | None,
        received_at: datetime,
        gather: Gather | None = None,
        soft_deleted: pa.Table | None = None,
        soft_delete_rows: Callable[[], Iterator[RowBatch]] | None = None,
    ) -> None:
        self.names = names
        self._compaction = compaction
        self._content_types = content_types
        self._existing = existing
        self._replaced = replaced
        self.received_at = received_at
        self._soft_deleted = soft_deleted
        self._soft_delete_rows = soft_delete_rows
        self._readers: set[str] = set()
        self._on_read: Callable[[], None] | None = None
        self._emptying_resource = settings.event_types[0]
        self._known_tables = set(names.tables)
        names.assign_tables({*self._compaction.published_types, *(content_types or {})})
        self._tables = RowBuilder(
            self._compaction,
            names,
            existing,
            content_types or {},
            gather,
            has_references=settings.entry_references,
            reads_rich_text=settings.rich_text,
        )
        tables = {name: found for name, found in existing.items() if not found.is_column}
        self._tombstones = Tombstones(self._compaction, names, tables)
        self.events = self._compaction.event_counts
        self.newest_event_at = self._compaction.newest_event_at
        self.rows_upserted = sum(self._compaction.upsert_counts.values())
        self.rows_deleted = self._compaction.delete_count
        self.rejects = self._compaction.reject_count
        self.drift = self._tables.drift

    def refuse_too_many_deletions(self, most: float, read_ids: ReadsIds) -> None:
        """Refuse a full sync that lacks most of what is in the tables.

        Args:
            most: the part of all rows that may go, 0 to 1.
            read_ids: reads the ids of the rows of a table at the destination.

        Raises:
            TooManyDeletionsError: more would go.
        """
        there = {name: self._existing.get(name) for name in self._replaced_roots()}
        read = [
            read_ids(name, exclude_deleted=DELETED_AT in table.columns)
            for name, table in there.items()
            if table is not None
        ]
        found = [ids for ids in read if ids is not None]
        if not found or not (count := sum(ids.num_rows for ids in found)):
            return
        gone = self._compaction.count_missing(pa.concat_tables(found))
        if gone > most * count:
            share = f"{gone:,} of {count:,} rows ({gone / count:.0%})"
            message = f"A full sync would delete {share}, more than {most:.0%}"
            hint = (
                "Check environment, branch and filters. If it is right, run once with "
                "SOURCES__CONTENTSTACK__MAX_DELETED_SHARE=1."
            )
            raise TooManyDeletionsError(message, hint)

    def when_read(self, readers: Collection[str], then: Callable[[], None]) -> None:
        """Call `then` once all of the resources `readers` have read their rows to the end."""
        self._readers, self._on_read = set(readers), then

    def is_new(self, table: str) -> bool:
        """Return whether all that a table will hold comes with this pass, and no tombstones."""
        return self._replaced is None and table not in {*self._existing, "content_types"}

    @property
    def locales(self) -> list[str]:
        """Return every publish locale seen so far, sorted."""
        return self._compaction.locales

    def rows(self, resource: str) -> Iterator[RowBatch]:
        """Yield what a resource loads: what events of its type do, the logs, or the model."""
        yield from self._rows(resource)
        self._readers.discard(resource)
        if self._on_read is not None and not self._readers:
            self._on_read()

    def _rows(self, resource: str) -> Iterator[RowBatch]:
        if resource == self._emptying_resource:
            yield from (
                self._emptied() if self._soft_delete_rows is None else self._soft_delete_rows()
            )
        if resource == ENTRY_PUBLISHED:
            yield from self._published(resource, self._tables.entries)
        elif resource == ASSET_PUBLISHED:
            yield from self._published(resource, self._tables.assets)
        elif resource == CONTENT_TYPES:
            yield from self._content_type_rows()
        elif resource == SYNC_EVENTS:
            yield from event_log.events(self._compaction)
            yield from event_log.rejects(self._compaction)
        elif resource == HISTORY:
            yield from history_rows(self._compaction, self.received_at, self._replaced)
        elif self._soft_delete_rows is not None:
            return
        elif resource == CONTENT_TYPE_DELETED:
            yield from self._tombstones.type_deletions()
        else:
            yield from self._tombstones.deletes(resource)

    def _content_type_rows(self) -> Iterator[RowBatch]:
        """Yield the content types of the stack and the tables they land in.

        The whole table each time; of an unreadable model only what is new.
        """
        if self._content_types is None:
            new = set(self._compaction.published_types) - self._known_tables
            rows = [self._content_type_row({"uid": uid}) for uid in sorted(new)]
            gone = set(self._compaction.deleted_types) - set(self._compaction.published_types)
            nothing = dict.fromkeys(_CONTENT_TYPE_COLUMNS)
            rows += [{**nothing, "_dlt_id": uid, "uid": uid} for uid in sorted(gone)]
        else:
            every = dict.fromkeys(_CONTENT_TYPE_COLUMNS) | {"_dlt_id": EVERY_ROW, "uid": EVERY_ROW}
            listed = self._content_types.values()
            rows = [every, *(self._content_type_row(each) for each in listed)]
        if rows:
            columns = {name: [row[name] for row in rows] for name in _CONTENT_TYPE_COLUMNS}
            with self._compaction.con.cursor() as con:
                data = _typed(con, _to_arrow(columns))
            yield RowBatch("content_types", data, _CONTENT_TYPE_COLUMNS)

    def _published(
        self, event_type: str, tables: Callable[[], Iterator[RowBatch]]
    ) -> Iterator[RowBatch]:
        is_asset = event_type == ASSET_PUBLISHED
        uids = [SYS_ASSETS] if is_asset else self._compaction.published_types
        yield from self._tombstones.stale_lists(event_type, filter(self._stays_filled, uids))
        for rows in tables():
            yield (
                rows if self._soft_deleted is None else with_soft_deletes(rows, self._soft_deleted)
            )

    def _stays_filled(self, content_type_uid: str) -> bool:
        """Return whether no tombstone empties the tables of a content type before its rows come."""
        is_replaced = self._replaced is None or content_type_uid in self._replaced
        return self._soft_delete_rows is not None or not is_replaced

    def _emptied(self) -> Iterator[RowBatch]:
        if self._replaced is None:
            return self._tombstones.everything()
        return self._tombstones.whole_types(self._replaced)

    def _replaced_roots(self) -> list[str]:
        """Return the tables that have a row for each row that may go."""
        if self._replaced is None:
            return ["entries", "assets"]
        tables = {SYS_ASSETS: "assets", **self.names.tables}
        return [tables[uid] for uid in sorted(self._replaced) if uid in tables]

    def _content_type_row(self, content_type: Mapping[str, Any]) -> dict[str, Any]:
        uid = str(content_type["uid"])
        row = {name: content_type.get(name) for name in _CONTENT_TYPE_COLUMNS}
        schema = content_type.get("schema")
        return row | {
            "_dlt_id": uid,
            "schema": None if schema is None else orjson.dumps(schema).decode(),
            "table_name": self.names.table(uid),
        }


def _to_arrow(columns: Mapping[str, list[Any]]) -> pa.Table:
    arrow: dict[str, pa.Array] = {}
    for name, values in columns.items():
        data_type = _CONTENT_TYPE_COLUMNS[name]
        if data_type == "bigint":
            numbers = [value if isinstance(value, int) else None for value in values]
            arrow[name] = pa.array(numbers, pa.int64())
        else:
            texts = [None if value is None else str(value) for value in values]
            arrow[name] = pa.array(texts, pa.string())
    return pa.table(arrow)


def _typed(con: duckdb.DuckDBPyConnection, texts: pa.Table) -> pa.Table:
    """Return rows of content types with instants in place of their text."""
    names = [name for name, kind in _CONTENT_TYPE_COLUMNS.items() if kind == "timestamp"]
    instants = ", ".join(f"{instant(name)} AS {name}" for name in names)
    query = f"SELECT * REPLACE ({instants}) FROM content_type_text"
    con.register("content_type_text", texts)
    data = ask(con, query, duckdb.DuckDBPyConnection.to_arrow_table)
    con.unregister("content_type_text")
    return data
