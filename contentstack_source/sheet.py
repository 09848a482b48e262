"""From JSON objects to columns: what one table looks like, found out level by level.

Each object is opened once, by one `from_json`, into pieces (see `columns`). Three things then
decide what becomes of a piece, in this order: the type its column already has at the destination,
the content model, and what the data holds. An object flattens into the table, a list becomes
a sheet of its own, everything else is a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb

from contentstack_source import columns
from contentstack_source.columns import ARRAY, OBJECT, SCALAR, SUSPECT, Column
from contentstack_source.model import REFERENCE, DataType, Group, Many, Node, Value
from contentstack_source.names import Names, digest

_TEXT_LIKE: Final = ("text", "timestamp")
_RICH_TEXT: Final = {"type", "children"}
"""Keys of a JSON rich text node: without a model, the sign that an object is one document."""


@dataclass
class ListField:
    """A list found in a sheet: a sheet to be.

    Attributes:
        table: its name at the destination.
        piece: the expression of the list, in the view of the sheet it was found in.
        of: what its elements are, None if the model does not tell.
    """

    table: str
    piece: str
    of: Node | None


@dataclass
class Sheet:
    """One table of a load, with the SQL that fills it.

    Attributes:
        table: its name at the destination.
        view: the relation in DuckDB that `columns` select from.
        existing: the types its columns have at the destination, by name.
        reserved: column names that are not for fields.
        columns: by name; those the model knows are there even if no row has them.
        lists: found in it, by table name.
    """

    con: duckdb.DuckDBPyConnection
    names: Names
    table: str
    view: str
    existing: Mapping[str, str] = field(default_factory=dict)
    reserved: frozenset[str] = frozenset()
    columns: dict[str, Column] = field(default_factory=dict)
    lists: dict[str, ListField] = field(default_factory=dict)
    _depth: int = 0

    def open_object(
        self,
        piece: str,
        group: Group | None,
        path: tuple[str, ...] = (),
        *,
        but: frozenset[str] = frozenset(),
    ) -> None:
        """Add the columns and lists of the objects that `piece` yields.

        Args:
            piece: an expression of JSON objects in the view.
            group: their fields as the model has them; None if it has none.
            path: where the objects stand in the table's row.
            but: keys that are not fields.
        """
        known = dict(group.fields) if group else {}
        keys = [key for key in self._keys(piece) if key not in known and key not in but]
        fields: dict[str, Node | None] = {**known, **dict.fromkeys(sorted(keys))}
        if not fields:
            return
        pieces, kinds = self._read(piece, fields)
        for key, node in fields.items():
            self._place(pieces[key], node, kinds[key], (*path, key))

    def open_elements(self, piece: str, node: Node | None) -> None:
        """Add the columns and lists of the list elements that `piece` yields."""
        if node == REFERENCE:
            # Old references are plain uids (FACTS T11): the same table, the same column.
            uid_only = f"CASE WHEN ascii({piece}) = 34 THEN concat('{{\"uid\":', {piece}, '}}')"
            piece = f"({uid_only} ELSE {piece} END)"
        kinds = self._kinds([_kinds_of_node(piece, node)])[0]
        if isinstance(node, Value) or kinds & SCALAR:
            self._add_scalar(piece, node, kinds, ("value",))
        if kinds & ARRAY:
            self._add_list(piece, node, ("list",))
        if kinds & OBJECT and not _is_json(node):
            self.open_object(_only(piece, 123), node if isinstance(node, Group) else None)
        elif isinstance(node, Group):
            self._declare_fields(node, ())

    def _read(
        self, piece: str, fields: Mapping[str, Node | None]
    ) -> tuple[dict[str, str], dict[str, int]]:
        """Open the objects; return the expression and the kinds of each field."""
        raw: set[str] = set()
        while True:
            as_text = {
                key
                for key, node in fields.items()
                if isinstance(node, Value) and node.data_type in _TEXT_LIKE and key not in raw
            }
            values = self._open(piece, {k: "VARCHAR" if k in as_text else "JSON" for k in fields})
            kinds = self._kinds(
                [
                    columns.kinds_of_text(values[key])
                    if key in as_text
                    else _kinds_of_node(values[key], node)
                    for key, node in fields.items()
                ]
            )
            suspects = {key for key, kind in zip(fields, kinds, strict=True) if kind & SUSPECT}
            if not suspects:
                text_values = {key: _Text(values[key]) for key in as_text}
                return values | text_values, dict(zip(fields, kinds, strict=True))
            raw |= suspects

    def _open(self, piece: str, types: dict[str, str]) -> dict[str, str]:
        """Put a struct of pieces beside the view's columns; return the expressions of its fields."""
        struct, view = f"s{self._depth}", f"{self.view}_{self._depth}"
        # The whole row is parsed once and kept; what lies deeper is small enough to parse twice.
        kind = "TABLE" if self._depth == 0 else "VIEW"
        source = f"SELECT *, from_json({piece}, {columns.struct_of(types)}) AS {struct}"
        self.con.execute(f"CREATE OR REPLACE TEMP {kind} {view} AS {source} FROM {self.view}")
        self._depth += 1
        self.view = view
        # By position: names that differ in case only are one name to a struct.
        return {
            key: f"CAST(struct_extract_at({struct}, {number}) AS VARCHAR)"
            for number, key in enumerate(types, 1)
        }

    def _keys(self, piece: str) -> set[str]:
        sql = f"SELECT DISTINCT unnest(keys) FROM (SELECT DISTINCT json_keys({piece}) AS keys FROM {self.view})"
        return {key for (key,) in self.con.execute(sql).fetchall()}

    def _kinds(self, kinds: list[str]) -> list[int]:
        sql = ", ".join(f"bit_or({kind})" for kind in kinds)
        row = self.con.execute(f"SELECT {sql} FROM {self.view}").fetchone()
        return [kind or 0 for kind in row or ()]

    def _place(self, piece: str, node: Node | None, kinds: int, path: tuple[str, ...]) -> None:
        if isinstance(node, Many) and node.of == REFERENCE:
            piece, kinds = _as_list(piece), kinds and ARRAY
        if node is None and kinds & OBJECT and self._keys(_only(piece, 123)) >= _RICH_TEXT:
            node = Value("json")
        if _is_json(node) or self._is_kept_as_json(path):
            self._add_json(piece, path)
            return
        if isinstance(node, Value) or kinds & SCALAR:
            self._add_scalar(piece, node, kinds, path)
        if kinds & OBJECT:
            group = node if isinstance(node, Group) else None
            self.open_object(_only(piece, 123), group, path)
        elif isinstance(node, Group):
            self._declare_fields(node, path)
        if kinds & ARRAY:
            self._add_list(piece, node.of if isinstance(node, Many) else None, path)

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
        elif isinstance(piece, _Text):
            self._add_text(name, piece, data_type)
        else:
            from_text = declared.from_text if declared else False
            main = columns.scalar(piece, data_type, from_text=from_text)
            self.columns[name] = Column(data_type, main, is_unknown=is_unknown)
            for column in columns.variants(piece, main, kinds, data_type):
                self.columns[self.names.variant(name, column.data_type)] = column

    def _add_text(self, name: str, text: _Text, data_type: DataType) -> None:
        """Add a column for a value that was read without its quotes."""
        if data_type == "text":
            self.columns[name] = Column("text", text)
            return
        main = columns.instant(text) if data_type == "timestamp" else None
        self.columns[name] = Column(data_type, main)
        rest = f"CASE WHEN ({main}) IS NULL THEN {text} END" if main else text
        self.columns[self.names.variant(name, "text")] = Column("text", rest, is_variant=True)

    def _add_json(self, piece: str, path: tuple[str, ...]) -> None:
        name = self._column(path)
        if self._type_at_destination(name) not in {None, "json"}:
            self.columns[name] = Column("text")
            name = self.names.variant(name, "json")
        self.columns[name] = Column("json", piece, is_variant=name.endswith("__v_json"))

    def _add_list(self, piece: str, of: Node | None, path: tuple[str, ...]) -> None:
        table = self.names.list_table(self.table, path, self.lists)
        self.lists[table] = ListField(table, piece, of)

    def _declare_fields(self, group: Group, path: tuple[str, ...]) -> None:
        """Add the columns of an object that no row has, so that they have their types."""
        for key, node in group.fields.items():
            if isinstance(node, Group):
                self._declare_fields(node, (*path, key))
            elif isinstance(node, Value):
                name = self._column((*path, key))
                self.columns[name] = Column(self._type_at_destination(name) or node.data_type)

    def _column(self, path: tuple[str, ...]) -> str:
        return self.names.column(path, self.reserved | self.columns.keys())

    def _type_at_destination(self, name: str) -> DataType | None:
        found = self.existing.get(name)
        for data_type in ("text", "double", "bigint", "bool", "timestamp", "json"):
            if data_type == found:
                return data_type
        return None

    def _is_kept_as_json(self, path: tuple[str, ...]) -> bool:
        return self._type_at_destination(self._column(path)) == "json"


