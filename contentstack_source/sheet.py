"""From JSON objects to columns: what one table looks like, found out level by level.

Three things decide what becomes of a value, in this order: the type its column already has at the
destination, the content model, and what the data holds. An object flattens into the table, a list
becomes a sheet of its own, everything else is a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb

from contentstack_source import columns
from contentstack_source.columns import ARRAY, OBJECT, SCALAR, Column
from contentstack_source.model import REFERENCE, DataType, Group, Many, Node, Value
from contentstack_source.names import Names, digest
from contentstack_source.opening import Found, Opening, Seen, Text, is_json, only
from contentstack_source.store import execute

_VALUE: Final = ("value",)
_LIST: Final = ("list",)
_RICH_TEXT: Final = {"type", "children"}
"""Keys of a JSON rich text node: without a model, the sign that an object is one document."""

ORDINAL: Final = "ordinal"
"""Column of every relation: the places in the lists that lead to a row, the outermost first."""


@dataclass
class ListField:
    """A list found in a sheet: a sheet to be.

    Attributes:
        table: its name at the destination.
        piece: the expression of the list, in the view of the sheet it was found in.
        of: what its elements are, None if the model does not tell.
        path: where it stands in the row of the sheet it was found in.
    """

    table: str
    piece: str
    of: Node | None
    path: tuple[str, ...]


@dataclass
class Sheet:
    """One table of a load, with the SQL that fills it.

    Attributes:
        table: its name at the destination.
        opening: the relation in DuckDB that `columns` select from.
        existing: the types its columns have at the destination, by name.
        reserved: column names that are not for fields.
        within: of a list, where it stands in the content model; empty for a root table.
        reads_rich_text: columns of rich text get columns of text and Markdown beside them.
        columns: by name; those the model knows are there even if no row has them.
        lists: found in it, by table name.
        seen: what stands where in a row, by path; an element of a list has the empty path.
        whole: the paths of values that stay one piece of JSON.
        readable: column of rich text to those of its text and its Markdown, which no SQL fills.
    """

    names: Names
    table: str
    opening: Opening
    existing: Mapping[str, str] = field(default_factory=dict)
    reserved: frozenset[str] = frozenset()
    within: tuple[str, ...] = ()
    reads_rich_text: bool = False
    columns: dict[str, Column] = field(default_factory=dict)
    lists: dict[str, ListField] = field(default_factory=dict)
    seen: dict[tuple[str, ...], Seen] = field(default_factory=dict)
    whole: set[tuple[str, ...]] = field(default_factory=set)
    readable: dict[str, tuple[str, str]] = field(default_factory=dict)
    _found: list[Found] = field(default_factory=list)

    @property
    def root_id(self) -> str:
        """Return the column that names the root row."""
        return "_dlt_root_id" if self.within else "_dlt_id"

    def open_objects(self, piece: str, group: Group, *, but: frozenset[str]) -> None:
        """Add the columns and lists of the objects that `piece` yields.

        Args:
            piece: a column of JSON objects in the view; the view loses it.
            group: their fields as the model has them.
            but: keys that are not fields.
        """
        self._found = [Found(piece, group, (), self.opening.keys(piece) - but)]
        self._open_levels(drop=piece)

    def open_elements(self, piece: str, node: Node | None) -> None:
        """Add the columns and lists of the list elements that `piece` yields."""
        if node == REFERENCE:
            # Old references are plain uids (FACTS T11): the same table, the same column.
            uid_only = f"CASE WHEN ascii({piece}) = 34 THEN concat('{{\"uid\":', {piece}, '}}')"
            piece = f"({uid_only} ELSE {piece} END)"
        kinds, keys = self.opening.look(piece, node)
        self._place(piece, node, kinds, keys, ())
        self._open_levels()

    def _open_levels(self, drop: str | None = None) -> None:
        while level := [found for found in self._found if found.fields()]:
            self._found = []
            for seen in self.opening.open_level(level, drop):
                self._place(seen.piece, seen.node, seen.kinds, seen.keys, seen.path)
            drop = None

    def _place(
        self,
        piece: str,
        node: Node | None,
        kinds: int,
        keys: frozenset[str],
        path: tuple[str, ...],
    ) -> None:
        """Decide what becomes of a value: column, columns at the next level, or list.

        The path of a list's element is empty: a scalar's column is `value` then, and the table of
        a list in a list is named `list`.
        """
        self.seen[path] = Seen(path, node, piece, kinds, keys)
        if isinstance(node, Many) and node.of == REFERENCE:
            piece, kinds = _as_list(piece), kinds and ARRAY
        if is_rich_text(self.seen[path]) or is_json(node) or self._is_kept_as_json(path or _VALUE):
            name = self._add_json(piece, path or _VALUE, is_unknown=node is None)
            self.whole.add(path)
            if is_rich_text(self.seen[path]):
                self._add_readable(name, path or _VALUE)
            return
        if isinstance(node, Value) or kinds & SCALAR:
            self._add_scalar(piece, node, kinds, path or _VALUE)
        if kinds & OBJECT:
            group = node if isinstance(node, Group) else None
            self._found.append(Found(only(piece, 123), group, path, keys))
        elif isinstance(node, Group):
            self._declare_fields(node, path)
        if kinds & ARRAY:
            of = node.of if isinstance(node, Many) else None
            self._add_list(piece, of, path)

    def _add_scalar(self, piece: str, node: Node | None, kinds: int, path: tuple[str, ...]) -> None:
        name = self._column(path)
        declared = node if isinstance(node, Value) else None
        data_type = self._type_at_destination(name) or (
            declared.data_type if declared else columns.infer_type(kinds)
        )
        # Keys with an underscore are the system's own: `_metadata`, `_in_progress` (FACTS 5, 6).
        is_unknown = declared is None and not any(part.startswith("_") for part in path)
        if not kinds & SCALAR:
            self.columns[name] = Column(data_type)
        elif isinstance(piece, Text):
            self._add_text(name, piece, data_type)
        else:
            from_text = declared.from_text if declared else False
            main = columns.scalar(piece, data_type, kinds, from_text=from_text)
            self.columns[name] = Column(data_type, main, is_unknown=is_unknown)
            for column in columns.variants(piece, main, kinds, data_type):
                self.columns[self._variant(name, column.data_type)] = column

    def _add_text(self, name: str, text: Text, data_type: DataType) -> None:
        """Add a column for a value that was read without its quotes."""
        if data_type == "text":
            self.columns[name] = Column("text", text)
            return
        main = columns.instant(text) if data_type == "timestamp" else None
        self.columns[name] = Column(data_type, main)
        rest = f"CASE WHEN ({main}) IS NULL THEN {text} END" if main else text
        self.columns[self._variant(name, "text")] = Column("text", rest, is_variant=True)

    def _add_readable(self, name: str, path: tuple[str, ...]) -> None:
        """Add the columns beside a column of rich text."""
        if self.reads_rich_text:
            text, markdown = (self._column((*path, part)) for part in ("text", "markdown"))
            self.columns |= dict.fromkeys((text, markdown), Column("text"))
            self.readable[name] = text, markdown

    def _add_json(self, piece: str, path: tuple[str, ...], *, is_unknown: bool) -> str:
        name = self._column(path)
        if self._type_at_destination(name) not in {None, "json"}:
            self.columns[name] = Column("text")
            name = self._variant(name, "json")
        if isinstance(piece, Text):
            piece = f"CAST(to_json({piece}) AS VARCHAR)"
        is_variant = name.endswith("__v_json")
        self.columns[name] = Column("json", piece, is_variant, is_unknown)
        return name

    def _add_list(self, piece: str, of: Node | None, path: tuple[str, ...]) -> None:
        table = self.names.list_table(self.table, path or _LIST, self.lists)
        self.lists[table] = ListField(table, piece, of, path)

    def _declare_fields(self, group: Group, path: tuple[str, ...]) -> None:
        """Add the columns of an object that no row has, so that they have their types."""
        for key, node in group.fields.items():
            if isinstance(node, Group):
                self._declare_fields(node, (*path, key))
            elif isinstance(node, Value):
                name = self._column((*path, key))
                self.columns[name] = Column(self._type_at_destination(name) or node.data_type)
                if node.holds == "rich text":
                    self._add_readable(name, (*path, key))

    def _column(self, path: tuple[str, ...]) -> str:
        return self.names.column(path, self.reserved | self.columns.keys())

    def _variant(self, column: str, data_type: str) -> str:
        return self.names.variant(column, data_type, self.reserved | self.columns.keys())

    def _type_at_destination(self, name: str) -> DataType | None:
        found = self.existing.get(name)
        for data_type in ("text", "double", "bigint", "bool", "timestamp", "json"):
            if data_type == found:
                return data_type
        return None

    def _is_kept_as_json(self, path: tuple[str, ...]) -> bool:
        return self._type_at_destination(self._column(path)) == "json"


def is_rich_text(seen: Seen) -> bool:
    """Tell a field of JSON rich text; without a model, by what a document looks like."""
    if isinstance(seen.node, Value):
        return seen.node.holds == "rich text"
    return seen.node is None and seen.keys >= _RICH_TEXT


def _as_list(piece: str) -> str:
    """A list of one, where the service has the element itself."""
    return f"CASE WHEN ascii({piece}) <> 91 THEN concat('[', {piece}, ']') ELSE {piece} END"


def elements_of(con: duckdb.DuckDBPyConnection, sheet: Sheet, found: ListField, view: str) -> None:
    """Make the relation `view` of the elements of a list: one row an element, ids and all.

    Args:
        con: where both relations are.
        sheet: where the list was found.
        found: the list.
        view: name of the temporary table to make.
    """
    where = digest(found.table)
    elements = f"""from_json({only(found.piece, 91)}, '["JSON"]')"""
    execute(
        con,
        f"""
        CREATE OR REPLACE TEMP TABLE {view} AS
        SELECT left(md5(concat_ws(chr(31), _dlt_parent_id, '{where}', _dlt_list_idx)), 24)
                   AS _dlt_id, * REPLACE (list_append({ORDINAL}, _dlt_list_idx) AS {ORDINAL})
        FROM (
            SELECT {sheet.root_id} AS _dlt_root_id, _dlt_id AS _dlt_parent_id, {ORDINAL},
                   generate_subscripts(elements, 1) - 1 AS _dlt_list_idx,
                   CAST(unnest(elements) AS VARCHAR) AS element
            FROM (SELECT *, {elements} AS elements FROM {sheet.opening.view})
        )
        """,
    )


def fill(sheet: Sheet) -> Iterator[str]:
    """Yield the select list of the columns some row has: ``expression AS "name"``."""
    for name, column in sheet.columns.items():
        if column.sql is not None:
            yield f"{column.sql} AS {columns.quote(name)}"
