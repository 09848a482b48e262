"""From JSON objects to columns: the plan of one table, made level by level.

Three things decide what becomes of a value, in this order: the type its column already has at the
destination, the content model, and what the data holds. An object flattens into the table, a list
becomes a plan of its own, everything else is a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb

from contentstack_source.column_names import BLOCK_UID, ColumnNames, ListNames, ListPath, Path
from contentstack_source.naming import digest
from contentstack_source.schema import DATA_TYPES, DataType
from contentstack_source.transform import json_sql
from contentstack_source.transform.content_model import (
    REFERENCE,
    Group,
    Many,
    Node,
    Value,
)
from contentstack_source.transform.dates import day, instant
from contentstack_source.transform.engine import execute
from contentstack_source.transform.flatten import Flattener, Found, Seen, Text, is_json, only
from contentstack_source.transform.json_sql import ARRAY, OBJECT, SCALAR, Column
from contentstack_source.transform.maps import is_map

_RICH_TEXT: Final = {"type", "children"}
"""Keys of a JSON rich text node: without a model, the sign that an object is one document."""

ORDINAL: Final = "ordinal"
"""Column of every relation: the places in the lists that lead to a row, the outermost first."""


@dataclass
class ListField:
    """A list found in a plan, which becomes a plan of its own.

    Attributes:
        table: its name at the destination.
        json_text: the expression of the list, in the view of the plan it was found in.
        of: what its elements are, None if the model does not have it.
        path: where it stands in the row of the plan it was found in.
        list_path: where it stands in the entry, lists of lists distinct.
    """

    table: str
    json_text: str
    of: Node | None
    path: Path
    list_path: ListPath


@dataclass
class TablePlan:
    """One table of a load, with the SQL that fills it.

    Attributes:
        names: of its columns.
        list_names: of the tables of all lists of the content type.
        table: its name at the destination.
        flattener: the relation in DuckDB that `columns` select from.
        existing: the types its columns have at the destination, by name.
        within: of a list, where it stands in the content model; empty for a root table.
        list_path: the same, with lists of lists distinct.
        reads_rich_text: columns of rich text get columns of text and Markdown beside them.
        columns: by name; those the model knows are there even if no row has them.
        lists: found in it, by table name.
        seen: what stands where in a row, by path; an element of a list has the empty path.
        whole: the paths of values that stay JSON.
        readable: column of rich text to those of its text and its Markdown, which no SQL fills.
    """

    names: ColumnNames
    list_names: ListNames
    table: str
    flattener: Flattener
    existing: Mapping[str, str] = field(default_factory=dict)
    within: Path = ()
    list_path: ListPath = ()
    reads_rich_text: bool = False
    columns: dict[str, Column] = field(default_factory=dict)
    lists: dict[str, ListField] = field(default_factory=dict)
    seen: dict[tuple[str, ...], Seen] = field(default_factory=dict)
    whole: set[tuple[str, ...]] = field(default_factory=set)
    readable: dict[str, tuple[str, str]] = field(default_factory=dict)
    _found: list[Found] = field(default_factory=list)
    _unfilled: list[tuple[Group, Path]] = field(default_factory=list)

    @property
    def root_id(self) -> str:
        """Return the column that names the root row."""
        return "_dlt_root_id" if self.within else "_dlt_id"

    def open_objects(self, json_text: str, group: Group, *, but: frozenset[str]) -> None:
        """Add the columns and lists of the objects that `json_text` yields.

        Args:
            json_text: a column of JSON objects in the view; the view loses it.
            group: their fields as the model has them.
            but: keys that are not fields.
        """
        self._found = [Found(json_text, group, (), self.flattener.keys(json_text) - but)]
        self._open_levels(drop=json_text)

    def open_elements(self, json_text: str, node: Node | None) -> None:
        """Add the columns and lists of the list elements that `json_text` yields."""
        if BLOCK_UID in self.existing or (isinstance(node, Group) and node.is_blocks):
            self.columns[BLOCK_UID] = Column("text", _block_uid(json_text))
        if node == REFERENCE:
            # Old references are plain uids (FACTS T11): the same table, the same column.
            uid_only = (
                f"CASE WHEN ascii({json_text}) = 34 THEN concat('{{\"uid\":', {json_text}, '}}')"
            )
            json_text = f"({uid_only} ELSE {json_text} END)"
        kinds, keys = self.flattener.profile(json_text, node)
        self._place(json_text, node, kinds, keys, ())
        self._open_levels()

    def _open_levels(self, drop: str | None = None) -> None:
        while level := [found for found in self._found if found.fields()]:
            self._found = []
            fields = self.flattener.open_level(level, drop)
            for seen in self.names.in_order(fields, [each.path for each in fields]):
                self._place(seen.json_text, seen.node, seen.kinds, seen.keys, seen.path)
            drop = None
        for group, path in self._unfilled:
            self._declare_fields(group, path)

    def _place(
        self,
        json_text: str,
        node: Node | None,
        kinds: int,
        keys: frozenset[str],
        path: tuple[str, ...],
    ) -> None:
        """Decide what becomes of a value: column, columns at the next level, or list.

        The path of a list's element is empty: a scalar's column is `value` then, and the table of
        a list in a list is named `list`.
        """
        self.seen[path] = Seen(path, node, json_text, kinds, keys)
        if isinstance(node, Many) and node.of == REFERENCE:
            json_text, kinds = _as_list(json_text), kinds and ARRAY
        if self._is_json(self.seen[path]):
            self._add_json(json_text, path, is_unknown=node is None)
            self.whole.add(path)
            if is_rich_text(self.seen[path]):
                self._add_readable(path)
            return
        if isinstance(node, Value) or kinds & SCALAR:
            self._add_scalar(json_text, node, kinds, path)
        if kinds & OBJECT:
            group = node if isinstance(node, Group) else None
            self._found.append(Found(only(json_text, 123), group, path, keys))
        elif isinstance(node, Group):
            self._unfilled.append((node, path))
        if kinds & ARRAY:
            of = node.of if isinstance(node, Many) else None
            self._add_list(json_text, of, path)

    def _is_json(self, seen: Seen) -> bool:
        """Return whether a value is kept whole, as JSON."""
        known = self.names.known(seen.path)
        if is_rich_text(seen) or is_json(seen.node) or self._type_at_destination(known) == "json":
            return True
        keys = seen.keys | self.names.keys_below(seen.path)
        return seen.node is None and is_map(self.flattener, seen.json_text, len(keys))

    def _add_scalar(self, json_text: str, node: Node | None, kinds: int, path: Path) -> None:
        name = self.names.assign(path)
        declared = node if isinstance(node, Value) else None
        data_type = self._type_at_destination(name) or (
            declared.data_type if declared else json_sql.infer_type(kinds)
        )
        # Keys with an underscore are the system's own: `_metadata`, `_in_progress` (FACTS 5, 6).
        is_unknown = declared is None and not any(part.startswith("_") for part in path)
        if not kinds & SCALAR:
            self.columns[name] = Column(data_type)
        elif isinstance(json_text, Text):
            self._add_text(path, json_text, data_type)
        else:
            from_text = declared.from_text if declared else False
            main = json_sql.scalar(json_text, data_type, kinds, from_text=from_text)
            self.columns[name] = Column(data_type, main, is_unknown=is_unknown)
            for column in json_sql.variants(json_text, main, kinds, data_type):
                self.columns[self._variant(path, column.data_type)] = column

    def _add_text(self, path: Path, text: Text, data_type: DataType) -> None:
        """Add a column for a value that was read without its quotes."""
        name = self.names.assign(path)
        if data_type == "text":
            self.columns[name] = Column("text", text)
            return
        read = {"timestamp": instant, "date": day}.get(data_type)
        main = read(text) if read else None
        self.columns[name] = Column(data_type, main)
        rest = f"CASE WHEN ({main}) IS NULL THEN {text} END" if main else text
        self.columns[self._variant(path, "text")] = Column("text", rest, is_variant=True)

    def _add_readable(self, path: Path) -> None:
        """Add the columns beside a column of rich text."""
        if self.reads_rich_text:
            text, markdown = (self.names.assign_form(path, form) for form in ("text", "markdown"))
            self.columns |= dict.fromkeys((text, markdown), Column("text"))
            self.readable[self._json_column(path)] = text, markdown

    def _json_column(self, path: Path) -> str:
        """Return the column of JSON, beside the value's own where that has another type."""
        name = self.names.assign(path)
        is_other = self._type_at_destination(name) not in {None, "json"}
        return self._variant(path, "json") if is_other else name

    def _add_json(self, json_text: str, path: Path, *, is_unknown: bool) -> None:
        own, name = self.names.assign(path), self._json_column(path)
        if name != own:
            self.columns[own] = Column("text")
        if isinstance(json_text, Text):
            json_text = f"CAST(to_json({json_text}) AS VARCHAR)"
        self.columns[name] = Column("json", json_text, name != own, is_unknown)

    def _add_list(self, json_text: str, of: Node | None, path: Path) -> None:
        list_path = (*self.list_path, *(path or (None,)))
        table = self.list_names.assign(self.table, path, list_path)
        self.lists[table] = ListField(table, json_text, of, path, list_path)

    def _declare_fields(self, group: Group, path: Path) -> None:
        """Add the columns of an object that no row has, so that they have their types."""
        paths = [(*path, key) for key in group.fields]
        for here in self.names.in_order(paths, paths):
            node = group.fields[here[-1]]
            if isinstance(node, Group):
                self._declare_fields(node, here)
            elif isinstance(node, Value):
                name = self.names.assign(here)
                self.columns[name] = Column(self._type_at_destination(name) or node.data_type)
                if node.holds == "rich text":
                    self._add_readable(here)

    def _variant(self, path: Path, data_type: str) -> str:
        return self.names.assign_form(path, f"v_{data_type}")

    def _type_at_destination(self, name: str | None) -> DataType | None:
        found = self.existing.get(name) if name else None
        return next((data_type for data_type in DATA_TYPES if data_type == found), None)


