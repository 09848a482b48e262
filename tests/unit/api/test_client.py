"""The client against a real server with every fault: retries, limits, and no secrets shown."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from contentstack_source.api.client import Client
from contentstack_source.errors import (
    ContentstackError,
    CredentialsError,
    InvalidResponseError,
    InvalidTokenError,
    ServiceError,
)
from contentstack_source.settings import Settings
from contentstack_source.simulator import Behavior, Fault, Server, Stack, serve

API_KEY = "blt00c0ffee00c0ffee"
DELIVERY_TOKEN = "cs00decade00decade00"
INIT = {"init": "true"}
ATTEMPTS = 3


@pytest.fixture(autouse=True)
def _short_retry_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_RETRY_DELAY", "1")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", str(ATTEMPTS))


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    stack = Stack(api_key=API_KEY, delivery_token=DELIVERY_TOKEN)
    stack.create_content_type("author", [])
    stack.publish_entry("author", "blt1", {"title": "Ada"})
    with serve(stack) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.clear()
    running.behavior = Behavior()
    return running


@pytest.fixture
def settings(server: Server) -> Settings:
    return Settings(API_KEY, DELIVERY_TOKEN, "production", server.base_url)


def faults(fault: Fault, count: int = ATTEMPTS) -> Behavior:
    behavior = Behavior()
    behavior.next_faults(*[fault] * count)
    return behavior


TEMPORARY = {
    "500": Fault.status(500),
    "502": Fault.status(502),
    "503": Fault.status(503),
    "504": Fault.status(504),
    "429": Fault.rate_limited(None),
    "422": Fault.transient_422(),
    "dropped": Fault.dropped(),
    "truncated": Fault.truncated(),
    "half JSON": Fault.half_json(),
    "HTML": Fault.html(),
}


@pytest.mark.parametrize("fault", TEMPORARY.values(), ids=TEMPORARY.keys())
def test_a_temporary_fault_is_retried(server: Server, settings: Settings, fault: Fault) -> None:
    server.behavior = faults(fault, ATTEMPTS - 1)
    client = Client(settings)
    assert len(json.loads(client.fetch_page(INIT))["items"]) == 1
    assert len(server.requests) == ATTEMPTS
    assert client.retries == ATTEMPTS - 1


@pytest.mark.parametrize("fault", TEMPORARY.values(), ids=TEMPORARY.keys())
def test_retries_are_limited(server: Server, settings: Settings, fault: Fault) -> None:
    server.behavior = faults(fault)
    with pytest.raises(ContentstackError) as caught:
        Client(settings).fetch_page(INIT)
    assert caught.value.exit_code == 1
    assert len(server.requests) == ATTEMPTS


PERMANENT = [
    (Fault.status(401), CredentialsError, 1),
    (Fault.status(403), CredentialsError, 1),
    (Fault.status(404), ServiceError, 1),
    (Fault.status(412), CredentialsError, 1),
    (Fault.status(422), ServiceError, ATTEMPTS),
    (Fault.status(429), ServiceError, ATTEMPTS),
    (Fault.status(302), ServiceError, 1),
    (Fault.status(500), ServiceError, ATTEMPTS),
    (Fault.dropped(), ServiceError, ATTEMPTS),
    (Fault.truncated(), ServiceError, ATTEMPTS),
    (Fault.half_json(), InvalidResponseError, ATTEMPTS),
    (Fault.html(), InvalidResponseError, ATTEMPTS),
]


@pytest.mark.parametrize(("fault", "error", "requests"), PERMANENT)
def test_every_failure_is_one_error(
    server: Server,
    settings: Settings,
    fault: Fault,
    error: type[ContentstackError],
    requests: int,
) -> None:
    server.behavior = faults(fault)
    with pytest.raises(ContentstackError) as caught:
        Client(settings).fetch_page(INIT)
    assert type(caught.value) is error
    assert len(server.requests) == requests
    assert f"{server.base_url}/stacks/sync" in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("token_kind", ["sync_token", "pagination_token"])
def test_a_token_that_stays_rejected_is_named(
    server: Server, settings: Settings, token_kind: str
) -> None:
    with pytest.raises(InvalidTokenError, match=token_kind) as caught:
        Client(settings).fetch_page({token_kind: "blt0"})
    assert caught.value.token_kind == token_kind
    assert len(server.requests) == ATTEMPTS


def test_an_unreachable_service_is_reported(settings: Settings) -> None:
    nowhere = replace(settings, base_url="http://127.0.0.1:9/v3")
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1:9/v3/stacks/sync") as caught:
        Client(nowhere).fetch_page(INIT)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [({"api_key": "blt1"}, "region"), ({"delivery_token": "cs1"}, "delivery_token")],
)
@pytest.mark.usefixtures("server")
def test_rejected_credentials_name_what_to_check(
    settings: Settings, wrong: dict[str, str], expected: str
) -> None:
    with pytest.raises(CredentialsError) as caught:
        Client(replace(settings, **wrong)).fetch_page(INIT)  # type: ignore[arg-type]
    assert expected in caught.value.hint
    assert caught.value.exit_code == 2


def test_retry_after_is_respected(server: Server, settings: Settings) -> None:
    server.behavior = faults(Fault.rate_limited(1), 1)
    started = time.monotonic()
    Client(settings).fetch_page(INIT)
    assert time.monotonic() - started >= 1


def test_a_request_carries_its_query_and_the_environment(
    server: Server, settings: Settings
) -> None:
    Client(settings).fetch_page(INIT | {"locale": "en-us & more"})
    (request,) = server.requests
    assert request.path == "/v3/stacks/sync"
    assert request.query == {**INIT, "locale": "en-us & more", "environment": "production"}


def test_the_branch_is_sent_only_if_it_is_set(server: Server, settings: Settings) -> None:
    Client(settings).fetch_page(INIT)
    Client(replace(settings, branch="main")).fetch_page(INIT)
    assert [request.headers.get("branch") for request in server.requests] == [None, "main"]


def test_requests_and_retries_are_counted(server: Server, settings: Settings) -> None:
    server.behavior = faults(Fault.status(503), 1)
    client = Client(settings)
    client.fetch_page(INIT)
    client.fetch_page(INIT)
    assert (client.requests, client.retries) == (3, 1)


@pytest.mark.parametrize("fault", [Fault.none(), *TEMPORARY.values(), Fault.status(401)])
def test_credentials_travel_in_headers_and_are_shown_nowhere(
    server: Server, settings: Settings, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    server.behavior = faults(fault)
    client, shown = Client(settings), [repr(settings), str(settings.identity())]
    try:
        client.fetch_page(INIT)
        list(client.fetch_content_types())
    except ContentstackError as error:
        shown += [str(error), repr(error), str(error.__context__)]
    shown += [repr(client), *(record.getMessage() for record in caplog.records)]
    shown += [str(request.query) + request.path for request in server.requests]
    assert any("127.0.0.1" in text for text in shown)
    for secret in (API_KEY, DELIVERY_TOKEN):
        assert not [text for text in shown if secret in text]
    headers = {(r.headers["api_key"], r.headers["access_token"]) for r in server.requests}
    assert headers == {(API_KEY, DELIVERY_TOKEN)}


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_content_types_come_in_pages(count: int) -> None:
    stack = Stack(api_key=API_KEY, delivery_token=DELIVERY_TOKEN)
    for number in range(count):
        stack.create_content_type(f"type_{number:03}", [])
    with serve(stack) as server:
        client = Client(Settings(API_KEY, DELIVERY_TOKEN, "production", server.base_url))
        found = [content_type["uid"] for content_type in client.fetch_content_types()]
        asked = [request.query["skip"] for request in server.requests]
    assert sorted(found) == [f"type_{number:03}" for number in range(count)]
    assert asked == [str(skip) for skip in range(0, max(count, 1), 100)]


def listed(behavior: Behavior, count: int) -> tuple[list[str], list[str]]:
    """Return the content types that a client finds, and the `skip` of each request."""
    stack = Stack(api_key=API_KEY, delivery_token=DELIVERY_TOKEN)
    for number in range(count):
        stack.create_content_type(f"type_{number:03}", [])
    with serve(stack, behavior) as server:
        client = Client(Settings(API_KEY, DELIVERY_TOKEN, "production", server.base_url))
        found = [content_type["uid"] for content_type in client.fetch_content_types()]
        return found, [request.query["skip"] for request in server.requests]


@pytest.mark.parametrize(
    ("behavior", "skipped"),
    [
        (Behavior(content_types_at_most=50), ["0", "50", "100"]),
        (Behavior(content_types_count="none"), ["0", "100", "120"]),
        (Behavior(content_types_count="text"), ["0", "100", "120"]),
        (Behavior(content_types_count="zero"), ["0", "100", "120"]),
        (
            Behavior(content_types_count="none", content_types_at_most=50),
            ["0", "50", "100", "120"],
        ),
    ],
)
def test_the_next_page_of_content_types_starts_after_those_received(
    behavior: Behavior, skipped: list[str]
) -> None:
    assert listed(behavior, 120) == ([f"type_{number:03}" for number in range(120)], skipped)


def test_a_repeated_page_of_content_types_ends_the_listing() -> None:
    behavior = Behavior(content_types_ignore_skip=True)
    assert listed(behavior, 120) == ([f"type_{number:03}" for number in range(100)], ["0", "100"])


def test_a_malformed_content_type_is_skipped(server: Server, settings: Settings) -> None:
    server.stack.create_content_type("damaged", [])
    server.behavior = Behavior(rewritten={b'"uid":"damaged"': b'"uid":null'})
    found = [each["uid"] for each in Client(settings).fetch_content_types()]
    server.stack.delete_content_type("damaged")
    assert "author" in found
    assert "damaged" not in found


@pytest.mark.parametrize("uid", ["author", "a b/c?d#e%20", "é😀"])
def test_one_content_type_is_requested_by_its_uid(
    server: Server, settings: Settings, uid: str
) -> None:
    if uid not in server.stack.content_types:
        server.stack.create_content_type(uid, [{"uid": "title", "data_type": "text"}])
    found = Client(settings).fetch_content_type(uid)
    assert found is not None
    assert found["uid"] == uid
    (request,) = server.requests
    assert request.query == {"include_global_field_schema": "true"}


def test_an_unknown_content_type_is_requested_once(server: Server, settings: Settings) -> None:
    client = Client(settings)
    assert client.fetch_content_type("gone") is None
    assert client.fetch_content_type("x" * 70_000) is None
    assert client.fetch_content_type("..") is None
    assert client.retries == 0
    assert [request.status for request in server.requests][:1] == [422]


def test_a_request_for_one_content_type_is_retried_like_any_other(
    server: Server, settings: Settings
) -> None:
    server.behavior = faults(Fault.transient_422(), 1)
    server.behavior.next_faults(Fault.half_json())
    assert Client(settings).fetch_content_type("author") is not None
    assert len(server.requests) == 3
    server.behavior = faults(Fault.status(503))
    with pytest.raises(ServiceError, match="/content_types/author"):
        Client(settings).fetch_content_type("author")


def test_invalid_json_is_reported_with_its_offset(server: Server, settings: Settings) -> None:
    server.behavior = Behavior(rewritten={b'{"items":[': b'{"items":[01,'})
    with pytest.raises(InvalidResponseError, match=r"not JSON \(invalid number \(byte 11\)\)"):
        Client(settings).fetch_page(INIT)


def test_a_content_model_may_have_numbers_of_any_size(server: Server, settings: Settings) -> None:
    server.behavior = Behavior(
        rewritten={b'"_version":1,': b'"_version":1,"max":%s,' % (b"9" * 400)}
    )
    found = {each["uid"]: each for each in Client(settings).fetch_content_types()}
    assert found["author"]["max"] == float("inf")


def test_content_types_have_their_global_fields_resolved(
    server: Server, settings: Settings
) -> None:
    fields = [{"uid": "title", "data_type": "text"}]
    schema = [{"uid": "seo", "data_type": "global_field", "reference_to": "seo", "schema": fields}]
    server.stack.create_content_type("page", schema)
    found = {each["uid"]: each for each in Client(settings).fetch_content_types()}
    (seo,) = (each for each in found["page"]["schema"] if each["uid"] == "seo")
    assert [each["uid"] for each in seo["schema"]] == ["title"]


def test_a_token_without_access_to_content_types_is_an_error(
    server: Server, settings: Settings
) -> None:
    server.behavior = Behavior(content_types_forbidden=True)
    with pytest.raises(CredentialsError, match="/content_types"):
        list(Client(settings).fetch_content_types())
