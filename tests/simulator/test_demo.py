"""The stack of the demo, and its edits."""

from __future__ import annotations

import json
import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from contentstack_source.simulator import demo_stack, edit, editors_at_work
from contentstack_source.simulator.publishing_hours import EDITORS

if TYPE_CHECKING:
    from collections.abc import Iterator

Item = dict[str, Any]


@pytest.mark.parametrize("entries", [0, 7, 500])
def test_the_demo_stack_has_as_many_published_rows_as_asked_for(entries: int) -> None:
    stack = demo_stack(entries)
    assets = len(stack.published_assets())
    assert assets + len(stack.published_entries()) == entries
    assert assets == round(entries / 10)


def test_the_demo_stack_is_the_same_for_the_same_seed() -> None:
    assert demo_stack(60).published_entries() == demo_stack(60).published_entries()
    assert demo_stack(60).published_entries() != demo_stack(60, seed=8).published_entries()


def test_the_demo_stack_has_three_locales_and_fallbacks_and_bulk_publishes() -> None:
    entries = demo_stack(500).published_entries()
    assert {locale for _, _, locale in entries} == {"en-us", "de-de", "fr-fr"}
    fallbacks = [key for key, item in entries.items() if item["data"]["locale"] != key[2]]
    assert 0 < len(fallbacks) < len(entries) / 2
    assert len({item["event_at"] for item in entries.values()}) < len(entries)


def test_editors_publish_by_day_and_on_weekdays_for_a_year_and_a_half() -> None:
    entries = demo_stack(500, until="2026-03-14T15:00:00Z").published_entries().values()
    published = [
        datetime.fromisoformat(item["event_at"].replace("Z", "+00:00")) for item in entries
    ]
    assert published == sorted(published)
    assert published[-1].strftime("%Y-%m-%dT%H") <= "2026-03-14T15"
    assert (published[-1] - published[0]).days > 365
    assert sum(moment.weekday() < 5 for moment in published) > 0.9 * len(published)
    assert sum(6 <= moment.hour < 20 for moment in published) > 0.85 * len(published)


def test_several_editors_write_and_most_entries_wait_for_publishing() -> None:
    data = [item["data"] for item in demo_stack(500).published_entries().values()]
    assert {each["publish_details"]["user"] for each in data} == set(EDITORS)
    assert {each["created_by"] for each in data} == set(EDITORS)
    assert all(each["created_at"] <= each["updated_at"] for each in data)
    waited = [each["updated_at"][:16] < each["publish_details"]["time"][:16] for each in data]
    assert sum(waited) > len(waited) / 2


def test_an_eighth_of_the_assets_is_unused() -> None:
    stack = demo_stack(2000)
    assets = {uid for uid, _ in stack.published_assets()}
    content = json.dumps([item["data"] for item in stack.published_entries().values()])
    unused = [uid for uid in assets if uid not in content]
    assert len(unused) == len(assets) // 8


def test_the_demo_model_uses_every_kind_of_field() -> None:
    stack = demo_stack(0)
    found = {
        signature(field)
        for model in stack.content_types.values()
        for field in walk(model["schema"])
    }
    assert found >= {
        ("text", False, None),
        ("text", True, None),
        ("text", False, "multiline"),
        ("text", False, "allow_rich_text"),
        ("text", False, "markdown"),
        ("text", False, "enum"),
        ("text", True, "enum"),
        ("number", False, None),
        ("boolean", False, None),
        ("isodate", False, None),
        ("file", False, None),
        ("file", True, None),
        ("link", False, None),
        ("link", True, None),
        ("reference", False, "one"),
        ("reference", False, "many"),
        ("reference", False, "old"),
        ("group", False, None),
        ("group", True, None),
        ("global_field", False, None),
        ("blocks", True, None),
        ("json", False, "allow_json_rte"),
        ("json", False, "extension"),
        ("taxonomy", True, None),
    }