class _Text(str):
    """An expression of text, its JSON quotes already gone."""

    __slots__ = ()


def _is_json(node: Node | None) -> bool:
    return isinstance(node, Value) and node.data_type == "json"


def _kinds_of_node(piece: str, node: Node | None) -> str:
    return columns.kinds_of_unknown(piece) if node is None else columns.kinds_of(piece)


def _only(piece: str, first: int) -> str:
    return f"CASE WHEN ascii({piece}) = {first} THEN {piece} END"


def _as_list(piece: str) -> str:
    """A list of one, where the service has the element itself."""
    return f"CASE WHEN ascii({piece}) IN (34, 123) THEN concat('[', {piece}, ']') ELSE {piece} END"


def elements_of(sheet: Sheet, found: ListField, root: str, view: str) -> None:
    """Make the relation `view` of the elements of a list: one row an element, ids and all.

    Args:
        sheet: where the list was found.
        found: the list.
        root: the column of `sheet` that names the root row.
        view: name of the temporary table to make.
    """
    where = digest(found.table)
    elements = f"""from_json({_only(found.piece, 91)}, '["JSON"]')"""
    sheet.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {view} AS
        SELECT left(md5(concat_ws(chr(31), _dlt_parent_id, '{where}', _dlt_list_idx)), 24) AS _dlt_id, *
        FROM (
            SELECT {root} AS _dlt_root_id, _dlt_id AS _dlt_parent_id,
                   generate_subscripts(elements, 1) - 1 AS _dlt_list_idx,
                   CAST(unnest(elements) AS VARCHAR) AS element
            FROM (SELECT *, {elements} AS elements FROM {sheet.view})
        )
        """
    )


def fill(sheet: Sheet) -> Iterator[str]:
    """Yield the select list of the columns some row has: ``expression AS "name"``."""
    for name, column in sheet.columns.items():
        if column.sql is not None:
            yield f"{column.sql} AS {columns.quote(name)}"
