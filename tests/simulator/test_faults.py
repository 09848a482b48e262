"""Every fault of one request, over a real connection."""

from __future__ import annotations

import time

import pytest
import requests

from contentstack_source.simulator import Behavior, Fault, Server, Stack
from tests.support.simulator_client import ask, page, publish_many


def test_a_status_fault_affects_one_request_and_may_have_retry_after(
    behavior: Behavior,
    server: Server,
) -> None:
    behavior.next_faults(Fault.status(503), Fault.status(502, retry_after=2))
    first, second = ask(server, init="true"), ask(server, init="true")
    assert (first.status_code, first.headers.get("Retry-After")) == (503, None)
    assert (second.status_code, second.headers["Retry-After"]) == (502, "2")
    assert set(first.json()) == {"error_message", "error_code"}
    assert ask(server, init="true").status_code == 200
    assert [request.status for request in server.requests] == [503, 502, 200]


def test_a_rate_limit_shows_in_status_and_headers(behavior: Behavior, server: Server) -> None:
    behavior.next_faults(Fault.rate_limited(0.5), Fault.rate_limited(None))
    first, second = ask(server, init="true"), ask(server, "/content_types")
    assert (first.status_code, second.status_code) == (429, 429)
    assert (first.headers.get("Retry-After"), second.headers.get("Retry-After")) == ("0.5", None)
    assert first.headers["X-RateLimit-Remaining"] == "0"


def test_a_transient_422_names_the_requested_token_and_keeps_it_valid(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    publish_many(stack, 101)
    first = page(server, init="true")
    last = page(server, pagination_token=first["pagination_token"])
    for name, token in (
        ("pagination_token", first["pagination_token"]),
        ("sync_token", last["sync_token"]),
    ):
        behavior.next_faults(Fault.transient_422())
        rejected = ask(server, **{name: token})
        assert (rejected.status_code, rejected.json()["error_code"]) == (422, 141)
        assert rejected.json()["errors"] == {name: ["is not valid."]}
        assert ask(server, **{name: token}).status_code == 200
    behavior.next_faults(Fault.transient_422())
    assert "errors" not in ask(server, init="true").json()


def test_a_dropped_connection_has_no_response(behavior: Behavior, server: Server) -> None:
    behavior.next_faults(Fault.dropped())
    with pytest.raises(requests.ConnectionError, match="reset"):
        ask(server, init="true")
    assert [request.status for request in server.requests] == [0]
    assert ask(server, init="true").status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_truncated_response_is_shorter_than_announced(
    stack: Stack,
    behavior: Behavior,
    server: Server,
    encoding: str,
) -> None:
    publish_many(stack, 50)
    headers = {"api_key": stack.api_key, "access_token": stack.delivery_token}
    headers["Accept-Encoding"] = encoding
    behavior.next_faults(Fault.truncated())
    url = f"{server.base_url}/stacks/sync?init=true"
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        requests.get(url, headers=headers, timeout=10)
    assert requests.get(url, headers=headers, timeout=10).json()["total_count"] == 50


def test_half_json_is_a_complete_response_that_cannot_be_parsed(
    stack: Stack,
    behavior: Behavior,
    server: Server,
) -> None:
    publish_many(stack, 3)
    behavior.next_faults(Fault.half_json())
    answer = ask(server, init="true")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text.startswith('{"items":[')
    with pytest.raises(ValueError, match=r"(?i)unterminated|expecting|delimiter"):
        answer.json()


def test_html_may_come_instead_of_json(behavior: Behavior, server: Server) -> None:
    behavior.next_faults(Fault.html())
    answer = ask(server, init="true")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_fault_can_be_placed_at_the_nth_request(behavior: Behavior, server: Server) -> None:
    behavior.next_faults(Fault.none(), Fault.none(), Fault.status(500))
    assert [ask(server, init="true").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_one_response_may_be_slow(behavior: Behavior, server: Server) -> None:
    behavior.next_faults(Fault.slow(0.05))
    started = time.perf_counter()
    page(server, init="true")
    assert time.perf_counter() - started >= 0.05
    assert behavior.answer_seconds == 0
