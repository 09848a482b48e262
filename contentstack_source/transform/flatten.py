"""Flattens JSON objects, level by level: from a column of objects to a column for each field.

Each object is parsed once, by one `from_json`, into JSON text (see `json_sql`); text and dates come
without their quotes at once. One query for each level then profiles every field.
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
    """An object to flatten at the next level.

    Attributes:
        json_text: an expression of JSON objects in the view, NULL elsewhere.
        group: their fields as the model has them; None if it has none.
        path: where they stand in the table's row.
        keys: the keys they have.
    """

    json_text: str
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
        node: of the content model.
        json_text: the column that holds it, a `Text` if without quotes.
        kinds: the kinds of its values, see `json_sql`.
        keys: the keys of its objects.
    """

    path: tuple[str, ...]
    node: Node | None
    json_text: str
    kinds: int
    keys: frozenset[str]


class Flattener:
    """A relation whose objects are flattened one level after the other.

    Args:
        con: where the relation is.
        view: its name; with each level it becomes the name of a wider one.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, view: str) -> None:
        self.view = view
        self._con = con
        self._depth = 0

    def keys(self, json_text: str) -> frozenset[str]:
        """Return the keys of the objects that `json_text` yields."""
        return _flat(self._probe([_keys_of(json_text)])[0])

    def profile(self, json_text: str, node: Node | None) -> tuple[int, frozenset[str]]:
        """Return the kinds of the values that `json_text` yields, and the keys of its objects."""
        kinds, keys = self._probe([_kinds_of_node(json_text, node), _keys_of(json_text)])
        return kinds or 0, _flat(keys)

    def ask(self, sql: str) -> tuple[Any, ...]:
        """Return the one row that a query over the relation gives."""
        row: tuple[Any, ...] = ask(self._con, sql, duckdb.DuckDBPyConnection.fetchall)[0]
        return row

    def open_level(self, level: list[Found], drop: str | None = None) -> list[Seen]:
        """Flatten all objects of a level and return what is in their fields.

        Args:
            level: the objects; their JSON texts are expressions in the view.
            drop: a column of the view that is not needed any more.
        """
        raw: set[tuple[str, ...]] = set()
        base = self.view
        while True:
            items = [_field(found, key, node, raw) for found, key, node in _fields_of(level)]
            json_texts = self._open(base, level, items, drop)
            asked = [
                _kinds_of_field(item, json_text)
                for item, json_text in zip(items, json_texts, strict=True)
            ]
            holders = [i for i, item in enumerate(items) if item.may_hold_objects]
            asked += [_keys_of(json_texts[i]) for i in holders]
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
                        Text(json_text) if item.is_text else json_text,
                        kind,
                        keys.get(i, none),
                    )
                    for i, (item, json_text, kind) in enumerate(
                        zip(items, json_texts, kinds, strict=True)
                    )
                ]
            raw |= suspects

    def _open(
        self, base: str, level: list[Found], items: list[_Field], drop: str | None
    ) -> list[str]:
        """Put the fields of each object beside the view's columns; return the columns' names."""
        structs, json_texts = [], []
        for number, found in enumerate(level):
            of_found = [item for item in items if item.found is found]
            for batch, (struct, values) in enumerate(_structs(found.json_text, of_found)):
                name = f"s{self._depth}_{number}_{batch}"
                structs.append(f"{struct} AS {name}")
                json_texts += [(item.path, value.format(struct=name)) for item, value in values]
        columns_of = {path: f"p{self._depth}_{n}" for n, (path, _) in enumerate(json_texts)}
        selected = ", ".join(f"{value} AS {columns_of[path]}" for path, value in json_texts)
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


def _structs(json_text: str, items: list[_Field]) -> Iterator[tuple[str, list[tuple[_Field, str]]]]:
    """Yield the expressions that parse an object, and how its fields are read from them.

    To DuckDB's structs, names that differ in case only are one name; each gets a struct of its
    own. An empty name is none to them; JSON pointers have it.
    """
    batches: list[dict[str, _Field]] = []
    for item in items:
        name = item.key.casefold()
        free = (batch for batch in batches if item.key and "" not in batch and name not in batch)
        batch = next(free, None)
        if batch is None:
            batches.append(batch := {})
        batch[name] = item
    for batch in batches:
        if nameless := batch.get(""):
            as_text = "->>" if nameless.is_text else "->"
            yield f"{json_text} {as_text} '/'", [(nameless, "CAST({struct} AS VARCHAR)")]
            continue
        types = {item.key: "VARCHAR" if item.is_text else "JSON" for item in batch.values()}
        values = [
            (item, f"CAST(struct_extract_at({{struct}}, {position}) AS VARCHAR)")
            for position, item in enumerate(batch.values(), 1)
        ]
        yield f"from_json({json_text}, {json_sql.struct_of(types)})", values


def _fields_of(level: list[Found]) -> Iterator[tuple[Found, str, Node | None]]:
    for found in level:
        for key, node in found.fields().items():
            yield found, key, node


def _field(found: Found, key: str, node: Node | None, raw: set[tuple[str, ...]]) -> _Field:
    is_text = isinstance(node, Value) and node.data_type in _TEXT_LIKE
    return _Field(found, key, node, is_text and (*found.path, key) not in raw)


def _kinds_of_field(item: _Field, json_text: str) -> str:
    if item.is_text:
        return f"bit_or({json_sql.kinds_of_text(json_text)})"
    return _kinds_of_node(json_text, item.node)


def _keys_of(json_text: str) -> str:
    return f"list(DISTINCT json_keys({only(json_text, 123)}))"


def _flat(keys: list[list[str]] | None) -> frozenset[str]:
    return frozenset(key for each in keys or () for key in each or ())


def _kinds_of_node(json_text: str, node: Node | None) -> str:
    is_typed = isinstance(node, Value)
    kinds = json_sql.kinds_of(json_text) if is_typed else json_sql.kinds_of_unknown(json_text)
    return f"bit_or({kinds})"


def only(json_text: str, first: int) -> str:
    """Return the expression for JSON text that begins with the character `first`, else NULL."""
    return f"CASE WHEN ascii({json_text}) = {first} THEN {json_text} END"


def is_json(node: Node | None) -> bool:
    """Return whether a value is kept as JSON, not flattened."""
    return isinstance(node, Value) and node.data_type == "json"
