"""Edits of a stack, as the simulator serves them."""

from __future__ import annotations

import random
import threading
import time

import pytest

from contentstack_source.simulator import Server, Stack, edit
from tests.support.simulator_client import Item, ask, page, types_and_uids, whole_pass


def test_an_object_is_deleted_only_where_it_is_published(
    stack: Stack,
    server: Server,
) -> None:
    _, token = whole_pass(server, init="true")
    stack.unpublish_entry("author", "never", "en-us")
    stack.delete_entry("author", "never")
    stack.unpublish_asset("never", "en-us")
    stack.delete_asset("never", "en-us")
    assert page(server, sync_token=token)["items"] == []
    for locale in ("en-us", "de-de", "fr-fr"):
        stack.publish_entry("author", "a", {}, locale)
        stack.publish_asset("c", locale=locale)
    stack.unpublish_entry("author", "a", "de-de")
    stack.unpublish_asset("c", "de-de")
    assert set(stack.published_entries()) == {("author", "a", "en-us"), ("author", "a", "fr-fr")}
    assert set(stack.published_assets()) == {("c", "en-us"), ("c", "fr-fr")}
    _, token = whole_pass(server, sync_token=token)
    stack.delete_entry("author", "a")
    stack.delete_asset("c")
    items, _ = whole_pass(server, sync_token=token)
    assert sorted((*types_and_uids([item])[0], item["data"]["locale"]) for item in items) == [
        ("asset_deleted", "c", "en-us"),
        ("asset_deleted", "c", "fr-fr"),
        ("entry_deleted", "a", "en-us"),
        ("entry_deleted", "a", "fr-fr"),
    ]
    assert stack.published_entries() == {}
    assert stack.published_assets() == {}


def test_a_deleted_content_type_deletes_its_entries_and_may_be_recreated(
    stack: Stack,
    server: Server,
) -> None:
    stack.publish_entry("author", "a", {})
    stack.publish_entry("author", "a", {}, "de-de")
    stack.publish_entry("book", "b", {})
    _, token = whole_pass(server, init="true")
    stack.delete_content_type("author")
    assert set(stack.published_entries()) == {("book", "b", "en-us")}
    assert set(stack.content_types) == {"book"}
    assert ask(server, "/content_types/author").status_code == 422
    with pytest.raises(ValueError, match="create it first"):
        stack.publish_entry("author", "a", {})
    stack.create_content_type("author", [{"uid": "title", "data_type": "text"}])
    stack.publish_entry("author", "a", {})
    items, _ = whole_pass(server, sync_token=token)
    assert [item["type"] for item in items] == ["entry_published", "content_type_deleted"]
    assert items[0]["data"]["_version"] == 1


def test_a_changed_content_type_sends_no_event(stack: Stack, server: Server) -> None:
    _, token = whole_pass(server, init="true")
    stack.change_content_type("author", [{"uid": "title", "data_type": "text"}])
    assert page(server, sync_token=token) == {"items": [], "sync_token": token}
    model = ask(server, "/content_types/author").json()["content_type"]
    assert model["_version"] == 2
    assert model["schema"] == [{"uid": "title", "data_type": "text"}]


def test_versions_count_publishes_of_a_locale_and_restart_after_a_delete(
    stack: Stack,
) -> None:
    def version() -> int:
        found: int = stack.published_entries()["author", "a", "en-us"]["data"]["_version"]
        return found

    stack.publish_entry("author", "a", {})
    stack.publish_entry("author", "a", {}, "de-de")
    stack.publish_entry("author", "a", {})
    assert version() == 2
    stack.unpublish_entry("author", "a", "en-us")
    stack.publish_entry("author", "a", {})
    assert version() == 3
    stack.delete_entry("author", "a")
    stack.publish_entry("author", "a", {})
    assert version() == 1


def test_what_is_published_is_listed_in_the_order_of_publishing(stack: Stack) -> None:
    for uid in ("a", "b", "a"):
        stack.publish_entry("author", uid, {})
    assert [uid for _, uid, _ in stack.published_keys()] == ["b", "a"]


