"""Lists: separate tables, elements in order, and stable ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contentstack_source.schema import DestinationTable

Load = Callable[..., Any]


def field(data_type: str, uid: str = "f", **more: Any) -> dict[str, Any]:
    return {"uid": uid, "data_type": data_type, **more}


@pytest.mark.parametrize("schema", [[field("text", multiple=True)], None])
def test_a_list_of_plain_values_is_a_table_of_values(
    loaded: Load, schema: list[dict[str, Any]] | None
) -> None:
    found = loaded({"f": ["x", "", "z"]}, schema=schema)
    assert found.column("blog__f", "value") == ["x", "", "z"]
    assert found.column("blog__f", "_dlt_list_idx") == [0, 1, 2]
    assert [part.list_of for part in found.parts if part.table == "blog__f"] == ["blog"]


@pytest.mark.parametrize(
    ("data_type", "values", "kept"),
    [
        ("number", [1, 2.5], [1.0, 2.5]),
        ("boolean", [True, False], [True, False]),
        ("file", ["blt1", "blt2"], ["blt1", "blt2"]),
        ("json", [1, "a"], ["1", '"a"']),
        ("json", [{"a": 1}, {"b": [2]}], ['{"a":1}', '{"b":[2]}']),
        ("json", [[1], [2, 3]], ["[1]", "[2,3]"]),
    ],
)
def test_elements_of_a_multiple_field_have_the_type_of_the_field(
    loaded: Load, data_type: str, values: list[object], kept: list[object]
) -> None:
    found = loaded({"f": values}, schema=[field(data_type, multiple=True)])
    assert found.column("blog__f", "value") == kept
    assert found.drift.unknown == found.drift.variants == {}


def test_documents_among_plain_values_of_a_json_field_stay_whole(loaded: Load) -> None:
    found = loaded({"f": [1, {"a": [2]}, [3]]}, schema=[field("json", multiple=True)])
    assert found.column("blog__f", "value") == ["1", '{"a":[2]}', "[3]"]
    assert "blog__f__list" not in found.rows


def test_missing_and_null_elements_keep_their_index(loaded: Load) -> None:
    found = loaded({"f": [None, 1, None], "g": [{"a": 1}, None, {}], "h": [None], "i": []})
    assert found.column("blog__f", "value") == [None, 1, None]
    assert found.column("blog__g", "a") == [1, None, None]
    assert found.column("blog__h", "_dlt_list_idx") == [0]
    assert "blog__i" not in found.rows


def test_a_list_that_is_null_has_no_rows(loaded: Load) -> None:
    assert "blog__f" not in loaded({"f": None}, schema=[field("text", multiple=True)]).rows


def test_new_and_old_references_share_their_columns(loaded: Load) -> None:
    new = {"uid": "u1", "_content_type_uid": "page"}
    found = loaded({"f": [new, "u2", None]}, schema=[field("reference", reference_to=["page"])])
    assert found.column("blog__f", "uid") == ["u1", "u2", None]
    assert found.column("blog__f", "_content_type_uid") == ["page", None, None]


@pytest.mark.parametrize("single", ["u1", {"uid": "u1", "_content_type_uid": "page"}])
def test_a_single_reference_is_a_list_of_one(loaded: Load, single: object) -> None:
    found = loaded({"f": single}, schema=[field("reference")])
    assert found.column("blog__f", "uid") == ["u1"]


@pytest.mark.parametrize("odd", [5, True, 0.5])
def test_a_malformed_reference_is_not_lost(loaded: Load, odd: object) -> None:
    found = loaded({"f": odd}, {"f": ["u1"]}, schema=[field("reference")])
    cells = [v for table in ("blog", "blog__f") for row in found.rows[table] for v in row.values()]
    assert any(cell is odd or (cell == odd and type(cell) is not str) for cell in cells)


def test_taxonomies_are_terms(loaded: Load) -> None:
    term = {"taxonomy_uid": "colour", "term_uid": "red"}
    found = loaded({"taxonomies": [term]}, schema=[field("taxonomy", "taxonomies")])
    assert found.column("blog__taxonomies", "taxonomy_uid") == ["colour"]
    assert found.column("blog__taxonomies", "term_uid") == ["red"]


def test_a_modular_block_flattens_under_its_own_name(loaded: Load) -> None:
    hero = {"uid": "hero", "schema": [field("text", "head"), field("link", "to")]}
    quote = {
        "uid": "quote",
        "schema": [field("number", "stars"), field("text", "by", multiple=True)],
    }
    content = [
        {"hero": {"head": "Hi", "to": {"title": "T", "href": "/"}, "_metadata": {"uid": "m1"}}},
        {"quote": {"stars": 5, "by": ["Ada", "Bo"]}},
        {"gone": {"note": "no longer in the model"}},
    ]
    found = loaded({"f": content}, schema=[field("blocks", blocks=[hero, quote])])
    assert found.column("blog__f", "_block_uid") == ["hero", "quote", "gone"]
    assert found.column("blog__f", "hero__head") == ["Hi", None, None]
    assert found.column("blog__f", "hero__to__href") == ["/", None, None]
    assert found.column("blog__f", "hero___metadata__uid") == ["m1", None, None]
    assert found.column("blog__f", "quote__stars") == [None, 5.0, None]
    assert found.column("blog__f", "gone__note") == [None, None, "no longer in the model"]
    assert found.column("blog__f__quote__by", "value") == ["Ada", "Bo"]
    assert found.drift.unknown == {"blog__f.gone__note": 1}


BLOCKS = field("blocks", blocks=[{"uid": "hero", "schema": [field("text", "head")]}])


def test_a_row_of_blocks_names_its_block_even_if_it_is_empty(loaded: Load) -> None:
    content = [{"hero": {}}, {"hero": None}, {"_metadata": {}, "hero": {"head": "x"}}, {}, None]
    found = loaded({"f": content}, schema=[BLOCKS])
    assert found.column("blog__f", "_block_uid") == ["hero", "hero", "hero", None, None]
    assert found.types["blog__f"]["_block_uid"] == "text"
    assert found.drift.unknown == {}


def test_nested_blocks_name_their_block(loaded: Load) -> None:
    outer = {"uid": "outer", "schema": [BLOCKS, field("group", "g", schema=[BLOCKS])]}
    content = [{"outer": {"f": [{"hero": {}}], "g": {"f": [{"hero": {"head": "x"}}]}}}]
    found = loaded({"b": content}, schema=[field("blocks", "b", blocks=[outer])])
    assert found.column("blog__b", "_block_uid") == ["outer"]
    assert found.column("blog__b__outer__f", "_block_uid") == ["hero"]
    assert found.column("blog__b__outer__g__f", "_block_uid") == ["hero"]


@pytest.mark.parametrize("schema", [None, [field("group", multiple=True)]])
def test_only_blocks_have_a_block_column(loaded: Load, schema: list[dict[str, Any]] | None) -> None:
    found = loaded({"f": [{"hero": {"head": "x"}}], "g": [1]}, schema=schema)
    assert "_block_uid" not in {**found.types["blog__f"], **found.types["blog__g"]}


def test_a_table_of_blocks_keeps_its_block_column_without_a_model(loaded: Load) -> None:
    known = {"blog__f": DestinationTable({"_block_uid": "text"}, "blog")}
    found = loaded({"f": [{"hero": {"head": "x"}}]}, existing=known)
    assert found.column("blog__f", "_block_uid") == ["hero"]


def test_no_field_gets_the_block_column(loaded: Load) -> None:
    blocks = field("blocks", blocks=[{"uid": "_block_uid", "schema": [field("text", "a")]}])
    found = loaded({"f": [{"_block_uid": "odd"}, {"_block_uid": {"a": "x"}}]}, schema=[blocks])
    assert found.column("blog__f", "_block_uid") == ["_block_uid", "_block_uid"]
    (other,) = [
        name
        for name in found.types["blog__f"]
        if name.startswith("_block_uid_") and "__" not in name[1:]
    ]
    assert found.column("blog__f", other) == ["odd", None]
    assert found.column("blog__f", "_block_uid__a") == [None, "x"]


def nested(depth: int, leaf: object) -> object:
    return leaf if depth == 0 else [{"n": nested(depth - 1, leaf), "level": depth}]


@pytest.mark.parametrize("modelled", [False, True])
def test_lists_of_groups_nest_eight_levels_deep(loaded: Load, modelled: bool) -> None:
    schema = [field("text", "n")]
    for _ in range(8):
        schema = [field("group", "n", multiple=True, schema=[*schema, field("number", "level")])]
    found = loaded({"n": nested(8, "leaf")}, schema=schema if modelled else None)
    table = "blog" + "__n" * 8
    assert found.column(table, "n") == ["leaf"]
    assert found.column(table, "level") == [1]
    assert found.drift.unknown == {} or not modelled


def test_lists_of_lists_nest_eight_levels_deep(loaded: Load) -> None:
    deep: object = 1
    for _ in range(8):
        deep = [deep, deep]
    found = loaded({"f": deep})
    assert len(found.rows["blog__f" + "__list" * 7]) == 2**8


def all_rows(found: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        row["_dlt_id"]: (table, row)
        for table, rows in found.rows.items()
        if table != "entries"
        for row in rows
    }


CONTENT = [
    {"f": [{"g": [1, 2], "h": [[1], [2]]}, {"g": [1, 2]}], "g": ["x", "x"]},
    {"f": [{"g": [1, 2]}, {"g": [1, 2]}], "g": ["x", "x"]},
]


def test_every_element_refers_to_its_parent_and_its_root(loaded: Load) -> None:
    found = loaded(*CONTENT)
    rows = all_rows(found)
    assert len(rows) == sum(len(each) for table, each in found.rows.items() if table != "entries")
    for table, row in rows.values():
        parent = row.get("_dlt_parent_id")
        if parent is None:
            continue
        parent_table, parent_row = rows[parent]
        assert table.startswith(f"{parent_table}__")
        assert row["_dlt_root_id"] == parent_row.get("_dlt_root_id", parent)
        assert rows[row["_dlt_root_id"]][0] == "blog"
    for root in found.rows["blog"]:
        of_root = [r for r in found.rows["blog__f"] if r["_dlt_root_id"] == root["_dlt_id"]]
        assert sorted(r["_dlt_list_idx"] for r in of_root) == [0, 1]


def test_the_same_content_has_the_same_ids(loaded: Load) -> None:
    first, second = all_rows(loaded(*CONTENT)), all_rows(loaded(*CONTENT))
    assert first == second
    assert all(len(row_id) == 24 for row_id in first)


def test_the_id_of_an_entry_depends_on_its_key_alone(load_items: Load) -> None:
    def id_of(content_type_uid: str, uid: str, locale: str, title: str) -> str:
        data = {"uid": uid, "locale": locale, "title": title}
        at = "2026-01-01T00:00:00.000Z"
        item = {"type": "entry_published", "event_at": at, "data": data}
        found = load_items([item | {"content_type_uid": content_type_uid}])
        (shared,), (row,) = found.rows["entries"], found.rows[content_type_uid]
        assert shared["_dlt_id"] == row["_dlt_id"]
        return str(row["_dlt_id"])

    first = id_of("blog", "e1", "en-us", "old")
    assert id_of("blog", "e1", "en-us", "new") == first
    others = {("page", "e1", "en-us"), ("blog", "e2", "en-us"), ("blog", "e1", "fr-fr")}
    assert len({first, *(id_of(*key, "old") for key in others)}) == 4
