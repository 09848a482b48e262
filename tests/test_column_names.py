"""A column holds the values of one path, whatever the content model has, and in any order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention

from contentstack_source.column_names import ColumnKey, ColumnNames, ListNames
from contentstack_source.dataset.data_dictionary import describe
from contentstack_source.naming import Names, digest
from contentstack_source.runs import run
from contentstack_source.simulator import Stack
from tests.destinations import MakesWarehouse, in_delta, in_duckdb
from tests.harness import Job, MakesJob
from tests.oracle_reading import read_warehouse

Field = dict[str, Any]
NAMES = Names(NamingConvention())


def pairs(layout: str) -> list[tuple[str, str]]:
    """Return pairs of keys that dlt's naming gives one name, for one kind of field."""
    found = [
        (f"sub_{layout}", f"sub{layout.title()}"),
        (f"sku{layout}", f"SKU{layout.upper()}"),
        (f"a_{layout}", f"a-{layout}"),
        (f"foo{layout.title()}", f"Foo{layout.title()}"),
    ]
    return found[:1] if layout in {"listed", "groups"} else found


def plain(key: str, value: str) -> tuple[Field, Any]:
    return {"uid": key, "data_type": "text"}, value


def listed(key: str, value: str) -> tuple[Field, Any]:
    return {"uid": key, "data_type": "text", "multiple": True}, [value]


def grouped(key: str, value: str) -> tuple[Field, Any]:
    inner = {"uid": "x", "data_type": "text"}
    return {"uid": key, "data_type": "group", "schema": [inner]}, {"x": value}


def groups(key: str, value: str) -> tuple[Field, Any]:
    field, content = grouped(key, value)
    return field | {"multiple": True}, [content]


def rich(key: str, value: str) -> tuple[Field, Any]:
    field = {"uid": key, "data_type": "json", "field_metadata": {"allow_json_rte": True}}
    return field, {"type": "doc", "children": [{"text": value}]}


SHAPES = {"plain": plain, "listed": listed, "grouped": grouped, "groups": groups, "rich": rich}


def change(stack: Stack, step: int, keys_in_model: str, keys_in_entry: str) -> None:
    """Give each content type a model and an entry with one or both fields of each pair.

    Args:
        keys_in_model: `a` is the field that came first, `b` the other one; in this order.
        keys_in_entry: likewise.
    """
    for number, is_modelled in product((0, 1), (True, False)):
        fields: list[Field] = []
        content: dict[str, Any] = {}
        for name, layout in SHAPES.items():
            for pair in pairs(name):
                keys = dict(zip("ab", pair[:: -1 if number else 1], strict=True))
                made = {n: layout(keys[n], f"value of {keys[n]}") for n in "ab"}
                fields += [made[n][0] for n in keys_in_model]
                content |= {keys[n]: made[n][1] for n in keys_in_entry}
        uid = f"type_{number}" + ("" if is_modelled else "_bare")
        parts = {"uid": "parts", "data_type": "group", "multiple": True, "schema": fields}
        model = [*fields, parts] if is_modelled else []
        if uid in stack.content_types:
            stack.change_content_type(uid, model)
        else:
            stack.create_content_type(uid, model)
        nested = {key: value for key, value in content.items() if not isinstance(value, list)}
        stack.publish_entry(uid, f"e{step}", {**content, "parts": [nested]})


STEPS = [("a", "a"), ("ba", "ab"), ("ab", "ba"), ("b", "ba"), ("", "ab")]
"""A field, a new one before it, both swapped, one removed, both; entries have them in any order."""


