"""The items of a pass of the simulator, for each call and filter."""

from __future__ import annotations

import pytest

from contentstack_source.simulator import Server, Stack, serve
from tests.support.simulator_client import page, types_and_uids, whole_pass


def test_an_init_holds_what_is_published_and_nothing_else(stack: Stack, server: Server) -> None:
    stack.publish_entry("author", "a", {"title": "Ada"})
    stack.publish_entry("author", "a", {"title": "Ada!"})
    stack.publish_entry("author", "b", {}, "de-de")
    stack.unpublish_entry("author", "b", "de-de")
    stack.publish_asset("c", {"title": "Cover"})
    items, _ = whole_pass(server, init="true")
    assert types_and_uids(items) == [("asset_published", "c"), ("entry_published", "a")]
    assert items[0] == stack.published_assets()["c", "en-us"]
    assert items[1] == stack.published_entries()["author", "a", "en-us"]
    assert (items[1]["data"]["title"], items[1]["data"]["_version"]) == ("Ada!", 2)


def test_a_delta_holds_the_latest_of_each_object_newest_first(
    stack: Stack,
    server: Server,
) -> None:
    stack.publish_entry("book", "b", {})
    _, token = whole_pass(server, init="true")
    stack.publish_entry("author", "a", {})
    stack.publish_entry("author", "a", {})
    stack.unpublish_entry("book", "b", "en-us")
    stack.publish_asset("c")
    stack.delete_asset("c")
    stack.delete_content_type("book")
    items, _ = whole_pass(server, sync_token=token)
    assert types_and_uids(items) == [
        ("content_type_deleted", None),
        ("asset_deleted", "c"),
        ("entry_unpublished", "b"),
        ("entry_published", "a"),
    ]
    assert items[0]["content_type_uid"] == "book"
    assert items[0]["data"] == {}
    assert items[1]["data"] == {"uid": "c", "locale": "en-us"}
    assert items[2]["data"] == {"uid": "b", "locale": "en-us"}


def test_a_pass_is_a_frozen_snapshot_and_the_next_delta_has_the_rest(
    stack: Stack,
    server: Server,
) -> None:
    for number in range(250):
        stack.publish_entry("author", f"a{number:03}", {})
    first = page(server, init="true")
    stack.publish_entry("author", "late", {})
    stack.delete_entry("author", "a000")
    second = page(server, pagination_token=first["pagination_token"])
    third = page(server, pagination_token=second["pagination_token"])
    everything = first["items"] + second["items"] + third["items"]
    assert [item["data"]["uid"] for item in everything] == [f"a{n:03}" for n in range(249, -1, -1)]
    assert [body["skip"] for body in (first, second, third)] == [0, 100, 200]
    assert {body["total_count"] for body in (first, second, third)} == {250}
    items, _ = whole_pass(server, sync_token=third["sync_token"])
    assert types_and_uids(items) == [("entry_deleted", "a000"), ("entry_published", "late")]


def test_a_sync_token_can_be_used_again_and_moves_only_when_an_event_passes_its_filters(
    stack: Stack,
    server: Server,
) -> None:
    _, token = whole_pass(server, init="true", content_type_uid="book")
    stack.publish_entry("author", "a", {})
    assert page(server, sync_token=token) == {"items": [], "sync_token": token}
    stack.publish_entry("book", "b", {})
    items, new = whole_pass(server, sync_token=token)
    assert whole_pass(server, sync_token=token)[0] == items
    assert types_and_uids(items) == [("entry_published", "b")]
    assert new != token
    assert page(server, sync_token=new) == {"items": [], "sync_token": new}


def test_a_content_type_filter_includes_its_own_deletion_but_no_assets(
    stack: Stack,
    server: Server,
) -> None:
    stack.publish_entry("book", "b", {})
    stack.publish_asset("c")
    items, token = whole_pass(server, init="true", content_type_uid="book")
    assert types_and_uids(items) == [("entry_published", "b")]
    assert page(server, init="true", content_type_uid="sys_assets")["items"] == []
    stack.delete_content_type("author")
    stack.delete_content_type("book")
    items, _ = whole_pass(server, sync_token=token)
    assert [item["content_type_uid"] for item in items] == ["book"]


def test_the_locale_filter_applies_to_the_publish_locale(stack: Stack, server: Server) -> None:
    stack.publish_entry("author", "own", {}, "de-de")
    stack.publish_entry("author", "fallback", {}, "de-de", content_locale="en-us")
    stack.publish_entry("author", "english", {}, "en-us")
    stack.publish_asset("picture", locale="de-de")
    items, token = whole_pass(server, init="true", locale="de-de")
    assert [item["data"]["uid"] for item in items] == ["picture", "fallback", "own"]
    assert [item["data"].get("locale") for item in items] == [None, "en-us", "de-de"]
    stack.delete_entry("author", "english")
    stack.delete_entry("author", "own")
    stack.delete_content_type("book")  # applies to every locale
    items, _ = whole_pass(server, sync_token=token)
    assert types_and_uids(items) == [("content_type_deleted", None), ("entry_deleted", "own")]


