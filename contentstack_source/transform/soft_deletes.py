"""Soft deletes: rows of root tables stay when an event would delete them.

Such a row is upserted once more, with ``deleted_at`` and ``deleted_by``: of the
first event after its publication that deleted it. Its values come from the pass, if that published
it and deleted it, else from the destination. Rows of lists stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from contentstack_source.events import CONTENT_TYPE_DELETED, FULL_SYNC, PUBLISHED, SYS_ASSETS
from contentstack_source.naming import DELETED_AT, DELETED_BY, Names
from contentstack_source.schema import DestinationTable, RowBatch
from contentstack_source.transform.compaction import ROOT_ID, Compaction
from contentstack_source.transform.engine import ask, execute
from contentstack_source.transform.json_sql import literal, quote

SOFT_DELETE_COLUMNS: Final = {DELETED_AT: "timestamp", DELETED_BY: "text"}

ReadRows = Callable[[str, Mapping[str, str]], Iterator[pa.Table]]
"""Reads a query in DuckDB's SQL, with the types of its columns."""

_IDS_AT_ONCE: Final = 1000

# What deletes a row: an event of its key, of its entry in all locales, of its type, or a full sync.
_MADE: Final = (
    f"""
CREATE TABLE delete_event AS
SELECT type, event_at, sequence, content_type_uid,
       CASE WHEN type <> '{CONTENT_TYPE_DELETED}' THEN uid END AS uid,
       CASE WHEN type <> '{CONTENT_TYPE_DELETED}' THEN locale END AS locale
FROM keyed WHERE type NOT IN {PUBLISHED}
""",
    f"""
CREATE TABLE last_publish AS
SELECT position, content_type_uid, uid, locale, event_at, sequence
FROM keyed WHERE type IN {PUBLISHED}
QUALIFY row_number() OVER (PARTITION BY content_type_uid, uid, locale
                           ORDER BY event_at DESC, sequence DESC) = 1
""",
)
_FULL_SYNC: Final = f"""
INSERT INTO delete_event (type, event_at, content_type_uid)
SELECT '{FULL_SYNC}', $received_at::TIMESTAMPTZ, unnest($uids::VARCHAR[])
"""


def _first_delete(rows: str, condition: str) -> str:
    """Return the query for what deleted each of `rows` first."""
    ways = (
        "USING (content_type_uid, uid, locale) WHERE",
        "USING (content_type_uid, uid) WHERE e.locale IS NULL AND",
        "USING (content_type_uid) WHERE e.uid IS NULL AND",
        "ON e.content_type_uid IS NULL WHERE",
    )
    found = " UNION ALL ".join(
        f"SELECT r._dlt_id, e.type, e.event_at, e.sequence FROM {rows} r JOIN delete_event e {way}"
        f" {condition}"
        for way in ways
    )
    return f"""
        SELECT _dlt_id, min(event_at) AS {DELETED_AT},
               arg_min(type, (event_at, sequence)) AS {DELETED_BY}
        FROM ({found}) GROUP BY _dlt_id
    """


def with_soft_deletes(rows: RowBatch, soft_deleted: pa.Table) -> RowBatch:
    """Return rows of a root table with what deleted each, empty where nothing did.

    Args:
        rows: as they were published.
        soft_deleted: `_dlt_id`, `deleted_at` and `deleted_by` of those that were deleted.
    """
    if rows.list_of is not None:
        return rows
    data, places = rows.data, pc.index_in(rows.data["_dlt_id"], soft_deleted["_dlt_id"])
    for name in SOFT_DELETE_COLUMNS:
        data = data.append_column(name, soft_deleted[name].take(places))
    return replace(rows, data=data, types={**rows.types, **SOFT_DELETE_COLUMNS})


