"""Opening JSON objects, level by level: from a column of objects to a column for each field.

Each object is opened once, by one `from_json`, into pieces (see `columns`); text and dates come
without their quotes at once. One query for each level then tells what every field holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from contentstack_source.transform import json_sql
from contentstack_source.transform.content_model import Group, Node, Value
from contentstack_source.transform.engine import ask, execute
from contentstack_source.transform.json_sql import SUSPECT

_ASKED_AT_ONCE: Final = 60
_TEXT_LIKE: Final = ("text", "timestamp", "date")


class Text(str):
    """An expression of text, its JSON quotes already gone."""

    __slots__ = ()


@dataclass(frozen=True)
class Found:
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

    found: Found
    key: str
    node: Node | None
    is_text: bool

    @property
    def path(self) -> tuple[str, ...]:
        return (*self.found.path, self.key)

    @property
    def may_hold_objects(self) -> bool:
        return not self.is_text and not is_json(self.node)


@dataclass(frozen=True)
class Seen:
    """What a field of an object holds.

    Attributes:
        path: where it stands in the table's row.
        node: what the model says of it.
        piece: the column that holds it, a `Text` if without quotes.
        kinds: the kinds of its values, see `columns`.
        keys: the keys of its objects.
    """

    path: tuple[str, ...]
    node: Node | None
    piece: str
    kinds: int
    keys: frozenset[str]


class Flattener:
    """A relation whose objects are opened one level after the other.

    Args:
        con: where the relation is.
        view: its name; with each level it becomes the name of a wider one.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, view: str) -> None:
        self.view = view
        self._con = con
        self._depth = 0

    def keys(self, piece: str) -> frozenset[str]:
        """Return the keys of the objects that `piece` yields."""
        return _flat(self._probe([_keys_of(piece)])[0])

    def look(self, piece: str, node: Node | None) -> tuple[int, frozenset[str]]:
        """Return the kinds of the values that `piece` yields, and the keys of its objects."""
        kinds, keys = self._probe([_kinds_of_node(piece, node), _keys_of(piece)])
        return kinds or 0, _flat(keys)

    def ask(self, sql: str) -> tuple[Any, ...]:
        """Return the one row that a query over the relation gives."""
        row: tuple[Any, ...] = ask(self._con, sql, duckdb.DuckDBPyConnection.fetchall)[0]
        return row

    def open_level(self, level: list[Found], drop: str | None = None) -> list[Seen]:
        """Open all objects of a level and return what is in their fields.

        Args:
            level: the objects; their pieces are expressions in the view.
            drop: a column of the view that is not needed any more.
        """
        raw: set[tuple[str, ...]] = set()
        base = self.view
        while True:
            items = [_field(found, key, node, raw) for found, key, node in _fields_of(level)]
            pieces = self._open(base, level, items, drop)
            asked = [
                _kinds_of_field(item, piece) for item, piece in zip(items, pieces, strict=True)
            ]
            holders = [i for i, item in enumerate(items) if item.may_hold_objects]
            asked += [_keys_of(pieces[i]) for i in holders]
            answers = self._probe(asked)
            kinds = [kind or 0 for kind in answers[: len(items)]]
            suspects = {
                item.path for item, kind in zip(items, kinds, strict=True) if kind & SUSPECT
            }
            if not suspects:
                keys = dict(zip(holders, map(_flat, answers[len(items) :]), strict=True))
                none: frozenset[str] = frozenset()
                return [
                    Seen(
                        item.path,
                        item.node,
                        Text(piece) if item.is_text else piece,
                        kind,
                        keys.get(i, none),
                    )
                    for i, (item, piece, kind) in enumerate(zip(items, pieces, kinds, strict=True))
                ]
            raw |= suspects

    def _open(
        self, base: str, level: list[Found], items: list[_Field], drop: str | None
    ) -> list[str]:
        """Put the fields of each object beside the view's columns; return the columns' names."""
        structs, pieces = [], []
        for number, found in enumerate(level):
            of_found = [item for item in items if item.found is found]
            for turn, (struct, values) in enumerate(_structs(found.piece, of_found)):
                name = f"s{self._depth}_{number}_{turn}"
                structs.append(f"{struct} AS {name}")
                pieces += [(item.path, value.format(struct=name)) for item, value in values]
        columns_of = {path: f"p{self._depth}_{n}" for n, (path, _) in enumerate(pieces)}
        selected = ", ".join(f"{value} AS {columns_of[path]}" for path, value in pieces)
        # The row is parsed once and kept; what lies deeper is small enough to be parsed twice.
        kind = "TABLE" if self._depth == 0 else "VIEW"
        kept = f"* EXCLUDE ({drop})" if drop else "*"
        self.view = f"{base}_{self._depth}"
        execute(
            self._con,
            f"CREATE OR REPLACE TEMP {kind} {self.view} AS SELECT {kept}, {selected}"
            f" FROM (SELECT {', '.join(['*', *structs])} FROM {base})",
        )
        self._depth += 1
        return [columns_of[item.path] for item in items]

    def _probe(self, aggregates: list[str]) -> tuple[Any, ...]:
        """Return the aggregates; not all at once, for planning takes the square of their number."""
        found: tuple[Any, ...] = ()
        for first in range(0, len(aggregates), _ASKED_AT_ONCE):
            asked = ", ".join(aggregates[first : first + _ASKED_AT_ONCE])
            sql = f"SELECT {asked} FROM {self.view}"
            found += self.ask(sql)
        return found


