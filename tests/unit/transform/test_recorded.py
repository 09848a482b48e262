"""Responses of the real service, compacted and typed: every recorded value is in the tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

import pytest

from tests.support.paths import RECORDED

Item = dict[str, Any]


OURS = {"_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_list_idx", "event_at", "locale"}
REPEATED = {"entries", "entry_references"}
"""Tables that repeat values of other tables."""


def body(name: str) -> Item:
    found: Item = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["body"]
    return found


def table_of(item: Item) -> str:
    is_asset = item["type"] == "asset_published"
    return "assets" if is_asset else str(item["content_type_uid"])


def leaves(value: Item, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the values of an object by the name of their column or list."""
    for key, inner in value.items():
        if isinstance(inner, dict) and key != "ACL":
            yield from leaves(inner, (*path, key))
        elif inner is not None:
            yield "__".join((*path, key)).lower(), inner


def as_held(value: object, data_type: str) -> object:
    """Convert a recorded value to the value in a column of the type."""
    if data_type == "timestamp":
        return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    if data_type == "bigint":
        return int(str(value))
    if data_type == "json":
        return json.dumps(value, separators=(",", ":"))
    return value


@pytest.fixture(scope="module")
def items() -> list[Item]:
    pages = [body("sync_1_init"), body("sync_2_pagination")]
    return [item for page in pages for item in page["items"]]


@pytest.fixture(scope="module")
def found(items: list[Item], load_items: Callable[..., Any]) -> Any:
    model = body("content_types_include_global_field_schema")["content_types"]
    return load_items(items, content_types={each["uid"]: each for each in model})


def compare(found: Any, table: str, row: Item, content: Item) -> tuple[int, int]:
    """Compare a row and its lists with the recording; return the counts of values and elements."""
    values, elements = 0, 0
    for name, value in leaves(content):
        if isinstance(value, list):
            rows = children(found, f"{table}__{name}", row["_dlt_id"])
            assert [each["_dlt_list_idx"] for each in rows] == list(range(len(value)))
            for element_row, element in zip(rows, value, strict=True):
                inner = element if isinstance(element, dict) else {"value": element}
                more = compare(found, f"{table}__{name}", element_row, inner)
                values, elements = values + more[0], elements + 1 + more[1]
        else:
            assert row[name] == as_held(value, found.types[table][name]), (table, name)
            values += 1
    return values, elements


def children(found: Any, table: str, parent_id: str) -> list[Item]:
    rows = [row for row in found.rows.get(table, ()) if row["_dlt_parent_id"] == parent_id]
    return sorted(rows, key=lambda row: int(row["_dlt_list_idx"]))


def test_every_item_recorded_is_one_row(found: Any, items: list[Item]) -> None:
    expected = {
        (table_of(item), item["data"]["uid"], item["data"]["publish_details"]["locale"])
        for item in items
    }
    rows = [
        (table, row["uid"], row["locale"])
        for table in {table_of(item) for item in items}
        for row in found.rows[table]
    ]
    assert len(items) == len(expected) == len(rows) == 129
    assert set(rows) == expected
    assert len(found.rows["entries"]) == 120


def test_every_value_recorded_is_in_the_tables_and_nothing_else(
    found: Any, items: list[Item]
) -> None:
    by_key = {
        (table, row["uid"], row["locale"]): row
        for table, rows in found.rows.items()
        if "uid" in found.types[table] and table not in REPEATED
        for row in rows
        if "locale" in row
    }
    values, elements = 0, 0
    for item in items:
        data, table = dict(item["data"]), table_of(item)
        row = by_key[table, data["uid"], data["publish_details"]["locale"]]
        assert row.get("content_locale") == data.pop("locale", None)
        more = compare(found, table, row, data)
        values, elements = values + more[0], elements + more[1]
    tables = {table: rows for table, rows in found.rows.items() if table not in REPEATED}
    cells = Counter(
        name
        for row in chain(*tables.values())
        for name, value in row.items()
        if value is not None and name not in OURS | {"content_locale"}
    )
    assert sum(cells.values()) == values
    assert sum(map(len, tables.values())) == 129 + elements
    assert elements > 0


def test_the_table_entries_repeats_values_of_the_content_type_tables(found: Any) -> None:
    for shared in found.rows["entries"]:
        (row,) = (
            row
            for row in found.rows[shared["content_type_uid"]]
            if row["_dlt_id"] == shared["_dlt_id"]
        )
        for name in ("uid", "locale", "title", "_version", "created_at", "updated_at", "event_at"):
            assert shared[name] == row[name]
        assert shared["published_at"] == row["publish_details__time"]


def test_fallback_publishes_have_the_locale_they_are_published_in(found: Any) -> None:
    fallbacks = [
        row
        for table, rows in found.rows.items()
        for row in rows
        if row.get("content_locale") not in {None, row.get("locale")}
    ]
    assert len(fallbacks) == 5
    assert {(row["locale"], row["content_locale"]) for row in fallbacks} == {("en-gb", "en-us")}


def test_the_recorded_content_model_gives_the_types(found: Any) -> None:
    session = found.types["session"]
    assert session["session_id"] == "double"
    assert session["is_popular"] == "bool"
    assert session["session_time__start_time"] == "timestamp"
    assert session["type"] == "text"
    assert {"session__track", "session__speakers", "session__room"} <= found.rows.keys()
    assert found.types["assets"]["file_size"] == "bigint"
    assert found.types["assets"]["dimension__width"] == "double"


def test_only_fields_missing_in_the_recorded_model_are_reported(found: Any) -> None:
    assert found.drift.variants == {}
    assert found.drift.without_model == []
    assert found.drift.unknown["track.comment"] == 17


def test_events_of_one_instant_are_all_kept(found: Any, items: list[Item]) -> None:
    most = Counter(item["event_at"] for item in items).most_common(1)[0]
    at = as_held(most[0], "timestamp")
    tables = {table_of(item) for item in items}
    assert most[1] > 1
    assert sum(row["event_at"] == at for table in tables for row in found.rows[table]) == most[1]


@pytest.mark.parametrize("name", ["sync_3_sync_token_empty_delta", "empty_sync_token_no_change"])
def test_a_recorded_delta_without_changes_upserts_nothing(
    name: str, load_items: Callable[..., Any]
) -> None:
    assert load_items(body(name)["items"]).rows == {}
