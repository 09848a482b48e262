"""From JSON objects to columns: what one table looks like, found out level by level.

Each object is opened once, by one `from_json`, into pieces (see `columns`). Three things then
decide what becomes of a piece, in this order: the type its column already has at the destination,
the content model, and what the data holds. An object flattens into the table, a list becomes
a sheet of its own, everything else is a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb

from contentstack_source import columns
from contentstack_source.columns import ARRAY, OBJECT, SCALAR, SUSPECT, Column
from contentstack_source.model import REFERENCE, DataType, Group, Many, Node, Value
from contentstack_source.names import Names, digest

_TEXT_LIKE: Final = ("text", "timestamp")
_VALUE: Final = ("value",)
_LIST: Final = ("list",)
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


@dataclass(frozen=True)
class _Found:
    """An object to open at the next level.

    Attributes:
        piece: an expression of JSON objects in the view, NULL elsewhere.
        group: their fields as the model has them; None if it has none.
        path: where they stand in the table's row.
        keys: the keys they have.
    """

    piece: str
    group: Group | None
    path: tuple[str, ...]
    keys: frozenset[str]

    def fields(self) -> dict[str, Node | None]:
        """Return the fields of the model, then the keys it does not have."""
        known = dict(self.group.fields) if self.group else {}
        return {**known, **dict.fromkeys(sorted(self.keys - known.keys()))}


@dataclass(frozen=True)
class _Field:
    """A field of an object found: one value in each row, or none."""

    found: _Found
    key: str
    node: Node | None
    is_text: bool

    @property
    def path(self) -> tuple[str, ...]:
        return (*self.found.path, self.key)

    @property
    def may_hold_objects(self) -> bool:
        return self.node is None or isinstance(self.node, (Group, Many))


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
    _found: list[_Found] = field(default_factory=list)

    def open_objects(self, piece: str, group: Group, *, but: frozenset[str]) -> None:
        """Add the columns and lists of the objects that `piece` yields.

        Args:
            piece: a column of JSON objects in the view; the view loses it.
            group: their fields as the model has them.
            but: keys that are not fields.
        """
        keys = self._probe([_keys_of(piece)])[0]
        self._found = [_Found(piece, group, (), _flat(keys) - but)]
        self._open_levels(drop=piece)

    def open_elements(self, piece: str, node: Node | None) -> None:
        """Add the columns and lists of the list elements that `piece` yields."""
        if node == REFERENCE:
            # Old references are plain uids (FACTS T11): the same table, the same column.
            uid_only = f"CASE WHEN ascii({piece}) = 34 THEN concat('{{\"uid\":', {piece}, '}}')"
            piece = f"({uid_only} ELSE {piece} END)"
        kinds, keys = self._probe([_kinds_of_node(piece, node), _keys_of(piece)])
        self._place(piece, node, kinds or 0, _flat(keys), ())
        self._open_levels()

    def _open_levels(self, drop: str | None = None) -> None:
        while self._found:
            level, self._found = self._found, []
            for item, piece, kinds, keys in self._open_level(level, drop):
                self._place(piece, item.node, kinds, keys, item.path)
            drop = None

    def _open_level(
        self, level: list[_Found], drop: str | None
    ) -> list[tuple[_Field, str, int, frozenset[str]]]:
        """Open all objects of a level; return their fields with piece, kinds and keys of each."""
        raw: set[tuple[str, ...]] = set()
        base = self.view
        while True:
            items = [_field(found, key, node, raw) for found, key, node in _fields_of(level)]
            pieces = self._open(base, level, items, drop)
            asked = [_kinds_of_field(item, piece) for item, piece in zip(items, pieces, strict=True)]
            holders = [i for i, item in enumerate(items) if item.may_hold_objects]
            asked += [_keys_of(pieces[i]) for i in holders]
            answers = self._probe(asked)
            kinds = [kind or 0 for kind in answers[: len(items)]]
            suspects = {item.path for item, kind in zip(items, kinds, strict=True) if kind & SUSPECT}
            if not suspects:
                keys = dict(zip(holders, map(_flat, answers[len(items) :]), strict=True))
                none: frozenset[str] = frozenset()
                return [
                    (item, _Text(piece) if item.is_text else piece, kind, keys.get(i, none))
                    for i, (item, piece, kind) in enumerate(zip(items, pieces, kinds, strict=True))
                ]
            raw |= suspects

    def _open(
        self, base: str, level: list[_Found], items: list[_Field], drop: str | None
    ) -> list[str]:
        """Put a struct for each object beside the view's columns; return the fields' pieces."""
        structs, pieces = [], []
        for number, found in enumerate(level):
            name = f"s{self._depth}_{number}"
            types = {
                item.key: "VARCHAR" if item.is_text else "JSON"
                for item in items
                if item.found is found
            }
            structs.append(f"from_json({found.piece}, {columns.struct_of(types)}) AS {name}")
            # By position: names that differ in case only are one name to a struct.
            pieces += [
                f"CAST(struct_extract_at({name}, {position}) AS VARCHAR)"
                for position in range(1, len(types) + 1)
            ]
        # The row is parsed once and kept; what lies deeper is small enough to be parsed twice.
        kind = "TABLE" if self._depth == 0 else "VIEW"
        kept = f"* EXCLUDE ({drop})" if drop else "*"
        self.view = f"{base}_{self._depth}"
        self.con.execute(
            f"CREATE OR REPLACE TEMP {kind} {self.view} AS"
            f" SELECT {kept}, {', '.join(structs)} FROM {base}"
        )
        self._depth += 1
        return pieces

    def _probe(self, aggregates: list[str]) -> tuple[Any, ...]:
        sql = f"SELECT {', '.join(aggregates)} FROM {self.view}"
        return self.con.execute(sql).fetchone() or ()

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
        if isinstance(node, Many) and node.of == REFERENCE:
            piece, kinds = _as_list(piece), kinds and ARRAY
        if node is None and keys >= _RICH_TEXT:
            node = Value("json")
        if _is_json(node) or self._is_kept_as_json(path or _VALUE):
            self._add_json(piece, path or _VALUE)
            return
        if isinstance(node, Value) or kinds & SCALAR:
            self._add_scalar(piece, node, kinds, path or _VALUE)
        if kinds & OBJECT:
            group = node if isinstance(node, Group) else None
            self._found.append(_Found(_only(piece, 123), group, path, keys))
        elif isinstance(node, Group):
            self._declare_fields(node, path)
        if kinds & ARRAY:
            of = node.of if isinstance(node, Many) else None
            self._add_list(piece, of, path or _LIST)

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


def _fields_of(level: list[_Found]) -> Iterator[tuple[_Found, str, Node | None]]:
    for found in level:
        for key, node in found.fields().items():
            yield found, key, node


def _field(found: _Found, key: str, node: Node | None, raw: set[tuple[str, ...]]) -> _Field:
    is_text = isinstance(node, Value) and node.data_type in _TEXT_LIKE
    return _Field(found, key, node, is_text and (*found.path, key) not in raw)


def _kinds_of_field(item: _Field, piece: str) -> str:
    if item.is_text:
        return f"bit_or({columns.kinds_of_text(piece)})"
    return _kinds_of_node(piece, item.node)


def _keys_of(piece: str) -> str:
    return f"list(DISTINCT json_keys({_only(piece, 123)}))"


def _flat(keys: list[list[str]] | None) -> frozenset[str]:
    return frozenset(key for each in keys or () for key in each or ())


def _kinds_of_node(piece: str, node: Node | None) -> str:
    kinds = columns.kinds_of_unknown(piece) if node is None else columns.kinds_of(piece)
    return f"bit_or({kinds})"


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
