"""Objects whose keys are data stay JSON; groups of fields become columns, however many."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from contentstack_source.column_names import ColumnKey
from contentstack_source.schema import DestinationTable

Load = Callable[..., Any]


def variants(first: int, count: int) -> dict[str, Any]:
    """Return variants of an entry: one object per uid."""
    return {
        f"cs{number:06x}": {"title": f"t{number}", "is_on": True, "price": number, "note": None}
        for number in range(first, first + count)
    }


def json_of(found: Any, field: str = "f") -> list[Any]:
    cells = [row.get(field) for row in found.rows["blog"]]
    return [None if cell is None else json.loads(cell) for cell in cells]


@pytest.mark.parametrize("schema", [None, []])
def test_an_object_of_many_similar_objects_is_kept_as_json(
    loaded: Load, schema: list[dict[str, Any]] | None
) -> None:
    entries = [{"f": variants(80 * number, 80)} for number in range(5)]
    found = loaded(*entries, schema=schema)
    assert found.types["blog"]["f"] == "json"
    assert sorted(json_of(found), key=str) == sorted((each["f"] for each in entries), key=str)
    assert not any(name.startswith("f__") for name in found.types["blog"])
    assert found.drift.unknown == {"blog.f": 5}


def test_a_map_in_a_group_and_in_a_list_is_kept_as_json(loaded: Load) -> None:
    found = loaded({"g": {"f": variants(0, 20)}, "l": [{"f": variants(0, 20)}, variants(0, 20)]})
    assert json.loads(found.row("blog")["g__f"]) == variants(0, 20)
    assert [json.loads(cell) for cell in found.column("blog__l", "f") if cell] == [variants(0, 20)]


MAPS: dict[str, Any] = {
    "objects": variants(0, 20),
    "objects and nulls": {**variants(0, 19), "cs": None},
    "objects that lack a key now and then": {
        **variants(0, 19),
        "cs": {"title": "t", "is_on": False, "price": 1},
    },
    "lists": {f"k{number}": [number] for number in range(20)},
    "texts": {f"k{number}": "x" for number in range(100)},
    "numbers": {f"k{number}": number / 2 for number in range(100)},
    "booleans": {f"k{number}": True for number in range(100)},
}


@pytest.mark.parametrize("content", MAPS.values(), ids=MAPS)
def test_many_similar_values_are_a_map(loaded: Load, content: dict[str, Any]) -> None:
    assert json_of(loaded({"f": content})) == [content]


GROUPS: dict[str, Any] = {
    "few objects": variants(0, 19),
    "some texts": {f"k{number}": "x" for number in range(99)},
    "objects of many shapes": {f"k{number}": {f"a{number}": 1} for number in range(20)},
    "values of many kinds": {f"k{number}": [1, "x", {"a": 1}][number % 3] for number in range(30)},
    "texts and numbers": {f"k{number}": [1, "x"][number % 2] for number in range(100)},
}


@pytest.mark.parametrize("content", GROUPS.values(), ids=GROUPS)
def test_other_objects_become_columns(loaded: Load, content: dict[str, Any]) -> None:
    found = loaded({"f": content})
    assert "f" not in found.types["blog"]
    assert sum(name.startswith("f__") for name in found.types["blog"]) >= 19


def test_a_group_of_the_model_is_not_a_map(loaded: Load) -> None:
    inner = [{"uid": "title", "data_type": "text"}]
    groups = [{"uid": key, "data_type": "group", "schema": inner} for key in variants(0, 30)]
    schema = [{"uid": "f", "data_type": "group", "schema": groups}]
    found = loaded({"f": {key: {"title": "x"} for key in variants(0, 30)}}, schema=schema)
    assert found.types["blog"]["f__cs000000__title"] == "text"


def test_a_map_that_grows_key_by_key_becomes_json_once_it_is_large(loaded: Load) -> None:
    known = DestinationTable({f"f__{key}__title": "text" for key in variants(0, 15)})
    found = loaded({"f": variants(15, 5)}, existing={"blog": known})
    assert json_of(found) == [variants(15, 5)]
    few = loaded({"f": variants(15, 4)}, existing={"blog": known})
    assert "f" not in few.types["blog"]


def test_a_map_stays_json_with_few_new_keys(loaded: Load) -> None:
    known = {"blog": DestinationTable({"f": "json"})}
    assert json_of(loaded({"f": variants(0, 1)}, existing=known)) == [variants(0, 1)]
    hinted = {"blog": DestinationTable({"f": "json"}, keys={"f": ColumnKey(("F",))})}
    assert json_of(loaded({"F": variants(0, 1)}, existing=hinted)) == [variants(0, 1)]
