"""The oracle: compares the tables of a dataset with the stack, row by row and value by value.

It shares no code with what it checks. It walks each published entry in plain Python; every value
must be in its documented place, and no other value may exist.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import duckdb

from tests.support import oracle_dates
from tests.support.oracle_reading import Row, Warehouse, read_duckdb, read_warehouse
from tests.support.oracle_references import REFERENCE_COLUMNS, references_of

_FIXED = {"uid", "locale", "content_locale", "event_at"}
_OWN = {"entries", "assets", "content_types", "sync_events", "sync_rejects", "sync_runs"}
_OWN |= {"entry_history", "entry_versions", "entry_references", "locale_coverage", "localized"}


class Published(Protocol):
    """What a simulated or recorded stack has published: items of the service by key."""

    def published_entries(self) -> Mapping[tuple[str, str, str], Any]: ...
    def published_assets(self) -> Mapping[tuple[str, str], Any]: ...


def assert_equal(database: str, stack: Published, dataset: str = "contentstack") -> None:
    """Compare every table of a dataset in a DuckDB file with what is published in the stack.

    Raises:
        AssertionError: the first difference.
    """
    with duckdb.connect(database, read_only=True) as con:
        con.execute(f"SET search_path = '{dataset}'; SET TimeZone = 'UTC'")
        _Dataset(*read_duckdb(con)).compare(stack)


def assert_equal_at(place: Warehouse, stack: Published, dataset: str = "contentstack") -> None:
    """Compare every table of a dataset at any destination with what is published in the stack.

    Raises:
        AssertionError: the first difference.
    """
    _Dataset(*read_warehouse(place, dataset), place.has_narrow_dates).compare(stack)


@dataclass
class _Dataset:
    types: dict[str, dict[str, str]]
    rows: dict[str, list[Row]]
    fields: dict[str, dict[tuple[str, ...], str]]
    has_narrow_dates: bool = False

    def compare(self, stack: Published) -> None:
        self.leave_out_soft_deleted_rows()
        entries, assets = stack.published_entries(), stack.published_assets()
        tables = self.tables()
        found = {
            (r["content_type_uid"], r["uid"], r["locale"]) for r in self.rows.get("entries", [])
        }
        assert found == set(entries), _difference("entries", found, set(entries))
        for uid, table in tables.items():
            wanted = {key[1:]: item for key, item in entries.items() if key[0] == uid}
            self.compare_table(table, wanted)
        self.compare_table("assets", assets)
        self.compare_references(entries)
        for table, rows in self.rows.items():  # tables of no content type are empty
            root = table.split("__", 1)[0]
            assert root in _OWN or root in tables.values() or not rows, f"{table} is left over"

    def leave_out_soft_deleted_rows(self) -> None:
        """Leave out soft-deleted rows and those of their lists."""
        soft_deleted = {
            row["_dlt_id"] for rows in self.rows.values() for row in rows if row.get("deleted_at")
        }
        for table, rows in self.rows.items():
            self.rows[table] = [
                row
                for row in rows
                if not {row.get("_dlt_id"), row.get("_dlt_root_id")} & soft_deleted
            ]

    def compare_references(self, entries: Mapping[tuple[str, str, str], Any]) -> None:
        models = {row["uid"]: row["schema"] for row in self.rows.get("content_types", [])}
        models = {uid: json.loads(schema) for uid, schema in models.items() if schema is not None}
        wanted = {
            (*key, *reference)
            for key, item in entries.items()
            for reference in references_of(item["data"], models.get(key[0]))
        }
        rows = self.rows.get("entry_references", [])
        found = {tuple(row[name] for name in REFERENCE_COLUMNS) for row in rows}
        assert len({row["_dlt_id"] for row in rows}) == len(rows) == len(found)
        assert found == wanted, _difference("entry_references", found, wanted)
        roots = {(r["_dlt_id"], *_key_of(r)) for r in self.rows.get("entries", [])}
        assert {(r["_dlt_root_id"], *_key_of(r)) for r in rows} <= roots

    def tables(self) -> dict[str, str]:
        rows = self.rows.get("content_types", [])
        return {row["uid"]: row["table_name"] for row in rows if row["table_name"] in self.types}

    def compare_table(self, table: str, wanted: Mapping[tuple[str, str], Any]) -> None:
        rows = {(row["uid"], row["locale"]): row for row in self.rows.get(table, [])}
        assert len(rows) == len(self.rows.get(table, [])), f"{table} has a duplicate key"
        assert rows.keys() == wanted.keys(), _difference(table, set(rows), set(wanted))
        lists = _Lists(self, table)
        for key, item in wanted.items():
            row, data = rows[key], item["data"]
            assert row["event_at"] == oracle_dates.instant(item["event_at"]), (table, key)
            assert row.get("content_locale") == data.get("locale"), (table, key)
            values = {name: data[name] for name in data if name not in {"uid", "locale"}}
            expected: Row = {}
            for name, value in values.items():
                lists.walk(table, (name,), value, expected, row["_dlt_id"])
            _assert_row(table, key, row, expected, self)
        lists.assert_nothing_else()


@dataclass
class _Lists:
    """The list tables below one root table."""

    dataset: _Dataset
    root: str
    claims: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    index: dict[str, dict[tuple[str, int], Row]] = field(default_factory=dict)
    root_id: str = ""

    def walk(
        self, table: str, path: tuple[str, ...], value: Any, expected: Row, row_id: str
    ) -> None:
        """Put every value below `value` into its documented place."""
        column = self.dataset.fields.get(table, {}).get(path) or "__".join(map(_snake, path))
        kind = self.dataset.types[table].get(column)
        if value is None:
            return
        if kind == "JSON" or f"{column}__v_json" in self.dataset.types[table]:
            expected[column] = value
            if f"{column}__markdown" in self.dataset.types[table]:
                expected |= {f"{column}__text": _Readable(value)}
                expected |= {f"{column}__markdown": _Readable(value)}
        elif isinstance(value, dict):
            for name, each in value.items():
                self.walk(table, (*path, name), each, expected, row_id)
        elif isinstance(value, list):
            self.walk_list(f"{table}__{column}", value, row_id)
        else:
            expected[column] = value

    def walk_list(self, table: str, elements: list[Any], parent_id: str) -> None:
        if not elements:
            return
        assert table in self.dataset.types, f"the table {table} is missing"
        rows = self.rows_of(table)
        for number, element in enumerate(elements):
            row = rows.get((parent_id, number))
            assert row is not None, f"{table} lacks element {number} of {parent_id}: {element}"
            self.claims.setdefault(table, set()).add((parent_id, number))
            expected: Row = {}
            self.walk_element(table, element, expected, row["_dlt_id"])
            _assert_row(table, (parent_id, number), row, expected, self.dataset)

    def walk_element(self, table: str, element: Any, expected: Row, row_id: str) -> None:
        types = self.dataset.types[table]
        if isinstance(element, dict) and types.get("value") != "JSON":
            for name, each in element.items():
                self.walk(table, (name,), each, expected, row_id)
            if "_block_uid" in types:
                expected["_block_uid"] = next(name for name in element if name[0] != "_")
        elif isinstance(element, list) and types.get("value") != "JSON":
            self.walk_list(f"{table}__list", element, row_id)
        elif element is not None:  # an old reference is only the uid
            is_reference = "_content_type_uid" in types
            expected["uid" if is_reference else "value"] = element

    def rows_of(self, table: str) -> dict[tuple[str, int], Row]:
        if table not in self.index:
            rows = self.dataset.rows[table]
            self.index[table] = {(r["_dlt_parent_id"], r["_dlt_list_idx"]): r for r in rows}
            assert len(self.index[table]) == len(rows), f"{table} has a duplicate element"
        return self.index[table]

    def assert_nothing_else(self) -> None:
        for table, rows in self.dataset.rows.items():
            if table.startswith(f"{self.root}__"):
                claimed = self.claims.get(table, set())
                found = {(row["_dlt_parent_id"], row["_dlt_list_idx"]) for row in rows}
                assert found == claimed, _difference(table, found, claimed)


def _assert_row(table: str, key: object, row: Row, expected: Row, dataset: _Dataset) -> None:
    for column, value in expected.items():
        found = list(_found(row, column))
        read = _reader_of(dataset.types[table].get(column, ""))
        if read and (wanted := read(value)):  # only in its column, if that can hold it
            is_aside = dataset.has_narrow_dates and any(read(each) == wanted for each in found)
            is_there = row[column] == wanted or is_aside
        else:
            is_there = any(_holds(each, value) for each in found)
        assert is_there, f"{table} {key}: {column} is {found}, the stack has {value!r}"
    for column, value in row.items():
        base = re.sub(r"__v_(text|json|bool|bigint|double|timestamp|date)$", "", column)
        is_claimed = base in expected or column in _FIXED or column.startswith("_dlt_")
        assert value is None or is_claimed, (
            f"{table} {key}: {column} is {value!r}, which is unexpected"
        )


def _found(row: Row, column: str) -> Iterator[Any]:
    """Yield the values of a column and of its variants."""
    for name, value in row.items():
        if value is not None and (name == column or name.startswith(f"{column}__v_")):
            yield value


@dataclass(frozen=True)
class _Readable:
    """Any text that has every word of a document, in order."""

    document: Any

    def is_contained_in(self, text: str) -> bool:
        place, plain = 0, text.replace("\\", "")
        for word in "".join(texts_of(self.document)).split():
            place = plain.find(word, place)
            if place < 0:
                return False
        return True


def texts_of(node: Any) -> Iterator[str]:
    if isinstance(node, dict) and isinstance(node.get("text"), str):
        yield node["text"]
    elif isinstance(node, dict):
        for child in node.get("children") or ():
            yield from texts_of(child)


def _holds(found: Any, wanted: Any) -> bool:
    return (
        wanted.is_contained_in(found) if isinstance(wanted, _Readable) else _is_same(found, wanted)
    )


def _reader_of(kind: str) -> Callable[[Any], date | None] | None:
    """Return the function that reads the text of dates for a column of this type."""
    if kind.startswith("TIMESTAMP"):
        return oracle_dates.instant
    return oracle_dates.day if kind == "DATE" else None


def _is_same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(found, bool):
        return found is wanted or found == str(wanted).lower()
    if isinstance(found, str) and not isinstance(wanted, str):
        return bool(json.loads(found) == wanted)
    if isinstance(found, (int, float)) and isinstance(wanted, str):
        return found == float(wanted)
    if isinstance(found, str) and found != wanted:
        return found.startswith('"') and json.loads(found) == wanted
    return bool(found == wanted) or (isinstance(found, float) and math.isnan(found))


def _key_of(row: Row) -> tuple[str, str, str]:
    return row["content_type_uid"], row["uid"], row["locale"]


def _snake(name: str) -> str:
    """Normalize a name of these tests like dlt's snake_case."""
    name = re.sub(r"[^a-zA-Z0-9_]", "_", name.replace("-", "_"))
    name = re.sub("([^_])([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub("([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return re.sub("__+", "_", name)


def _difference(table: str, found: set[Any], wanted: set[Any]) -> str:
    surplus, missing = sorted(found - wanted, key=repr), sorted(wanted - found, key=repr)
    return f"{table}: unexpected {surplus[:3]}, missing {missing[:3]}"
