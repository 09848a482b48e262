"""Drift and odd names: content that the model does not have, and hostile names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention

Load = Callable[..., Any]


def field(data_type: str, uid: str = "f", **more: Any) -> dict[str, Any]:
    return {"uid": uid, "data_type": data_type, **more}


def fields_of(row: dict[str, Any], prefix: str = "f") -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.startswith(prefix)}


def test_a_text_field_that_holds_a_list_keeps_its_elements(loaded: Load) -> None:
    found = loaded({"f": ["a", "b"]}, {"f": "c"}, schema=[field("text")])
    assert sorted(str(row["f"]) for row in found.rows["blog"]) == ["None", "c"]
    assert found.column("blog__f", "value") == ["a", "b"]


def test_a_text_field_that_holds_an_object_keeps_its_keys(loaded: Load) -> None:
    found = loaded({"f": {"uid": "u", "deep": {"x": [1]}}}, {"f": "c"}, schema=[field("text")])
    assert {row["f__uid"] for row in found.rows["blog"]} == {"u", None}
    assert found.column("blog__f__deep__x", "value") == [1]


def test_a_file_field_that_holds_the_whole_asset_keeps_it(loaded: Load) -> None:
    found = loaded({"f": {"uid": "blt1", "dimension": {"width": 3}}}, schema=[field("file")])
    assert fields_of(found.row("blog")) == {"f__uid": "blt1", "f__dimension__width": 3}


def test_a_single_value_of_a_field_turned_multiple_stays_a_value(loaded: Load) -> None:
    found = loaded({"f": "old"}, {"f": ["new", "er"]}, schema=[field("text", multiple=True)])
    assert {row.get("f") for row in found.rows["blog"]} == {"old", None}
    assert found.column("blog__f", "value") == ["new", "er"]
    assert found.drift.unknown == {"blog.f": 1}


def test_a_single_group_of_a_field_turned_multiple_stays_in_the_row(loaded: Load) -> None:
    schema = [field("group", multiple=True, schema=[field("number", "n")])]
    found = loaded({"f": {"n": 1}}, {"f": [{"n": 2}]}, schema=schema)
    assert [row["f__n"] for row in found.rows["blog"] if row["f__n"] is not None] == [1]
    assert found.column("blog__f", "n") == [2.0]


def test_a_list_of_groups_of_a_field_turned_single_stays_a_list(loaded: Load) -> None:
    schema = [field("group", schema=[field("number", "n"), field("text", "t", multiple=True)])]
    found = loaded({"f": [{"n": 1, "t": ["a"]}]}, {"f": {"n": 2, "t": ["b"]}}, schema=schema)
    assert found.column("blog__f", "n") == [1]
    assert sorted(found.column("blog__f__t", "value")) == ["a", "b"]


def test_an_entry_without_a_model_is_typed_by_its_data(loaded: Load) -> None:
    found = loaded({"n": 1, "g": {"t": "x", "l": [{"b": True}]}})
    assert fields_of(found.row("blog"), "g__") == {"g__t": "x"}
    assert found.row("blog")["n"] == 1
    assert found.column("blog__g__l", "b") == [True]
    assert found.drift.without_model == ["blog"]


RICH = {"type": "doc", "uid": "d1", "attrs": {}, "children": [{"type": "p", "children": []}]}


def test_rich_text_without_a_model_stays_one_document(loaded: Load) -> None:
    found = loaded({"f": RICH}, {"f": "plain"}, {"f": [1]})
    assert found.types["blog"]["f"] == "json"
    assert {row["f"] for row in found.rows["blog"]} == {
        '{"type":"doc","uid":"d1","attrs":{},"children":[{"type":"p","children":[]}]}',
        '"plain"',
        "[1]",
    }
    assert "blog__f" not in found.rows


def test_a_field_left_over_from_an_older_schema_is_kept_and_reported(loaded: Load) -> None:
    found = loaded({"f": "x"}, {"f": "y"}, {"g": {"h": 1}}, schema=[field("group", "g")])
    assert {row["f"] for row in found.rows["blog"]} == {"x", "y", None}
    assert found.drift.unknown == {"blog.f": 2, "blog.g__h": 1}


def test_system_keys_are_not_reported_as_drift(loaded: Load) -> None:
    found = loaded(
        {"_in_progress": False, "f": {"_metadata": {"uid": "m"}}}, schema=[field("group")]
    )
    assert found.row("blog")["_in_progress"] is False
    assert found.drift.unknown == {}


def values_of(found: Any, table: str = "blog") -> set[str]:
    return {str(value) for row in found.rows[table] for value in row.values()}


@pytest.mark.parametrize("more", [{}, {"group": {"a": 1}}], ids=["flat", "beside a group"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Foo", "foo"),
        ("FooBar", "foo_bar"),
        ("a-b", "a_b"),
        ("a b", "a.b"),
        ("é", "日本"),
        ("", "_"),
    ],
)
def test_fields_whose_names_collide_get_separate_columns(
    loaded: Load, first: str, second: str, more: dict[str, object]
) -> None:
    rows = [{first: "one", second: "two"}, {second: "three"}, {first: "four"}]
    found = loaded(*(row | more for row in rows))
    by_uid = {row["uid"]: row for row in found.rows["blog"]}
    (column_of_first,) = (name for name, value in by_uid["e0"].items() if value == "one")
    (column_of_second,) = (name for name, value in by_uid["e0"].items() if value == "two")
    assert [by_uid[uid][column_of_first] for uid in ("e0", "e1", "e2")] == ["one", None, "four"]
    assert [by_uid[uid][column_of_second] for uid in ("e0", "e1", "e2")] == ["two", "three", None]


def test_an_object_and_a_value_whose_names_collide_get_separate_columns(loaded: Load) -> None:
    found = loaded({"Price": {"a": 1}, "price": 22}, {"price": 33})
    assert {"1", "22", "33"} <= values_of(found)


def test_lists_whose_names_collide_get_separate_tables(loaded: Load) -> None:
    found = loaded({"Foo": ["one"], "foo": ["two"], "foo ": [{"a": "three"}]})
    lists = [table for table in found.rows if table.startswith("blog__foo")]
    assert len(lists) == 3
    assert {"one", "two", "three"} <= set().union(*(values_of(found, each) for each in lists))


def test_a_group_and_a_field_whose_paths_collide_get_separate_columns(loaded: Load) -> None:
    schema = [field("group", "f", schema=[field("text", "v_text")]), field("number", "F")]
    found = loaded({"f": {"v_text": "mine"}, "F": "not a number"}, schema=schema)
    assert {"mine", "not a number"} <= values_of(found)


@pytest.mark.parametrize(
    "name", ["event_at", "_dlt_id", "content_locale", "_dlt_load_id", "EVENT_AT", "Uid", "Locale"]
)
def test_a_field_named_like_an_own_column_gets_a_separate_column(loaded: Load, name: str) -> None:
    row = loaded({name: "mine"}).row("blog")
    assert "mine" in row.values()
    ours = ("uid", "locale", "content_locale", "event_at")
    assert [str(row[each])[:10] for each in ours] == ["e0", "en-us", "en-us", "2026-01-01"]
    assert len(row["_dlt_id"]) == 24


@pytest.mark.parametrize("name", ["_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_list_idx"])
def test_an_element_named_like_an_own_column_gets_a_separate_column(
    loaded: Load, name: str
) -> None:
    row = loaded({"f": [{name: "mine"}]}).row("blog__f")
    assert "mine" in row.values()
    assert row["_dlt_list_idx"] == 0
    assert row[name] != "mine"


def test_fields_called_value_and_list_are_separate_from_elements(loaded: Load) -> None:
    found = loaded({"f": [1, {"value": "v", "list": ["in field"]}, ["in element"]]})
    assert {"1", "v"} <= values_of(found, "blog__f")
    lists = [table for table in found.rows if table.startswith("blog__f__list")]
    assert {"in field", "in element"} <= set().union(*(values_of(found, each) for each in lists))


NASTY = [
    *(
        "a'); DROP TABLE event; --",
        'a"b',
        "a'b",
        "a\\b",
        "a\x00b",
        "a\nb",
        "😀",
        "日本",
        "a.b",
        "$1",
    ),
    *(
        "$",
        "a[0]",
        "*",
        "%s",
        "{0}",
        "{",
        "a" * 300,
        "select",
        "SELECT 1",
        "a/*",
        "--",
        " ",
        "\ud7ff",
    ),
]


@pytest.mark.parametrize("modelled", [False, True])
@pytest.mark.parametrize("name", NASTY)
def test_hostile_names_are_treated_as_names(loaded: Load, name: str, modelled: bool) -> None:
    schema = [field("text", name), field("group", f"{name}g", schema=[field("text", name)])]
    content = {
        name: "one",
        f"{name}g": {name: "two"},
        f"{name}l": ["three"],
        f"{name}o": [{name: 4}],
    }
    found = loaded(content, schema=schema if modelled else None)
    everything = set().union(*(values_of(found, table) for table in found.rows))
    assert {"one", "two", "three", "4"} <= everything


def test_long_names_are_shortened_and_stay_distinct(load_items: Load) -> None:
    names = [f"{'a' * 100}{number}" for number in range(3)]
    data = {
        "uid": "e1",
        "locale": "en-us",
        "g": dict.fromkeys(names, "x"),
        **{name: ["y"] for name in names},
    }
    item = {"type": "entry_published", "content_type_uid": "b" * 100, "data": data}
    item["event_at"] = "2026-01-01T00:00:00.000Z"
    found = load_items([item], naming=NamingConvention(63))
    columns = [name for types in found.types.values() for name in types]
    assert max(map(len, [*columns, *found.rows])) <= 63
    cells = [value for rows in found.rows.values() for row in rows for value in row.values()]
    assert (cells.count("x"), cells.count("y")) == (3, 3)


def test_a_thousand_fields_are_a_thousand_columns(loaded: Load) -> None:
    content = {f"f{number}": str(number) for number in range(1000)}
    row = loaded(content, schema=[field("text", name) for name in content]).row("blog")
    assert {name: row[name] for name in content} == content


TEXTS = [
    "é",
    "日本語",
    "😀",
    "\U0001d54f \U0010ffff",
    "\ufeff",
    "a\x00b",
    "\x00",
    "\x1f\x7f",
    "\u202e",
    '"\\/\b\f\n\r\t',
    "'",
]


@pytest.mark.parametrize("schema", [None, [field("text"), field("text", "l", multiple=True)]])
def test_text_of_every_plane_is_kept_to_the_last_character(
    loaded: Load, schema: list[dict[str, Any]] | None
) -> None:
    found = loaded(*({"f": text, "l": [text], "j": {"k": text}} for text in TEXTS), schema=schema)
    for table, column in (("blog", "f"), ("blog", "j__k"), ("blog__l", "value")):
        assert sorted(found.column(table, column)) == sorted(TEXTS)