def is_rich_text(seen: Seen) -> bool:
    """Return whether a field is JSON rich text; without a model, by the keys of a document."""
    if isinstance(seen.node, Value):
        return seen.node.holds == "rich text"
    return seen.node is None and seen.keys >= _RICH_TEXT


def _block_uid(json_text: str) -> str:
    """Return the expression for the uid of a modular block: the key its content stands under."""
    keys = f"json_keys({only(json_text, 123)})"
    return f"coalesce(list_filter({keys}, lambda key: NOT starts_with(key, '_'))[1], {keys}[1])"


def _as_list(json_text: str) -> str:
    """A list of one, where the service has the element itself."""
    one = f"concat('[', {json_text}, ']')"
    return f"CASE WHEN ascii({json_text}) <> 91 THEN {one} ELSE {json_text} END"


def elements_of(
    con: duckdb.DuckDBPyConnection, plan: TablePlan, found: ListField, view: str
) -> None:
    """Make the relation `view` of the elements of a list: one row an element, ids and all.

    Args:
        con: where both relations are.
        plan: where the list was found.
        found: the list.
        view: name of the temporary table to make.
    """
    where = digest(found.table)
    elements = f"""from_json({only(found.json_text, 91)}, '["JSON"]')"""
    execute(
        con,
        f"""
        CREATE OR REPLACE TEMP TABLE {view} AS
        SELECT left(md5(concat_ws(chr(31), _dlt_parent_id, '{where}', _dlt_list_idx)), 24)
                   AS _dlt_id, * REPLACE (list_append({ORDINAL}, _dlt_list_idx) AS {ORDINAL})
        FROM (
            SELECT {plan.root_id} AS _dlt_root_id, _dlt_id AS _dlt_parent_id, {ORDINAL},
                   generate_subscripts(elements, 1) - 1 AS _dlt_list_idx,
                   CAST(unnest(elements) AS VARCHAR) AS element
            FROM (SELECT *, {elements} AS elements FROM {plan.flattener.view})
        )
        """,
    )


def fill(plan: TablePlan) -> Iterator[str]:
    """Yield the select list of the columns some row has: ``expression AS "name"``."""
    for name, column in plan.columns.items():
        if column.sql is not None:
            yield f"{column.sql} AS {json_sql.quote(name)}"
