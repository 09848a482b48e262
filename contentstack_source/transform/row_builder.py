"""Builds the tables of a load: typed rows of entries and assets, and of their lists.

The content model compiles to one SELECT for the table of a content type and one for each list in
it. DuckDB runs them; Arrow carries the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from os import cpu_count
from typing import Any, Final

import duckdb
import pyarrow as pa

from contentstack_source.column_names import (
    BLOCK_UID,
    ColumnNames,
    ListNames,
    ListPath,
)
from contentstack_source.concurrency import iterate_concurrently
from contentstack_source.events import SYS_ASSETS
from contentstack_source.naming import DELETED_AT, DELETED_BY, OWN_TABLES, Names
from contentstack_source.schema import (
    ENTRY_REFERENCES,
    DestinationTable,
    Gather,
    RowBatch,
    SchemaDrift,
    lists_in,
)
from contentstack_source.transform import asset_uses, references, rich_text
from contentstack_source.transform.compaction import ROOT_ID, Compaction
from contentstack_source.transform.content_model import ASSET, Group, parse_content_type
from contentstack_source.transform.dates import instant
from contentstack_source.transform.engine import ask, execute
from contentstack_source.transform.flatten import Flattener
from contentstack_source.transform.table_plan import ORDINAL, TablePlan, elements_of, fill

_ROWS_AT_ONCE: Final = 10_000
_READY_AT_MOST: Final = 1
"""Rows of so many tables may wait to be written: memory for time."""

_ROOT: Final = ("uid", "locale", "event_at", "_dlt_id")
_ENTRY: Final = (*_ROOT, "content_locale")
_TAKEN: Final = ("content_type_uid", "uid", "locale", "content_locale", "event_at", "data")
_LIST: Final = ("_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_list_idx")
_TYPES: Final = {"_dlt_list_idx": "bigint", "event_at": "timestamp", "_version": "bigint"}
_READ_BY_COMPACTION: Final = frozenset({"uid", "locale"})

_SHARED_TYPES: Final = {
    "_dlt_id": "text",
    "content_type_uid": "text",
    "uid": "text",
    "locale": "text",
    "title": "text",
    "url": "text",
    "_version": "bigint",
    "created_at": "timestamp",
    "updated_at": "timestamp",
    "published_at": "timestamp",
    "event_at": "timestamp",
}


class RowBuilder:
    """The rows that a pass upserts.

    Args:
        compaction: the outcome of the pass.
        names: names of tables and columns; every content type of the pass has its table in it.
        existing: the tables of the destination, by name.
        content_types: the content types of the stack by uid, as the service describes them.
        gather: what becomes of rows and their lists, if they are not to be tables.
        has_references: also the rows of `entry_references`.
        reads_rich_text: also the columns beside those of rich text.
    """

    def __init__(
        self,
        compaction: Compaction,
        names: Names,
        existing: Mapping[str, DestinationTable],
        content_types: Mapping[str, Mapping[str, Any]],
        gather: Gather | None = None,
        *,
        has_references: bool = True,
        reads_rich_text: bool = False,
    ) -> None:
        self.drift = SchemaDrift()
        self._compaction = compaction
        self._names = names
        self._existing = dict(existing)
        self._content_types = content_types
        self._has_references = has_references
        self._reads_rich_text = reads_rich_text
        self._gather = gather

    def entries(self) -> Iterator[RowBatch]:
        """Yield the published entries: by content type, table and lists; then all in `entries`.

        Content types are worked on side by side, so their tables come in any order.
        """
        types = self._compaction.published_types
        self.drift.without_model += [uid for uid in types if uid not in self._content_types]
        jobs: list[Callable[[], Iterator[RowBatch]]] = [
            partial(self._entries_of, uid) for uid in types
        ]
        jobs.append(self._shared)
        with iterate_concurrently(jobs, workers=cpu_count() or 1, ahead=_READY_AT_MOST) as ready:
            yield from ready

    def assets(self) -> Iterator[RowBatch]:
        """Yield the published assets, and their lists."""
        yield from self._typed(SYS_ASSETS, "assets", ASSET)

    def _entries_of(self, content_type_uid: str) -> Iterator[RowBatch]:
        model = parse_content_type(self._content_types.get(content_type_uid))
        return self._typed(content_type_uid, self._names.table(content_type_uid), model)

    def _typed(self, content_type_uid: str, table: str, model: Group) -> Iterator[RowBatch]:
        fixed = _ROOT if content_type_uid == SYS_ASSETS else _ENTRY
        which = "content_type_uid = $uid"
        count = self._compaction.upsert_counts.get(content_type_uid, 0)
        for con in self._taken(which, count, {"uid": content_type_uid}):
            existing = self._existing.get(table, DestinationTable({}))
            names = existing.column_names(self._names, (*fixed, DELETED_AT, DELETED_BY))
            plan = self._plan(con, table, "taken", names, self._list_names(table))
            plan.open_objects("data", model, but=_READ_BY_COMPACTION)
            found = (
                references.References(con, plan)
                if self._has_references and fixed == _ENTRY
                else None
            )
            rows = chain(self._rows(con, plan, fixed), self._lists(con, plan, table, found))
            yield from self._gather(con, rows, self._existing) if self._gather else rows
            if found is not None:
                found.collect(plan)
                yield RowBatch(ENTRY_REFERENCES, found.read(), references.TYPES, "entries")

    def _shared(self) -> Iterator[RowBatch]:
        """Yield the rows of `entries`: what entries of all types have in common."""
        sql = f"""
            SELECT {ROOT_ID} AS _dlt_id, content_type_uid, uid, locale, title, url, _version,
                {instant("created_at")} AS created_at,
                {instant("updated_at")} AS updated_at,
                coalesce({instant("published_at")}, event_at) AS published_at,
                event_at
            FROM event SEMI JOIN upserts USING (position)
            WHERE content_type_uid <> '{SYS_ASSETS}'
        """
        yield from plain(self._compaction, "entries", sql, _SHARED_TYPES)

    def _taken(
        self, which: str, count: int, values: dict[str, str]
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield connections with a view `taken` each: the next rows to upsert, not all at once.

        A connection of its own has views and tables of its own, which go with it.
        """
        for offset in range(0, count, _ROWS_AT_ONCE):
            with self._compaction.con.cursor() as con:
                execute(
                    con,
                    f"""
                    CREATE TEMP TABLE taken_position AS
                    SELECT position FROM upserts WHERE {which}
                    ORDER BY position LIMIT {_ROWS_AT_ONCE} OFFSET {offset}
                    """,
                    values,
                )
                execute(
                    con,
                    f"""
                    CREATE TEMP VIEW taken AS
                    SELECT {", ".join(_TAKEN)}, {ROOT_ID} AS _dlt_id,
                        CAST([] AS BIGINT[]) AS {ORDINAL},
                        {asset_uses.may_name("data")} AS {asset_uses.NAMES_ASSETS}
                    FROM event SEMI JOIN taken_position USING (position)
                    """,
                )
                yield con

    def _list_names(self, root_table: str) -> ListNames:
        known = dict(self._existing)  # other threads add to it
        others = {name for name, each in known.items() if each.list_of != root_table}
        taken = {*OWN_TABLES, *self._names.tables.values(), *others}
        return ListNames(self._names, lists_in(root_table, known), taken)

    def _plan(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        view: str,
        names: ColumnNames,
        list_names: ListNames,
        within: tuple[str, ...] = (),
        list_path: ListPath = (),
    ) -> TablePlan:
        existing = self._existing.get(table, DestinationTable({})).columns
        flattener, reads = Flattener(con, view), self._reads_rich_text
        return TablePlan(names, list_names, table, flattener, existing, within, list_path, reads)

    def _lists(
        self,
        con: duckdb.DuckDBPyConnection,
        parent: TablePlan,
        root_table: str,
        found_references: references.References | None,
    ) -> Iterator[RowBatch]:
        for number, found in enumerate(parent.lists.values()):
            view = f"{parent.flattener.view}_l{number}"
            elements_of(con, parent, found, view)
            existing = self._existing.get(found.table, DestinationTable({}, root_table))
            names = existing.column_names(self._names, (*_LIST, BLOCK_UID))
            within = (*parent.within, *found.path)
            plan = self._plan(
                con, found.table, view, names, parent.list_names, within, found.list_path
            )
            plan.open_elements("element", found.of)
            yield from self._rows(con, plan, _LIST, root_table, parent.table)
            if found_references is not None:
                found_references.collect(plan)
            yield from self._lists(con, plan, root_table, found_references)

    def _rows(
        self,
        con: duckdb.DuckDBPyConnection,
        plan: TablePlan,
        fixed: tuple[str, ...],
        list_of: str | None = None,
        parent: str = "",
    ) -> Iterator[RowBatch]:
        selected = ", ".join([*fixed, *fill(plan)])
        sql = f"SELECT {selected} FROM {plan.flattener.view}"
        data = ask(con, sql, duckdb.DuckDBPyConnection.to_arrow_table)
        if not data.num_rows:
            return
        types: dict[str, str] = {name: _TYPES.get(name, "text") for name in fixed}
        for name, column in plan.columns.items():
            filled = 0 if column.sql is None else data.num_rows - data[name].null_count
            if column.is_variant and not filled:
                data = data.drop_columns([name])
                continue
            types[name] = column.data_type
            if filled and (column.is_variant or column.is_unknown):
                found = self.drift.variants if column.is_variant else self.drift.unknown
                found[f"{plan.table}.{name}"] = found.get(f"{plan.table}.{name}", 0) + filled
        data = rich_text.beside(data, plan.readable)
        # The next rows of the same table find the columns that these have made.
        known = self._existing.get(plan.table, DestinationTable({}, list_of))
        columns = {**plan.existing, **types}
        list_path = plan.list_path or None
        self._existing[plan.table] = replace(
            known, columns=columns, keys=plan.names.hints(columns), list_path=list_path
        )
        yield RowBatch(
            plan.table, data, types, list_of, parent, names=plan.names, list_path=list_path
        )


def plain(
    compaction: Compaction, table: str, sql: str, types: Mapping[str, str]
) -> Iterator[RowBatch]:
    """Yield the rows of a table that one statement over the compaction fills."""
    with compaction.con.cursor() as con:
        for batch in con.execute(sql).to_arrow_reader(_ROWS_AT_ONCE):
            yield RowBatch(table, pa.Table.from_batches([batch]), types)
