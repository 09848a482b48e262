"""The stream leads to what is published under any behavior and after any edits."""

from __future__ import annotations

import dataclasses
import random

import pytest

from contentstack_source.simulator import Behavior, Stack, demo_stack, edit, serve
from tests.support.simulator_client import Item, pages

Table = dict[tuple[bool, str, str, str], Item]
"""Data by (is an asset, content_type_uid, uid, locale)."""


def apply_pass(table: Table, items: list[Item]) -> None:
    """Apply a pass to a table; the first of equal instants is the newest."""
    ascending = items[::-1]
    ascending.sort(key=lambda each: str(each["event_at"]))  # stable: ties stay in their order
    for item in ascending:
        data, is_asset = item["data"], item["type"].startswith("asset_")
        kind = "sys_assets" if is_asset else item["content_type_uid"]
        if item["type"] == "content_type_deleted":
            drop(table, (False, kind))
        elif item["type"].endswith("_published"):
            table[is_asset, kind, data["uid"], data["publish_details"]["locale"]] = data
        elif "locale" in data:
            table.pop((is_asset, kind, data["uid"], data["locale"]), None)
        else:
            drop(table, (is_asset, kind, data["uid"]))


def drop(table: Table, beginning: tuple[object, ...]) -> None:
    for key in [each for each in table if each[: len(beginning)] == beginning]:
        del table[key]


def published(stack: Stack) -> Table:
    entries = {(False, *key): item["data"] for key, item in stack.published_entries().items()}
    assets = {
        (True, "sys_assets", *key): item["data"] for key, item in stack.published_assets().items()
    }
    return entries | assets


def switches(behavior: Behavior) -> list[tuple[str, object]]:
    names = [field.name for field in dataclasses.fields(behavior) if field.init and field.compare]
    return [(name, getattr(behavior, name)) for name in names]


def differences(behavior: Behavior) -> str:
    """Return the switches that differ from the default."""
    changed = set(switches(behavior)) - set(switches(Behavior()))
    return ",".join(sorted(name if value is True else str(value) for name, value in changed))


@pytest.mark.parametrize(
    "behavior",
    [
        Behavior(),
        Behavior(order="oldest_first"),
        Behavior(order="shuffled"),
        Behavior(delta="log"),
        Behavior(delta="log", order="shuffled", duplicate_events=True),
        Behavior(delta="log", order="oldest_first", duplicate_events=True),
        Behavior(delete_data="no_locale", delta="log"),
        Behavior(delete_data="no_locale"),
        Behavior(delete_data="with_title", asset_without_content_type_uid=True),
        Behavior(entry_deleted_with_content_type=True, empty_pages=True),
        Behavior(entry_deleted_with_content_type=True, delete_data="no_locale", delta="log"),
        Behavior(duplicate_events=True, delete_data="no_locale", order="shuffled", delta="log"),
    ],
    ids=differences,
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_stream_compacts_to_what_is_published_after_any_edits(
    behavior: Behavior,
    seed: int,
) -> None:
    stack, rng, table = demo_stack(120, seed=seed), random.Random(seed), Table()
    with serve(stack, behavior) as server:
        query = {"init": "true"}
        for _ in range(8):
            found = pages(server, **query)
            items = [item for each in found for item in each["items"]]
            apply_pass(table, items[::-1] if behavior.order == "oldest_first" else items)
            assert table == published(stack)
            query = {"sync_token": found[-1]["sync_token"]}
            for _ in range(rng.randint(0, 60)):
                edit(stack, rng)