def _structs(piece: str, items: list[_Field]) -> Iterator[tuple[str, list[tuple[_Field, str]]]]:
    """Yield what opens an object, and how its fields are read from that.

    To DuckDB's structs, names that differ in case only are one name; each gets a struct of its
    own. An empty name is none to them; JSON pointers have it.
    """
    turns: list[dict[str, _Field]] = []
    for item in items:
        name = item.key.casefold()
        free = (turn for turn in turns if item.key and "" not in turn and name not in turn)
        turn = next(free, None)
        if turn is None:
            turns.append(turn := {})
        turn[name] = item
    for turn in turns:
        if nameless := turn.get(""):
            as_text = "->>" if nameless.is_text else "->"
            yield f"{piece} {as_text} '/'", [(nameless, "CAST({struct} AS VARCHAR)")]
            continue
        types = {item.key: "VARCHAR" if item.is_text else "JSON" for item in turn.values()}
        values = [
            (item, f"CAST(struct_extract_at({{struct}}, {position}) AS VARCHAR)")
            for position, item in enumerate(turn.values(), 1)
        ]
        yield f"from_json({piece}, {json_sql.struct_of(types)})", values


def _fields_of(level: list[Found]) -> Iterator[tuple[Found, str, Node | None]]:
    for found in level:
        for key, node in found.fields().items():
            yield found, key, node


def _field(found: Found, key: str, node: Node | None, raw: set[tuple[str, ...]]) -> _Field:
    is_text = isinstance(node, Value) and node.data_type in _TEXT_LIKE
    return _Field(found, key, node, is_text and (*found.path, key) not in raw)


def _kinds_of_field(item: _Field, piece: str) -> str:
    if item.is_text:
        return f"bit_or({json_sql.kinds_of_text(piece)})"
    return _kinds_of_node(piece, item.node)


def _keys_of(piece: str) -> str:
    return f"list(DISTINCT json_keys({only(piece, 123)}))"


def _flat(keys: list[list[str]] | None) -> frozenset[str]:
    return frozenset(key for each in keys or () for key in each or ())


def _kinds_of_node(piece: str, node: Node | None) -> str:
    is_typed = isinstance(node, Value)
    kinds = json_sql.kinds_of(piece) if is_typed else json_sql.kinds_of_unknown(piece)
    return f"bit_or({kinds})"


def only(piece: str, first: int) -> str:
    """Return the expression for a piece that begins with the character `first`, else NULL."""
    return f"CASE WHEN ascii({piece}) = {first} THEN {piece} END"


def is_json(node: Node | None) -> bool:
    """Tell what is kept whole from what is opened."""
    return isinstance(node, Value) and node.data_type == "json"
