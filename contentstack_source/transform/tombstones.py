"""Tombstones: rows of a load that delete rows of the destination.

Every table is merged by one rule. All rows of the destination whose ``_dlt_id`` is in the load go;
then the rows of the load come, except tombstones. A tombstone lacks what every data row has:
``event_at``, in a list table ``_dlt_list_idx``. So its key goes and nothing comes. A list table
works the same by ``_dlt_root_id``, and so does the table of references, which is a list of
`entries`. The tombstone ``*`` deletes every row of its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import duckdb

from contentstack_source.events import ASSET_DELETED, ASSET_UNPUBLISHED, SYS_ASSETS
from contentstack_source.naming import Names
from contentstack_source.schema import ENTRY_REFERENCES, EVERY_ROW, DestinationTable, RowBatch
from contentstack_source.transform.compaction import ROOT_ID, Compaction
from contentstack_source.transform.engine import ask

_EVERY: Final = f"SELECT '{EVERY_ROW}' AS content_type_uid, '{EVERY_ROW}' AS id"


class Tombstones:
    """The tombstones of a pass.

    Args:
        compaction: the outcome of the pass.
        names: names of tables.
        existing: the tables of the destination, by name; others have nothing to delete.
    """

    def __init__(
        self, compaction: Compaction, names: Names, existing: Mapping[str, DestinationTable]
    ) -> None:
        self._compaction = compaction
        self._names = names
        self._existing = existing

    def everything(self) -> Iterator[RowBatch]:
        """Yield the tombstones that empty all tables of content: before a full sync."""
        for table, found in self._existing.items():
            if found.is_content:
                yield from self._tombstones(table, _EVERY)

    def stale_lists(self, event_type: str, content_type_uids: Iterable[str]) -> Iterator[RowBatch]:
        """Yield tombstones in every list table of what was published again: lists shrink, too."""
        for uid in content_type_uids:
            table = self._table(uid)
            references = [] if uid == SYS_ASSETS else [ENTRY_REFERENCES]
            sql = f"""
                SELECT content_type_uid, {ROOT_ID} AS id
                FROM upserts JOIN event USING (position, content_type_uid, uid, locale)
                WHERE type = '{event_type}' AND content_type_uid = $uid
            """
            for name in [*self._with_lists(table)[1:], *references] if table else references:
                yield from self._tombstones(name, sql, uid=uid)

    def deletes(self, event_type: str) -> Iterator[RowBatch]:
        """Yield the tombstones of the rows that an unpublish or delete event removes."""
        sql = f"SELECT content_type_uid, {ROOT_ID} AS id FROM deletes WHERE type = '{event_type}'"
        for uid in self._compaction.types_with_deletes(event_type):
            table = self._table(uid)
            for name in self._with_lists(table) if table else ():
                yield from self._tombstones(name, f"{sql} AND content_type_uid = $uid", uid=uid)
        if event_type not in {ASSET_UNPUBLISHED, ASSET_DELETED}:
            for name in self._with_lists("entries"):
                yield from self._tombstones(name, sql)

    def type_deletions(self) -> Iterator[RowBatch]:
        """Yield the tombstones that empty the tables of deleted content types."""
        yield from self.whole_types(self._compaction.deleted_types)

    def whole_types(self, content_type_uids: Iterable[str]) -> Iterator[RowBatch]:
        """Yield the tombstones that empty the tables of content types; assets are `sys_assets`."""
        uids = sorted(content_type_uids)
        for uid in uids:
            table = self._table(uid)
            for name in self._with_lists(table) if table else ():
                yield from self._tombstones(name, _EVERY)
        each = f"SELECT unnest($uids) AS content_type_uid, '{EVERY_ROW}' AS id"
        for name in self._with_lists("entries"):
            yield from self._tombstones(name, each, uids=uids)

    def _table(self, content_type_uid: str) -> str | None:
        return (
            "assets" if content_type_uid == SYS_ASSETS else self._names.tables.get(content_type_uid)
        )

    def _with_lists(self, table: str) -> list[str]:
        lists = [name for name, found in self._existing.items() if found.list_of == table]
        return [table, *sorted(lists)]

    def _tombstones(self, table: str, sql: str, **values: str | list[str]) -> Iterator[RowBatch]:
        """Yield one tombstone for each `id` of `sql`, in the key columns of `table`."""
        existing = self._existing.get(table)
        if existing is None:
            return
        columns = ["id AS _dlt_id"]
        if table == ENTRY_REFERENCES:
            columns += ["id AS _dlt_root_id", "content_type_uid"]
        elif existing.list_of:
            columns += ["id AS _dlt_parent_id", "id AS _dlt_root_id"]
        else:
            columns += ["id AS uid", "id AS locale"]
        if table == "entries":
            columns.append("content_type_uid")
        query = f"SELECT {', '.join(columns)} FROM ({sql})"
        data = ask(self._compaction.con, query, duckdb.DuckDBPyConnection.to_arrow_table, values)
        if data.num_rows:
            types = dict.fromkeys(data.column_names, "text")
            yield RowBatch(table, data, types, existing.list_of)
