"""The sync protocol: the next request, and invalid responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from contentstack_source.api.sync_protocol import Page, Query, is_json_object, parse_page, walk
from contentstack_source.errors import InvalidResponseError, PaginationLoopError

INIT = {"init": "true"}


def answer(*items: int, **more: Any) -> bytes:
    return json.dumps({"items": [{"n": item} for item in items], **more}).encode()


def following(pages: dict[str, bytes], asked: list[Query]) -> Callable[[Query], bytes]:
    """Return a service that has a page for each token, and records its requests."""

    def fetch(query: Query) -> bytes:
        asked.append(query)
        return pages[query.get("pagination_token", "start")]

    return fetch


WHOLE = {
    "start": answer(1, 2, pagination_token="p1"),
    "p1": answer(pagination_token="p2"),
    "p2": answer(3, sync_token="s1"),
}


def test_a_page_has_the_token_of_the_next_request() -> None:
    body = answer(1, 2, total_count=129, skip=0, limit=100, pagination_token="p1")
    assert parse_page(body) == Page(body, 2, 129, "p1", None)
    body = answer(total_count=129, sync_token="s1")
    assert parse_page(body) == Page(body, 0, 129, None, "s1")


@pytest.mark.parametrize("counts", [{}, {"total_count": None}, {"total_count": "many"}])
def test_counts_may_be_missing(counts: dict[str, object]) -> None:
    assert parse_page(answer(sync_token="s1", **counts)).total_count is None


@pytest.mark.parametrize("empty", [None, "", 0])
def test_an_empty_token_is_ignored(empty: object) -> None:
    assert parse_page(answer(sync_token="s1", pagination_token=empty)).pagination_token is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (answer(sync_token="s1", pagination_token="p1"), "a pagination token and a sync token"),
        (answer(1), "neither a pagination token nor a sync token"),
        (answer(sync_token="", pagination_token=None), "neither"),
        (answer(sync_token=12), "neither"),
        (b'{"sync_token": "s1"}', "no list of items"),
        (b'{"items": {}, "sync_token": "s1"}', "no list of items"),
        (b'{"items": null, "sync_token": "s1"}', "no list of items"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"", "not a JSON object"),
        (b"<html>", "not a JSON object"),
        (answer(1, sync_token="s1")[:-3], "not a JSON object"),
        (b'{"items": [], "sync_token": "\xff"}', "not a JSON object with a readable token"),
        (rb'{"items": [], "sync_token": "\ud83d"}', "not a JSON object with a readable token"),
        (b'{"items": [{"a": 01}], "sync_token": "s1"}', r"invalid number \(byte 18\)"),
        (b'{"items": [{"a": 1,}], "sync_token": "s1"}', r"trailing comma in object \(byte 19\)"),
        (b'{"items": [], "items": [], "sync_token": "s1"}', "the field `items` twice"),
        (b'{"items":[{"a":1}],"items":[],"sync_token":"s1"}', "the field `items` twice"),
    ],
)
def test_a_response_that_violates_the_protocol_is_rejected(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidResponseError, match=reason):
        parse_page(body)


@pytest.mark.parametrize("space", ["", " " * 30])
def test_an_item_may_have_a_field_items(space: str) -> None:
    body = answer(1, sync_token="s1").replace(b'"n": 1', b'"items": [1, 2]') + space.encode()
    assert parse_page(body).item_count == 1


@pytest.mark.parametrize(
    ("body", "is_whole"),
    [
        (b"{}", True),
        (b'{"a": 1}', True),
        (b"[]", False),
        (b'"a"', False),
        (b'{"a', False),
        (b"", False),
    ],
)
def test_only_a_complete_object_is_a_valid_response(body: bytes, is_whole: bool) -> None:
    assert is_json_object(body) is is_whole


def test_a_pass_is_fetched_page_by_page_until_the_sync_token() -> None:
    asked: list[Query] = []
    pages = list(walk(following(WHOLE, asked), INIT))
    assert [page.item_count for page in pages] == [2, 0, 1]
    assert [page.sync_token for page in pages] == [None, None, "s1"]
    assert asked == [INIT, {"pagination_token": "p1"}, {"pagination_token": "p2"}]


def test_an_empty_page_with_a_pagination_token_has_a_successor() -> None:
    pages = {"start": answer(pagination_token="p1"), "p1": answer(sync_token="s1")}
    assert len(list(walk(following(pages, []), INIT))) == 2


def test_a_pass_without_changes_is_one_page() -> None:
    asked: list[Query] = []
    start = {"sync_token": "s1"}
    pages = list(walk(following({"start": answer(sync_token="s1")}, asked), start))
    assert [page.sync_token for page in pages] == ["s1"]
    assert asked == [start]


def test_a_resumed_walk_requests_no_earlier_page() -> None:
    asked: list[Query] = []
    pages = list(walk(following(WHOLE, asked), INIT, resume_at="p2"))
    assert [page.item_count for page in pages] == [1]
    assert asked == [{"pagination_token": "p2"}]


def test_pages_are_requested_lazily() -> None:
    asked: list[Query] = []
    pages = walk(following(WHOLE, asked), INIT)
    assert asked == []
    next(pages)
    assert asked == [INIT]


@pytest.mark.parametrize(
    "pages",
    [
        {"start": answer(1, pagination_token="p1"), "p1": answer(2, pagination_token="p1")},
        {
            "start": answer(1, pagination_token="p1"),
            "p1": answer(2, pagination_token="p2"),
            "p2": answer(3, pagination_token="p1"),
        },
    ],
    ids=["to itself", "in a loop"],
)
def test_a_page_that_leads_back_stops_the_walk(pages: dict[str, bytes]) -> None:
    asked: list[Query] = []
    with pytest.raises(PaginationLoopError, match="same pagination token twice"):
        list(walk(following(pages, asked), INIT))
    assert len(asked) == len(pages)


def test_a_page_that_leads_back_to_the_resume_point_stops_the_walk() -> None:
    pages = {"p1": answer(pagination_token="p1")}
    with pytest.raises(PaginationLoopError):
        list(walk(following(pages, []), INIT, resume_at="p1"))


def test_pages_before_an_invalid_response_are_returned() -> None:
    pages = walk(following(WHOLE | {"p1": b"<html>"}, []), INIT)
    assert next(pages).item_count == 2
    with pytest.raises(InvalidResponseError):
        next(pages)