def test_events_of_one_instant_are_listed_newest_first(stack: Stack, server: Server) -> None:
    with stack.same_instant():
        for uid in ("a", "b", "c"):
            stack.publish_entry("author", uid, {})
    stack.publish_entry("author", "d", {})
    items, _ = whole_pass(server, init="true")
    assert [item["data"]["uid"] for item in items] == ["d", "c", "b", "a"]
    assert len({item["event_at"] for item in items}) == 2


def test_a_field_overrides_a_system_key_of_its_name(stack: Stack, server: Server) -> None:
    stack.publish_entry("author", "a", {"locale": "tlh", "tags": "x", "_version": 9})
    (item,) = page(server, init="true", locale="en-us")["items"]
    data = item["data"]
    assert (data["locale"], data["tags"], data["_version"]) == ("tlh", "x", 9)


def test_what_is_published_cannot_be_changed_from_outside(stack: Stack, server: Server) -> None:
    schema: list[Item] = [{"uid": "list", "data_type": "number", "multiple": True}]
    stack.change_content_type("author", schema)
    stack.create_content_type("other", schema)
    schema[0]["data_type"] = "text"
    for uid in ("author", "other"):
        assert stack.content_types[uid]["schema"][0]["data_type"] == "number"
    fields = {"list": [1, 2]}
    stack.publish_entry("author", "a", fields)
    fields["list"].append(3)
    next(iter(stack.published_entries().values()))["data"]["list"].append(4)
    (item,) = page(server, init="true")["items"]
    assert item["data"]["list"] == [1, 2]


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"type": "entry_frobnicated", "event_at": "2017-11-23T00:00:000Z", "data": {"uid": "1"}},
        {"type": "entry_published", "event_at": 7, "data": None},
        {"type": None, "data": {"uid": 3, "publish_details": "gone"}},
        ["no object at all"],
        None,
    ],
)
def test_malformed_items_are_served_unchanged(
    stack: Stack,
    server: Server,
    item: object,
) -> None:
    _, token = whole_pass(server, init="true")
    stack.emit_raw(item)
    assert whole_pass(server, init="true")[0] == [item]
    assert whole_pass(server, sync_token=token)[0] == [item]
    assert stack.published_entries() == {}


def test_raw_items_are_never_collapsed(stack: Stack, server: Server) -> None:
    item = {"type": "entry_published", "event_at": "2026", "data": {"uid": "1", "locale": "x"}}
    _, token = whole_pass(server, init="true")
    stack.emit_raw(item)
    stack.emit_raw(item)
    assert whole_pass(server, init="true")[0] == [item, item]
    assert whole_pass(server, sync_token=token)[0] == [item, item]


def test_editors_may_work_while_the_server_is_read(stack: Stack, server: Server) -> None:
    def work() -> None:
        rng = random.Random(3)
        for _ in range(300):
            edit(stack, rng)
            time.sleep(0.0005)

    editor = threading.Thread(target=work)
    editor.start()
    seen, token = whole_pass(server, init="true")
    while editor.is_alive():
        items, token = whole_pass(server, sync_token=token)
        seen += items
    editor.join()
    seen += whole_pass(server, sync_token=token)[0]
    published = [*stack.published_entries().values(), *stack.published_assets().values()]
    assert [item for item in published if item not in seen] == []


def test_a_pass_is_not_frozen_during_an_edit(stack: Stack, server: Server) -> None:
    answers: list[Item] = []
    reader = threading.Thread(target=lambda: answers.append(page(server, init="true")))
    with stack.lock:
        stack.publish_entry("author", "a", {})
        reader.start()
        reader.join(0.1)
        assert answers == []
        stack.publish_entry("author", "b", {})
    reader.join()
    assert types_and_uids(answers[0]["items"]) == [
        ("entry_published", "b"),
        ("entry_published", "a"),
    ]
