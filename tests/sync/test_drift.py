"""Changing content models and extreme content, end to end."""

from __future__ import annotations

from typing import Any

import pytest

from contentstack_source.runs import run
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Stack
from tests.support.harness import Job

Fields = list[dict[str, Any]]
Step = tuple[Fields, dict[str, Any]]


def field(data_type: str, uid: str = "f", **more: Any) -> dict[str, Any]:
    return {"uid": uid, "data_type": data_type, **more}


def group(*fields: dict[str, Any], uid: str = "f", multiple: bool = False) -> dict[str, Any]:
    return field("group", uid, schema=list(fields), multiple=multiple)


TEXT, NUMBER, LIST = field("text"), field("number"), field("text", multiple=True)
REFERENCE = field("reference", reference_to=["author"])

DRIFT: dict[str, list[Step]] = {
    "added": [([], {}), ([TEXT], {"f": "new"}), ([TEXT, NUMBER | {"uid": "g"}], {"g": 1.5})],
    "removed": [([TEXT], {"f": "old"}), ([], {}), ([], {"g": 1})],
    "renamed": [([TEXT], {"f": "old"}), ([TEXT | {"uid": "g"}], {"g": "new"})],
    "retyped": [
        ([NUMBER], {"f": 1.5}),
        ([TEXT], {"f": "one"}),
        ([field("boolean")], {"f": True}),
        ([field("isodate")], {"f": "2026-01-31T00:00:00.000Z"}),
    ],
    "turned_multiple_and_back": [
        ([TEXT], {"f": "one"}),
        ([LIST], {"f": ["one", "two"]}),
        ([TEXT], {"f": "two"}),
    ],
    "group_turned_list_and_back": [
        ([group(NUMBER)], {"f": {"f": 1}}),
        ([group(NUMBER, multiple=True)], {"f": [{"f": 1}, {"f": 2}]}),
        ([group(NUMBER)], {"f": {"f": 2}}),
    ],
    "group_turned_text": [([group(TEXT)], {"f": {"f": "a"}}), ([TEXT], {"f": "b"})],
    "reference_turned_objects": [
        ([REFERENCE], {"f": ["blt1", "blt2"]}),
        ([REFERENCE], {"f": [{"uid": "blt1", "_content_type_uid": "author"}]}),
    ],
    "text_turned_rich": [
        ([TEXT], {"f": "plain"}),
        ([field("json")], {"f": {"type": "doc", "children": [{"text": "rich"}]}}),
    ],
}
"""Steps by content type: a model, and an entry published under it."""


@pytest.fixture
def stack() -> Stack:
    return Stack()


@pytest.mark.integration
def test_the_tables_follow_every_change_of_a_content_model(job: Job) -> None:
    found = RunSummary()
    for number in range(max(map(len, DRIFT.values()))):
        for uid, steps in DRIFT.items():
            if number < len(steps):
                schema, content = steps[number]
                change = job.stack.change_content_type if number else job.stack.create_content_type
                change(uid, schema)
                job.stack.publish_entry(uid, f"e{number}", content)  # stays as it was saved
                job.stack.publish_entry(uid, "every_time", content)
        summary = job.sync()
        found.unknown.update(summary.unknown)
        found.variants.update(summary.variants)
    assert found.unknown == {"removed.g": 2}
    assert found.variants.keys() == {
        "retyped.f__v_text",
        "retyped.f__v_bool",
        "text_turned_rich.f__v_json",
    }
    run.resync(job.target)  # old entries under the newest model
    job.assert_equal()


def test_a_content_type_recreated_under_the_same_uid_has_its_new_model(job: Job) -> None:
    job.stack.create_content_type("blog", [TEXT, group(LIST, uid="g", multiple=True)])
    for uid in ("stays_away", "comes_back"):
        job.stack.publish_entry("blog", uid, {"f": "old", "g": [{"f": ["a", "b"]}]})
    job.sync()
    job.stack.delete_content_type("blog")
    job.stack.create_content_type("blog", [NUMBER, group(NUMBER, uid="g")])
    job.stack.publish_entry("blog", "comes_back", {"f": 2.5, "g": {"f": 1}})
    job.sync()
    assert job.rows("SELECT uid FROM blog") == [("comes_back",)]