@pytest.mark.parametrize(
    ("start_from", "uids"),
    [
        ("2026-03-01T00:00:01.009Z", ["new"]),
        ("2026-03-01T00:00:01.010Z", []),
        ("2026-03-01T00:00:01Z", ["new"]),
        ("2026-03-01T02:00:01.009+02:00", ["new"]),
        ("2026-03-01T02:00:01.010+02:00", []),
        ("2026-03-01", ["new"]),
        ("2026-02-01", ["new", "old"]),
        ("2026-03-02", []),
        ("yesterday", []),
    ],
)
def test_start_from_includes_events_from_that_instant_on(start_from: str, uids: list[str]) -> None:
    stack = Stack(start="2026-03-01T00:00:00Z")
    old, new = "2026-02-28T23:59:59.000Z", "2026-03-01T00:00:01.009Z"
    for uid, at in (("old", old), ("new", new)):
        stack.emit_raw({"type": "entry_published", "event_at": at, "data": {"uid": uid}})
    with serve(stack) as server:
        items = page(server, init="true", start_from=start_from)["items"]
    assert [item["data"]["uid"] for item in items] == uids


def test_an_explicit_type_holds_for_the_whole_chain(stack: Stack, server: Server) -> None:
    stack.publish_entry("author", "a", {})
    stack.publish_asset("c")
    items, token = whole_pass(server, init="true", type=" entry_published , asset_deleted")
    assert types_and_uids(items) == [("entry_published", "a")]
    stack.publish_asset("d")
    stack.delete_asset("c")
    stack.unpublish_entry("author", "a", "en-us")
    items, _ = whole_pass(server, sync_token=token)
    assert types_and_uids(items) == [("asset_deleted", "c")]


def test_an_init_of_a_delete_type_has_the_history_of_deletes(
    stack: Stack,
    server: Server,
) -> None:
    for _ in range(2):
        stack.publish_entry("author", "a", {})
        stack.delete_entry("author", "a")
    stack.publish_entry("author", "a", {})
    items, _ = whole_pass(server, init="true", type="entry_deleted,entry_published")
    assert types_and_uids(items) == [
        ("entry_published", "a"),
        ("entry_deleted", "a"),
        ("entry_deleted", "a"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"content_type_uid": "nothing"},
        {"locale": "tlh"},
        {"type": "entry_frobnicated"},
        {"environment": "nowhere"},
        {"start_from": "2999-01-01"},
    ],
)
def test_an_unknown_filter_value_gives_an_empty_result(
    stack: Stack,
    server: Server,
    query: dict[str, str],
) -> None:
    stack.publish_entry("author", "a", {})
    body = page(server, init="true", **query)
    assert set(body) == {"items", "sync_token"}
    assert body["items"] == []


def test_unknown_parameters_are_ignored(stack: Stack, server: Server) -> None:
    stack.publish_entry("author", "a", {})
    query = {"limit": "1", "cb": "7", "start_date": "2999-01-01", "environment": "production"}
    assert len(page(server, init="true", **query)["items"]) == 1


def test_passes_of_one_moment_have_their_own_tokens(stack: Stack, server: Server) -> None:
    for number in range(101):
        stack.publish_entry("author", f"a{number:03}", {})
    one, other = page(server, init="true"), page(server, init="true")
    assert one.pop("pagination_token") != other.pop("pagination_token")
    assert one == other


def test_an_init_after_an_event_has_it(stack: Stack, server: Server) -> None:
    stack.publish_entry("author", "a", {})
    whole_pass(server, init="true")
    stack.publish_entry("author", "b", {})
    items, _ = whole_pass(server, init="true")
    assert types_and_uids(items) == [("entry_published", "b"), ("entry_published", "a")]


def test_an_init_with_other_filters_or_behavior_is_a_different_pass(
    stack: Stack,
    server: Server,
) -> None:
    stack.publish_entry("author", "a", {})
    stack.publish_entry("book", "b", {})
    whole_pass(server, init="true")
    only_books, _ = whole_pass(server, init="true", content_type_uid="book")
    assert types_and_uids(only_books) == [("entry_published", "b")]
    server.behavior.order = "oldest_first"
    items, _ = whole_pass(server, init="true")
    assert types_and_uids(items) == [("entry_published", "a"), ("entry_published", "b")]
