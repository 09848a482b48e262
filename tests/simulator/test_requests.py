"""Requests to the simulator: credentials, parameters, and the connection."""

from __future__ import annotations

import contextlib
import http.client

import pytest
import requests

from contentstack_source.simulator import Server, Stack, serve
from tests.support.simulator_client import ask, page, whole_pass


@pytest.mark.parametrize(
    ("headers", "status", "code", "wrong"),
    [
        ({"api_key": "bltother"}, 412, 109, "api_key"),
        ({"api_key": None}, 412, 109, "api_key"),
        ({"access_token": "csother"}, 401, 105, "access_token"),
        ({"access_token": None}, 401, 105, "access_token"),
        ({"branch": "nowhere"}, 422, 901, "branch"),
    ],
)
def test_wrong_credentials_are_rejected(
    server: Server,
    headers: dict[str, str | None],
    status: int,
    code: int,
    wrong: str,
) -> None:
    stack = server.stack
    good = {"api_key": stack.api_key, "access_token": stack.delivery_token, "branch": "main"}
    url = f"{server.base_url}/stacks/sync?init=true"
    assert requests.get(url, headers=good, timeout=10).status_code == 200
    sent = {name: value for name, value in (good | headers).items() if value is not None}
    answer = requests.get(url, headers=sent, timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert list(answer.json()["errors"]) == [wrong]


def test_credentials_in_the_query_do_not_count(server: Server) -> None:
    query = {"api_key": server.stack.api_key, "access_token": server.stack.delivery_token}
    url = f"{server.base_url}/stacks/sync"
    assert requests.get(url, params=query | {"init": "true"}, timeout=10).status_code == 412


@pytest.mark.parametrize("path", ["/stacks", "/stacks/syncs", "/assets", "/content_types/a/b"])
def test_an_unknown_path_is_not_found(server: Server, path: str) -> None:
    assert ask(server, path).status_code == 404


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({}, {"init", "pagination_token", "sync_token"}),
        ({"init": "false"}, {"init"}),
        ({"init": "true", "sync_token": "blt1"}, {"init", "sync_token"}),
        ({"pagination_token": "blt1", "sync_token": "blt1"}, {"pagination_token", "sync_token"}),
        ({"pagination_token": "blt1"}, {"pagination_token"}),
        ({"sync_token": "blt1"}, {"sync_token"}),
    ],
)
def test_a_call_needs_exactly_one_valid_mode(
    server: Server,
    query: dict[str, str],
    wrong: set[str],
) -> None:
    answer = ask(server, **query)
    assert (answer.status_code, answer.json()["error_code"]) == (422, 141)
    assert set(answer.json()["errors"]) == wrong


def test_tokens_of_one_stack_are_not_valid_in_another(stack: Stack, server: Server) -> None:
    _, token = whole_pass(server, init="true")
    with serve(Stack()) as other:
        assert ask(other, sync_token=token).status_code == 422
    for number in range(101):
        stack.publish_entry("author", f"a{number}", {})
    with serve(stack) as again:  # tokens live as long as the stack: they do not expire
        next_page = page(again, sync_token=token)["pagination_token"]
        assert ask(again, pagination_token=next_page).status_code == 200
        stack.tokens.forget()
        assert ask(again, pagination_token=next_page).status_code == 422
        assert ask(again, sync_token=token).status_code == 422


def test_a_connection_is_kept_alive(server: Server) -> None:
    host = server.base_url.split("/")[2]
    with contextlib.closing(http.client.HTTPConnection(host, timeout=10)) as connection:
        sockets = set()
        for _ in range(3):
            connection.request("GET", "/v3/stacks/sync?init=true")
            connection.getresponse().read()
            sockets.add(connection.sock)
    assert len(sockets) == 1
    assert None not in sockets


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("identity", None)])
def test_responses_are_compressed_for_clients_that_accept_it(
    stack: Stack,
    server: Server,
    accepted: str,
    encoding: str | None,
) -> None:
    headers = {"api_key": stack.api_key, "access_token": stack.delivery_token}
    url = f"{server.base_url}/stacks/sync?init=true"
    answer = requests.get(url, headers=headers | {"Accept-Encoding": accepted}, timeout=10)
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.json()["items"] == []


def test_every_request_is_recorded_until_cleared(server: Server) -> None:
    ask(server, init="true", locale="de-de")
    ask(server, sync_token="blt1")
    first, second = server.requests
    assert (first.path, first.status) == ("/v3/stacks/sync", 200)
    assert first.query == {"init": "true", "locale": "de-de"}
    assert first.headers["api_key"] == server.stack.api_key
    assert second.status == 422
    server.clear()
    assert server.requests == []