def nested(level: int, content: Any) -> Any:
    return content if not level else {"f": nested(level - 1, content)}


def nested_lists(level: int) -> Any:
    return "deep" if not level else [{"f": nested_lists(level - 1)}, {"g": level}]


def nested_model(level: int, *, multiple: bool) -> dict[str, Any]:
    return group(nested_model(level - 1, multiple=multiple), multiple=multiple) if level else TEXT


PLANES = [f"{chr(plane * 0x10000 + 0xABC)}{chr(plane * 0x10000 + 0xFFFD)}" for plane in range(17)]
INTEGERS = [2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30]

EXTREMES: dict[str, tuple[Fields, dict[str, Any]]] = {
    "thousand_fields": (
        [field("text", f"f{number}") for number in range(1000)],
        {f"f{number}": f"v{number}" for number in range(1000)},
    ),
    "thousand_fields_unknown": ([], {f"f{number}": number for number in range(1000)}),
    "eight_groups_deep": ([nested_model(8, multiple=False)], nested(9, "deep")),
    "eight_lists_deep": ([nested_model(8, multiple=True)], {"f": nested_lists(8)}),
    "eight_lists_deep_unknown": ([], {"f": nested_lists(8)}),
    "planes": ([TEXT, LIST | {"uid": "l"}], {"f": "".join(PLANES), "l": PLANES, "unknown": PLANES}),
    "integers": ([], {f"f{number}": each for number, each in enumerate(INTEGERS)}),
    "integers_modelled": (
        [field("number", f"f{number}") for number in range(len(INTEGERS))],
        {f"f{number}": each for number, each in enumerate(INTEGERS)},
    ),
    "nul": ([TEXT, LIST | {"uid": "l"}], {"f": "a\0b", "l": ["\0", "c\0"], "g\0h": "\0"}),
}


@pytest.mark.integration
def test_extreme_content_arrives_to_the_last_digit_and_character(job: Job) -> None:
    for uid, (schema, content) in EXTREMES.items():
        job.stack.create_content_type(uid, schema)
        job.stack.publish_entry(uid, "e1", content)
        job.stack.publish_entry(uid, "e2", {})
    job.sync()
    for uid, (_, content) in EXTREMES.items():
        job.stack.publish_entry(uid, "e2", content)
    job.sync()


def test_an_entry_of_ten_megabytes_arrives_whole(job: Job) -> None:
    job.stack.create_content_type("blog", [TEXT, LIST | {"uid": "l"}])
    content = {"f": "é" * 2_500_000, "l": ["x" * 1000] * 2500, "unknown": {"k": "y" * 2_500_000}}
    job.stack.publish_entry("blog", "big", content)
    job.stack.publish_entry("blog", "small", {"f": "small"})
    job.sync()


@pytest.mark.integration
def test_names_longer_than_a_file_name_stop_no_run(job: Job) -> None:
    job.stack.create_content_type("L" * 250, [TEXT])
    job.stack.create_content_type("con", [TEXT])  # not a valid file name on Windows
    long = {"a" * 200: {"b" * 200: [{"c" * 200: ["deep"]}]}}
    for uid in ("L" * 250, "con"):
        job.stack.publish_entry(uid, "e1", {"f": "in the row"} | long)
    job.run()
    tables = [name for (name,) in job.rows("SELECT table_name FROM duckdb_tables()")]
    lists = [name for name in tables if name.startswith(("l" * 90, "con_")) and "c" * 90 in name]
    assert len(lists) == 2
    for name in lists:
        assert job.rows(f'SELECT value FROM "{name}"') == [("deep",)]
    for uid in ("L" * 250, "con"):
        job.stack.delete_entry(uid, "e1")
    job.run()
    for name in lists:
        assert job.rows(f'SELECT value FROM "{name}"') == []
