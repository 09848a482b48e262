"""Fields whose names collide, end to end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from contentstack_source.dataset.data_dictionary import describe
from contentstack_source.runs import run
from contentstack_source.simulator import Stack
from tests.support.harness import Job, MakesJob
from tests.support.oracle_reading import read_warehouse
from tests.support.warehouses import MakesWarehouse, at

Field = dict[str, Any]


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


@pytest.mark.integration
@at("duckdb", "delta")
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
    if not job.warehouse.has_nested_lists:
        job.assert_rebuild_changes_nothing()
        assert columns_of(job) == known


@pytest.mark.integration
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
