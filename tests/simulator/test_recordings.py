"""The simulator with default behavior, compared with recordings of the live service."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from contentstack_source.simulator import Server, Stack, serve
from tests.support.paths import RECORDED
from tests.support.simulator_client import Item, ask, page, whole_pass

if TYPE_CHECKING:
    from collections.abc import Iterator


TOKEN = re.compile(r"blt[0-9a-f]{22}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def recorded(name: str) -> Item:
    content: Item = json.loads((RECORDED / f"{name}.json").read_text())
    return content


@pytest.fixture
def played_back() -> Iterator[tuple[Server, list[Item]]]:
    """Serve the 129 recorded items, emitted oldest first."""
    first, second = recorded("sync_1_init")["body"], recorded("sync_2_pagination")["body"]
    items = first["items"] + second["items"]
    stack = Stack()
    for item in reversed(items):
        stack.emit_raw(item)
    with serve(stack) as running:
        yield running, items


def test_the_recorded_items_come_back_page_by_page_as_they_were_recorded(
    played_back: tuple[Server, list[Item]],
) -> None:
    server, items = played_back
    token = ""
    for name in ("sync_1_init", "sync_2_pagination"):
        body = recorded(name)["body"]
        query = {"pagination_token": token} if token else {"init": "true"}
        answer = page(server, **query)
        assert answer["items"] == body["items"]
        assert set(answer) == set(body)
        for count in ("skip", "limit", "total_count"):
            assert answer[count] == body[count]
        token = answer.get("pagination_token", "")
    assert len(items) == 129


def test_a_repeated_pagination_token_gives_the_same_page_and_the_same_next_token(
    played_back: tuple[Server, list[Item]],
) -> None:
    server, _ = played_back
    first, second = recorded("sync_2_pagination")["body"], recorded("sync_4_pagination_repeated")
    assert first == second["body"]  # as recorded
    token = page(server, init="true")["pagination_token"]
    assert page(server, pagination_token=token) == page(server, pagination_token=token)


def test_a_delta_without_changes_has_no_counts_and_the_same_sync_token(
    played_back: tuple[Server, list[Item]],
) -> None:
    server, _ = played_back
    _, token = whole_pass(server, init="true")
    empty = recorded("sync_3_sync_token_empty_delta")["body"]
    assert page(server, sync_token=token) == empty | {"sync_token": token}


def test_a_recorded_filter_gives_the_recorded_items(played_back: tuple[Server, list[Item]]) -> None:
    server, items = played_back
    british = page(server, init="true", locale="en-gb")
    assert len(british["items"]) == 6
    assert {item["data"].get("locale") for item in british["items"]} == {None, "en-us"}
    late = page(server, init="true", start_from="2020-04-29T08:05:56Z")["items"]
    assert late == [item for item in items if item["event_at"] >= "2020-12-05"]
    sessions = page(server, init="true", content_type_uid="session")["items"]
    assert {item["content_type_uid"] for item in sessions} == {"session"}


@pytest.mark.parametrize("name", ["empty_locale_without_content", "empty_sync_token_no_change"])
def test_an_empty_result_has_the_recorded_keys(server: Server, name: str) -> None:
    assert set(page(server, init="true")) == set(recorded(name)["body"])


def test_an_asset_has_exactly_the_recorded_keys_with_values_of_the_recorded_kinds(
    stack: Stack,
    server: Server,
) -> None:
    stack.publish_asset("blt1")
    (asset,) = page(server, init="true")["items"]
    body = recorded("sync_1_init")["body"]["items"]
    example = next(item for item in body if item["type"] == "asset_published")
    assert kinds(asset) == kinds(example)


def test_an_entry_has_the_recorded_system_keys_and_only_the_two_newer_ones_more(
    stack: Stack,
    server: Server,
) -> None:
    stack.publish_entry("author", "blt1", {})
    (entry,) = page(server, init="true")["items"]
    body = recorded("sync_1_init")["body"]["items"]
    examples = [item for item in body if item["type"] == "entry_published"]
    common = set.intersection(*(set(example["data"]) for example in examples))
    system = {key: value for key, value in examples[0]["data"].items() if key in common}
    shown = {key: value for key, value in entry["data"].items() if key in common}
    assert kinds(shown) == kinds(system)
    assert set(entry["data"]) - common == {"ACL", "_in_progress"}
    assert set(entry) == set(examples[0])


def kinds(value: object) -> object:
    """Return the kinds of all values of an object, at any depth."""
    if isinstance(value, dict):
        return {key: kinds(each) for key, each in value.items()}
    return type(value).__name__


def test_tokens_and_instants_are_written_as_on_the_wire(stack: Stack, server: Server) -> None:
    stack.publish_entry("author", "blt1", {})
    body = page(server, init="true")
    (entry,) = body["items"]
    assert TOKEN.fullmatch(body["sync_token"])
    assert INSTANT.fullmatch(entry["event_at"])
    assert INSTANT.fullmatch(entry["data"]["publish_details"]["time"])
    assert entry["data"]["publish_details"]["time"] <= entry["event_at"]


def test_every_recorded_header_is_there_and_the_rate_limit_too(server: Server) -> None:
    answer = ask(server, init="true")
    wanted = recorded("sync_1_init")["response"]["headers"]
    assert [name for name in wanted if name not in answer.headers] == []
    assert answer.headers["X-RateLimit-Limit"] == "100"
    assert int(answer.headers["X-RateLimit-Remaining"]) < 100


def test_an_invalid_sync_token_is_rejected_as_recorded(server: Server) -> None:
    answer = ask(server, sync_token="bltffffffffffffffffffffff")
    example = recorded("error_422_141_invalid_sync_token")
    assert (answer.status_code, answer.json()) == (example["status"], example["body"])


def test_an_unknown_content_type_is_rejected_as_recorded(server: Server) -> None:
    answer = ask(server, "/content_types/UID")
    example = recorded("error_422_118_unknown_content_type")
    assert answer.status_code == example["response"]["status"]
    assert answer.json() == example["body"]


@pytest.fixture
def recorded_models() -> Iterator[tuple[Server, list[Item]]]:
    models = recorded("content_types_include_global_field_schema")["body"]["content_types"]
    stack = Stack()
    for model in models:
        stack.create_content_type(model["uid"], model["schema"], title=model["title"])
    with serve(stack) as running:
        yield running, models


def test_content_types_are_served_with_global_field_schemas_as_recorded(
    recorded_models: tuple[Server, list[Item]],
) -> None:
    server, models = recorded_models
    answer = ask(server, "/content_types", include_global_field_schema="true").json()
    assert set(answer) == {"content_types"}
    for served, model in zip(answer["content_types"], models, strict=True):
        assert served["schema"] == model["schema"]
        assert set(model) == set(served)
        assert kinds(served["options"]) != {}


def test_without_the_parameter_global_fields_have_no_schema_as_recorded(
    recorded_models: tuple[Server, list[Item]],
) -> None:
    server, _ = recorded_models
    answer = ask(server, "/content_types", include_count="true").json()
    example = recorded("content_types_include_count")["body"]
    assert set(answer) == set(example)
    assert answer["count"] == example["count"]
    schemas = {model["uid"]: model["schema"] for model in example["content_types"]}
    assert {model["uid"]: model["schema"] for model in answer["content_types"]} == schemas


def test_global_fields_lose_their_schema_at_any_depth(stack: Stack, server: Server) -> None:
    shared = {"uid": "seo", "data_type": "global_field", "schema": [{"uid": "words"}]}
    group = {"uid": "group", "data_type": "group", "schema": [shared]}
    blocks = {"uid": "blocks", "data_type": "blocks", "blocks": [{"uid": "b", "schema": [group]}]}
    stack.create_content_type("deep", [blocks])
    bare = ask(server, "/content_types/deep").json()["content_type"]["schema"]
    whole = ask(server, "/content_types/deep", include_global_field_schema="true").json()
    assert whole["content_type"]["schema"] == [blocks]
    (inner,) = bare[0]["blocks"][0]["schema"][0]["schema"]
    assert inner == {"uid": "seo", "data_type": "global_field"}


def test_one_content_type_is_served_as_recorded(
    recorded_models: tuple[Server, list[Item]],
) -> None:
    server, _ = recorded_models
    body = recorded("content_type_conference_include_global_field_schema")["body"]
    answer = ask(server, "/content_types/conference", include_global_field_schema="true").json()
    assert set(answer) == set(body)
    assert answer["content_type"]["schema"] == body["content_type"]["schema"]


def test_content_types_come_in_pages_of_at_most_a_hundred(stack: Stack, server: Server) -> None:
    for number in range(103):
        stack.create_content_type(f"kind_{number}", [])
    first = ask(server, "/content_types", limit="500").json()["content_types"]
    rest = ask(server, "/content_types", skip="100").json()["content_types"]
    few = ask(server, "/content_types", skip="2", limit="3").json()["content_types"]
    assert (len(first), len(rest)) == (100, 5)
    assert [model["uid"] for model in few] == ["kind_0", "kind_1", "kind_2"]