def values_of(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for column, value in row.items():
        if isinstance(value, str) and "value of " in value:
            yield column, value.partition("value of ")[2].partition('"')[0]


def columns_of(job: Job) -> dict[str, str]:
    """Return the key whose values each column holds, and check that it is only one."""
    _, rows, _ = read_warehouse(job.warehouse, "contentstack")
    found: dict[str, set[str]] = {}
    for table, each in rows.items():
        if table not in {"entry_history", "content_types"}:
            for row in each:
                for column, key in values_of(row):
                    found.setdefault(f"{table}.{column}", set()).add(key)
    assert {column: keys for column, keys in found.items() if len(keys) > 1} == {}
    return {column: key for column, (key,) in found.items()}


@pytest.fixture(params=[in_duckdb, in_delta], ids=["duckdb", "delta"])
def make_warehouse(request: pytest.FixtureRequest) -> MakesWarehouse:
    made: MakesWarehouse = request.param
    return made


def test_fields_whose_names_collide_keep_their_columns_when_the_model_changes(
    make_job: MakesJob, tmp_path: Path, make_warehouse: MakesWarehouse
) -> None:
    stack = Stack()
    job = make_job(stack, make_warehouse, HISTORY="true", RICH_TEXT="true")
    known: dict[str, str] = {}
    for step, (keys_in_model, keys_in_entry) in enumerate(STEPS):
        change(stack, step, keys_in_model, keys_in_entry)
        summary = run.sync(job.target)
        found = columns_of(job)
        assert known.items() <= found.items()
        known = found
        assert summary.variants == {}
        if step == 1:
            shutil.rmtree(tmp_path / "dlt")  # only the destination has the paths of columns
    run.resync(job.target)
    assert columns_of(job) == known
    if make_warehouse is in_duckdb:
        job.assert_rebuild_changes_nothing()
        assert columns_of(job) == known


def test_the_data_dictionary_names_the_field_of_each_column(make_job: MakesJob) -> None:
    stack = Stack()
    job = make_job(stack)
    for step, keys in enumerate(["a", "ba"]):
        change(stack, step, keys, keys)
        run.sync(job.target)
    table, documented = "", {}
    for line in describe(job.target).splitlines():
        table = line.removeprefix("### `").removesuffix("`") if line[:5] == "### `" else table
        cells = [cell.strip(" `") for cell in line.split("|")]
        if len(cells) == 6:
            documented[f"{table}.{cells[1]}"] = cells[4]
    for column, key in columns_of(job).items():
        if "_bare" not in column:
            assert key in documented[column].partition(" ")[0].split("."), column


def names_of(given: dict[str, ColumnKey | None], *paths: tuple[str, ...]) -> list[str]:
    names = ColumnNames(NAMES, given)
    return [names.assign(path) for path in paths]


def test_the_path_spelled_like_the_name_gets_it_among_new_paths() -> None:
    paths = [("subTitle",), ("title",), ("sub_title",), ("Sub-Title",)]
    names = ColumnNames(NAMES, {})
    ordered = names.in_order(paths, paths)
    assert ordered == [("sub_title",), ("Sub-Title",), ("subTitle",), ("title",)]
    assert names.in_order(paths[2:], paths[2:]) == [("sub_title",), ("Sub-Title",)]


def test_a_column_of_another_path_is_not_reused() -> None:
    assert names_of({"sub_title": None}, ("subTitle",)) == [f"sub_title_{digest('subTitle')}"]
    assert names_of({"a__b": None}, ("A", "b"), ("a", "b")) == [f"a__b_{digest('A', 'b')}", "a__b"]


def test_a_variant_and_a_field_of_its_name_get_separate_columns_in_any_order() -> None:
    field, variant = ("price", "v_text"), ("price",)
    for is_field_first in (True, False):
        names = ColumnNames(NAMES, {})
        if is_field_first:
            names.assign(field)
        beside = names.assign_form(variant, "v_text")
        columns = [beside, names.assign(field)]
        hints = names.hints(columns)
        again = ColumnNames(NAMES, {name: hints.get(name) for name in columns})
        assert again.assign_form(variant, "v_text") == beside
        assert again.assign(field) == columns[1] != beside


def test_elements_and_a_field_called_value_get_separate_columns() -> None:
    names = ColumnNames(NAMES, {"value": None}, is_list=True)
    assert names.assign(()) == "value"
    assert names.assign(("value",)) == f"value_{digest('value')}"
    first = ColumnNames(NAMES, {}, is_list=True)
    assert first.assign(("value",)) == "value"
    assert ColumnNames(NAMES, {"value": first.hints(["value"])["value"]}, is_list=True).assign(
        ()
    ) == (f"value_{digest()}")


def test_a_name_whose_digest_is_taken_gets_another_digest() -> None:
    first = f"sub_title_{digest('subTitle')}"
    found = names_of({"sub_title": None, first: None}, ("subTitle",), (first,))
    assert len({*found, "sub_title"}) == 3
    assert found[1] == first


def test_a_list_keeps_its_table_and_never_gets_that_of_another_list() -> None:
    names = ListNames(NAMES, {("relatedPosts",): "blog__related_posts"}, {"blog__tags"})
    assert names.assign("blog", ("relatedPosts",), ("relatedPosts",)) == "blog__related_posts"
    other = names.assign("blog", ("related_posts",), ("related_posts",))
    assert other == f"blog__related_posts_{digest('related_posts')}"
    assert names.assign("blog", ("tags",), ("tags",)) == f"blog__tags_{digest('tags')}"


def test_nested_lists_and_a_field_called_list_get_separate_tables() -> None:
    names = ListNames(NAMES, {})
    tables = [
        names.assign("blog__f", (), ("f", None)),
        names.assign("blog__f", ("list",), ("f", "list")),
    ]
    assert len(set(tables)) == 2