def walk(schema: list[Item]) -> Iterator[Item]:
    for field in schema:
        yield field
        yield from walk(field.get("schema", []))
        for block in field.get("blocks", []):
            yield from walk(block["schema"])


def signature(field: Item) -> tuple[str, bool, str | None]:
    kind: str | None = None
    if field["data_type"] == "reference":
        to = field["reference_to"]
        kind = "old" if isinstance(to, str) else "one" if len(to) == 1 else "many"
    for flag in ("multiline", "allow_rich_text", "markdown", "allow_json_rte", "extension"):
        kind = flag if field["field_metadata"].get(flag) else kind
    kind = "enum" if "enum" in field else kind
    return field["data_type"], field["multiple"], kind


ELEMENTS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float, type(None)),
    "boolean": (bool, type(None)),
    "isodate": (str, type(None)),
    "file": (str, type(None)),
    "link": (dict,),
    "group": (dict,),
    "global_field": (dict,),
    "blocks": (dict,),
    "json": (dict,),
    "taxonomy": (dict,),
    "reference": (str, dict),
}


def assert_fits(schema: list[Item], data: Item) -> None:
    for field in schema:
        value, kind = data[field["uid"]], field["data_type"]
        is_list = field["multiple"] or kind == "reference"
        assert isinstance(value, list) == is_list, field["uid"]
        elements: list[Any] = value if is_list else [value]
        for each in elements:
            assert type(each) in ELEMENTS[kind], field["uid"]
            if "enum" in field:
                assert {"value": each} in field["enum"]["choices"]
            if "blocks" in field:
                (block,) = (block for block in field["blocks"] if block["uid"] in each)
                assert_fits(block["schema"], each[block["uid"]])
            assert_fits(field.get("schema", []), each)


def test_every_demo_entry_fits_its_model() -> None:
    stack = demo_stack(600)
    for (kind, _, _), item in stack.published_entries().items():
        assert_fits(stack.content_types[kind]["schema"], item["data"])


def test_the_edits_of_the_demo_return_what_happened() -> None:
    stack = demo_stack(600)
    before = stack.published_entries()
    sentences = editors_at_work(stack)
    again = demo_stack(600)
    assert editors_at_work(again) == sentences
    assert again.published_entries() == stack.published_entries()
    events = sum(1 for key in before if key[0] == "event")
    assert f"of which {events} entries were published" in " ".join(sentences)
    assert "event" not in stack.content_types
    assert stack.content_types["product"]["_version"] == 2
    assert stack.content_types["product"]["schema"][-1]["uid"] == "energy_label"
    products = [
        item["data"] for key, item in stack.published_entries().items() if key[0] == "product"
    ]
    assert sum("energy_label" in data for data in products) == 20
    after = stack.published_entries()
    revised = [key for key, item in after.items() if item["data"]["title"].endswith("(revised)")]
    assert len(revised) == 25
    for key in revised:
        keywords = before[key]["data"]["keywords"]
        assert after[key]["data"]["keywords"] == keywords[:-1]
    assert {event.type for event in stack.events()} == {
        f"{kind}_{action}"
        for kind in ("entry", "asset")
        for action in ("published", "unpublished", "deleted")
    } | {"content_type_deleted"}


def test_the_edits_of_the_demo_work_on_the_smallest_stacks() -> None:
    for entries in (0, 1, 10):
        assert len(editors_at_work(demo_stack(entries))) == 7


def test_random_edits_return_what_they_did_and_are_the_same_for_the_same_seed() -> None:
    first, second = demo_stack(40), demo_stack(40)
    ours, theirs = random.Random(5), random.Random(5)
    sentences = [edit(first, ours) for _ in range(300)]
    assert sentences == [edit(second, theirs) for _ in range(300)]
    assert first.published_entries() == second.published_entries()
    assert {sentence.split()[0] for sentence in sentences} >= {
        "published",
        "unpublished",
        "deleted",
    }