class SoftDeletes:
    """The rows that a pass soft-deletes.

    Args:
        compaction: of the pass; what the pass both publishes and deletes becomes an upsert, too.
        names: names of tables.
        existing: the tables of the destination, by name.
        replaced: content types that the pass brings whole; None if it brings all there is.
        received_at: the moment of the pass.
        read_rows: reads the rows of a query at the destination, some thousands at a time.
    """

    def __init__(
        self,
        compaction: Compaction,
        names: Names,
        existing: Mapping[str, DestinationTable],
        *,
        replaced: Collection[str] | None,
        received_at: datetime,
        read_rows: ReadRows,
    ) -> None:
        self._con = compaction.con
        self._read_rows = read_rows
        self._names = names
        self._existing = existing
        self._replaced = replaced
        self._whole = {*compaction.deleted_types, *(replaced or ())}
        for statement in _MADE:
            execute(compaction.con, statement)
        uids = [None] if replaced is None else sorted(replaced)
        execute(compaction.con, _FULL_SYNC, {"received_at": received_at, "uids": uids})
        self.soft_deleted = self._deleted_in_pass()

    def rows(self) -> Iterator[RowBatch]:
        """Yield the rows at the destination that the pass deletes, with what deleted them."""
        yield from self._of_table("entries", None)
        yield from self._of_table("assets", SYS_ASSETS)
        for uid, table in sorted(self._names.tables.items()):
            yield from self._of_table(table, uid)

    def _deleted_in_pass(self) -> pa.Table:
        """Upsert what the pass publishes and deletes; return its ids, when and by what."""
        execute(
            self._con,
            f"CREATE TABLE published AS SELECT *, {ROOT_ID} AS _dlt_id FROM last_publish",
        )
        after = f"e.type <> '{FULL_SYNC}' AND (e.event_at, e.sequence) > (r.event_at, r.sequence)"
        soft_deleted = ask(
            self._con, _first_delete("published", after), duckdb.DuckDBPyConnection.to_arrow_table
        )
        self._con.register("deleted_in_pass", soft_deleted)
        execute(
            self._con,
            "INSERT INTO upserts SELECT position, content_type_uid, uid, locale"
            " FROM published SEMI JOIN deleted_in_pass USING (_dlt_id)",
        )
        return soft_deleted

    def _of_table(self, table: str, content_type_uid: str | None) -> Iterator[RowBatch]:
        existing = self._existing.get(table)
        if existing is None:
            return
        columns = {**existing.columns}
        columns.pop("_dlt_load_id", None)
        types = {name: kind for name, kind in columns.items() if kind != "None"}
        kinds = {name: kind for name, kind in types.items() if name not in SOFT_DELETE_COLUMNS}
        names = ", ".join(
            f"CAST({quote(name)} AS VARCHAR) AS {quote(name)}" if kind == "json" else quote(name)
            for name, kind in kinds.items()
        )
        still = f"{quote(DELETED_AT)} IS NULL AND " if DELETED_AT in types else ""
        for which in self._which(content_type_uid):
            query = f"SELECT {names} FROM {quote(table)} WHERE {still}{which}"
            for part in self._read_rows(query, kinds):
                yield from self._still_to_end(RowBatch(table, part, kinds), content_type_uid)

    def _which(self, content_type_uid: str | None) -> Iterator[str]:
        """Yield the conditions for the rows that may be deleted: all of a type, or some by id."""
        if self._replaced is None or content_type_uid in self._whole:
            yield "1 = 1"
            return
        whole = self._whole - {SYS_ASSETS}
        if content_type_uid is None and whole:
            yield f"content_type_uid IN ({', '.join(map(literal, sorted(whole)))})"
        of_type = "content_type_uid = $uid" if content_type_uid else "content_type_uid <> $uid"
        found = self._con.execute(
            f"SELECT {ROOT_ID} FROM deletes WHERE {of_type}"
            " AND NOT list_contains($whole, content_type_uid)",
            {"uid": content_type_uid or SYS_ASSETS, "whole": sorted(self._whole)},
        )
        ids = [literal(each) for (each,) in found.fetchall()]
        for first in range(0, len(ids), _IDS_AT_ONCE):
            yield f"_dlt_id IN ({', '.join(ids[first : first + _IDS_AT_ONCE])})"

    def _still_to_end(self, rows: RowBatch, content_type_uid: str | None) -> Iterator[RowBatch]:
        """Yield those of the rows that the pass does not upsert itself."""
        uid = "content_type_uid" if content_type_uid is None else "$uid AS content_type_uid"
        with self._con.cursor() as con:
            con.register("there", rows.data)
            values: dict[str, Sequence[str] | str] = {}
            if content_type_uid is not None:
                values = {"uid": content_type_uid}
            execute(
                con,
                f"CREATE TEMP TABLE standing AS SELECT _dlt_id, {uid}, uid, locale FROM there"
                f" WHERE _dlt_id NOT IN (SELECT {ROOT_ID} FROM upserts)",
                values,
            )
            soft_deleted = ask(
                con, _first_delete("standing", "true"), duckdb.DuckDBPyConnection.to_arrow_table
            )
        data = rows.data.filter(pc.is_in(rows.data["_dlt_id"], soft_deleted["_dlt_id"]))
        if data.num_rows:
            yield with_soft_deletes(replace(rows, data=data), soft_deleted)
