"""Every permanent switch of the behavior, over a real connection."""

from __future__ import annotations

import json
import time
from collections import Counter

from contentstack_source.simulator import Behavior, Server, Stack
from tests.support.simulator_client import Item, ask, page, pages, publish_many


def items_of(server: Server, **query: str) -> list[Item]:
    return [item for each in pages(server, **query) for item in each["items"]]


def uids(items: list[Item]) -> list[str]:
    return [item["data"]["uid"] for item in items]


def test_oldest_first_reverses_the_whole_pass(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    publish_many(stack, 130)
    behavior.order = "oldest_first"
    assert uids(items_of(server, init="true")) == [f"a{number:03}" for number in range(130)]


def test_shuffled_mixes_the_pass_but_keeps_events_of_one_instant_newest_first(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    publish_many(stack, 100)
    with stack.same_instant():
        for number in range(20):
            stack.publish_entry("author", f"b{number:03}", {})
    default = uids(items_of(server, init="true"))
    behavior.order = "shuffled"
    mixed = uids(items_of(server, init="true"))
    assert mixed != default
    assert sorted(mixed) == sorted(default)
    assert [uid for uid in mixed if uid[0] == "b"] == default[:20]
    assert mixed[:20] != default[:20]
    assert uids(items_of(server, init="true")) == mixed  # the same on every run


def test_a_log_delta_has_every_event(stack: Stack, behavior: Behavior, server: Server) -> None:
    token = page(server, init="true")["sync_token"]
    for _ in range(2):
        stack.publish_entry("author", "a", {})
    stack.unpublish_entry("author", "a", "en-us")
    assert [item["type"] for item in items_of(server, sync_token=token)] == ["entry_unpublished"]
    behavior.delta = "log"
    sent = [item["type"] for item in items_of(server, sync_token=token)]
    assert sent == ["entry_unpublished", "entry_published", "entry_published"]


def test_counts_when_empty_adds_the_counts(behavior: Behavior, server: Server) -> None:
    behavior.counts_when_empty = True
    body = page(server, init="true")
    assert (body["skip"], body["limit"], body["total_count"]) == (0, 100, 0)


def test_deletes_may_have_the_title(stack: Stack, behavior: Behavior, server: Server) -> None:
    stack.publish_entry("author", "a", {"title": "Ada"})
    stack.publish_asset("c", {"title": "Cover"})
    token = page(server, init="true")["sync_token"]
    stack.unpublish_entry("author", "a", "en-us")
    stack.delete_asset("c")
    behavior.delete_data = "with_title"
    assert [item["data"] for item in items_of(server, sync_token=token)] == [
        {"uid": "c", "locale": "en-us", "title": "Cover"},
        {"uid": "a", "locale": "en-us", "title": "Ada"},
    ]


def test_deletes_without_locale_lack_it_only_when_no_locale_is_left(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    for locale in ("en-us", "de-de", "fr-fr"):
        stack.publish_entry("author", "a", {}, locale)
    token = page(server, init="true")["sync_token"]
    behavior.delete_data = "no_locale"
    stack.unpublish_entry("author", "a", "de-de")
    (partly,) = items_of(server, sync_token=token)
    assert partly["data"] == {"uid": "a", "locale": "de-de"}
    stack.delete_entry("author", "a")
    wholly, partly_again = items_of(server, sync_token=token)
    assert wholly["data"] == {"uid": "a"}
    assert wholly["type"] == "entry_deleted"
    assert partly_again == partly


def test_a_publish_may_invalidate_pagination_tokens(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    publish_many(stack, 101)
    behavior.invalidate_pagination_on_publish = True
    old = page(server, init="true")["pagination_token"]
    assert ask(server, pagination_token=old).status_code == 200
    stack.publish_entry("author", "late", {})
    rejected = ask(server, pagination_token=old)
    assert (rejected.status_code, rejected.json()["error_code"]) == (422, 141)
    assert rejected.json()["errors"] == {"pagination_token": ["is not valid."]}
    assert len(items_of(server, init="true")) == 102


def test_duplicate_events_come_twice_and_some_on_another_page(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    publish_many(stack, 120)
    behavior.duplicate_events = True
    found = pages(server, init="true")
    items = [json.dumps(item, sort_keys=True) for each in found for item in each["items"]]
    assert set(Counter(items).values()) == {2}
    assert {each["total_count"] for each in found} == {240}
    first, second = ({json.dumps(i) for i in each["items"]} for each in found[:2])
    assert first & second
    once = list(dict.fromkeys(items))
    instants = [json.loads(item)["event_at"] for item in once]
    assert instants == sorted(instants, reverse=True)


def test_published_items_may_lack_publish_details(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    stack.publish_entry("author", "a", {})
    stack.publish_asset("c")
    behavior.missing_publish_details = True
    assert ["publish_details" in item["data"] for item in items_of(server, init="true")] == [
        False,
        False,
    ]
    assert "publish_details" in stack.published_entries()["author", "a", "en-us"]["data"]


def test_an_empty_page_may_come_within_a_pass(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    behavior.empty_pages = True
    publish_many(stack, 100)
    assert len(pages(server, init="true")) == 1
    publish_many(stack, 250)
    found = pages(server, init="true")
    assert [len(each["items"]) for each in found] == [100, 100, 0, 50]
    assert "pagination_token" in found[2]


def test_assets_may_lack_the_content_type_uid(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    token = page(server, init="true")["sync_token"]
    stack.publish_entry("author", "a", {})
    stack.publish_asset("c")
    stack.publish_asset("d")
    stack.delete_asset("d")
    behavior.asset_without_content_type_uid = True
    sent = [item.get("content_type_uid") for item in items_of(server, sync_token=token)]
    assert sent == [None, None, "author"]


def test_a_pagination_token_may_lead_to_itself(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    publish_many(stack, 250)
    behavior.repeat_pagination_token = True
    first = page(server, init="true")
    token = first["pagination_token"]
    for _ in range(3):
        body = page(server, pagination_token=token)
        assert body["pagination_token"] == token
        assert body["items"] != first["items"]
        assert "sync_token" not in body


def test_a_deleted_content_type_may_send_an_event_per_entry(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    stack.publish_entry("author", "a", {})
    stack.publish_entry("author", "a", {}, "de-de")
    token = page(server, init="true")["sync_token"]
    stack.delete_content_type("author")
    assert [each["type"] for each in items_of(server, sync_token=token)] == ["content_type_deleted"]
    behavior.entry_deleted_with_content_type = True
    sent = [
        (each["type"], each["data"].get("locale")) for each in items_of(server, sync_token=token)
    ]
    assert sorted(sent, key=str) == [
        ("content_type_deleted", None),
        ("entry_deleted", "de-de"),
        ("entry_deleted", "en-us"),
    ]


def test_stale_deltas_repeat_the_response_before_the_change(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    token = page(server, init="true")["sync_token"]
    stack.publish_entry("author", "a", {})
    behavior.stale_deltas = 2
    for _ in range(2):
        assert page(server, sync_token=token) == {"items": [], "sync_token": token}
    assert uids(items_of(server, sync_token=token)) == ["a"]


def test_a_page_may_have_both_tokens(stack: Stack, behavior: Behavior, server: Server) -> None:
    publish_many(stack, 101)
    behavior.both_tokens = True
    assert {"pagination_token", "sync_token"} <= set(page(server, init="true"))


def test_a_page_may_have_no_token(stack: Stack, behavior: Behavior, server: Server) -> None:
    behavior.no_token = True
    assert page(server, init="true") == {"items": []}
    publish_many(stack, 1)
    assert set(page(server, init="true")) == {"items", "skip", "limit", "total_count"}


def test_every_response_may_be_slow(behavior: Behavior, server: Server) -> None:
    behavior.answer_seconds = 0.05
    started = time.perf_counter()
    page(server, init="true")
    assert time.perf_counter() - started >= 0.05


def test_content_types_may_be_forbidden(behavior: Behavior, server: Server) -> None:
    behavior.content_types_forbidden = True
    assert ask(server, "/content_types").status_code == 403
    assert ask(server, "/content_types/author").status_code == 403
    assert ask(server, init="true").status_code == 200


def test_raw_items_stay_unchanged_under_any_behavior(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    raw = [
        {"type": "entry_deleted", "event_at": "2026-01-03", "data": {}},
        {"type": "asset_published", "event_at": "2026-01-02", "data": None},
        {"type": "entry_published", "event_at": "2026-01-01", "data": "text"},
    ]
    token = page(server, init="true")["sync_token"]
    for item in raw:
        stack.emit_raw(item)
    behavior.delete_data = "with_title"
    behavior.missing_publish_details = True
    behavior.asset_without_content_type_uid = True
    assert items_of(server, sync_token=token) == raw
