"""The webhook app over real HTTP: secrets, and what triggers a sync."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from contentstack_source.orchestration.webhook_app import MOST_BYTES, WebhookApp, basic_auth

SECRET = {"X-Secret": "s3cret"}
# As the vendor documents it; only `api_key` is read.
PUBLISHED = {
    "module": "entry",
    "api_key": "blt1",
    "event": "publish",
    "triggered_at": "2026-03-08T08:58:07.725Z",
    "data": {"entry": {"uid": "blt2", "title": "Hi"}, "locale": "en-us", "status": "success"},
}


@asynccontextmanager
async def nothing(app: Starlette) -> AsyncIterator[None]:
    del app
    yield


@dataclass
class RunningApp:
    url: str
    triggers: list[int]

    def post(self, body: Any = None, headers: Any = None, **more: Any) -> requests.Response:
        return requests.post(f"{self.url}/webhook", json=body, headers=headers, timeout=10, **more)


def served(headers: dict[str, str]) -> Iterator[RunningApp]:
    triggers: list[int] = []
    app = WebhookApp(
        headers, "blt1", lambda: triggers.append(1), lambda: {"outcome": "ok"}, nothing
    )
    server = uvicorn.Server(uvicorn.Config(app.application(), port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield RunningApp(f"http://127.0.0.1:{port}", triggers)
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def by_header() -> Iterator[RunningApp]:
    yield from served({"x-secret": "s3cret"})


@pytest.fixture(scope="module")
def by_both() -> Iterator[RunningApp]:
    yield from served({"x-secret": "s3cret", "authorization": basic_auth("cms", "pass:wörd")})


@pytest.fixture(autouse=True)
def no_triggers(by_header: RunningApp, by_both: RunningApp) -> None:
    by_header.triggers.clear()
    by_both.triggers.clear()


def test_a_request_with_the_secret_is_accepted_and_triggers_a_sync(by_header: RunningApp) -> None:
    assert by_header.post(PUBLISHED, SECRET).status_code == 202
    assert by_header.triggers == [1]


@pytest.mark.parametrize(
    "headers", [{}, {"X-Secret": ""}, {"X-Secret": "s3cre"}, {"X-Secret": "s3cret2"}]
)
def test_a_request_without_the_secret_is_rejected(
    by_header: RunningApp, headers: dict[str, str]
) -> None:
    answer = by_header.post(PUBLISHED, headers)
    assert (answer.status_code, answer.text) == (401, "")
    assert by_header.triggers == []


def test_every_configured_secret_must_match(by_both: RunningApp) -> None:
    user = ("cms", "pass:wörd".encode())
    assert by_both.post(PUBLISHED, SECRET, auth=user).status_code == 202
    assert by_both.post(PUBLISHED, SECRET).status_code == 401
    assert by_both.post(PUBLISHED, auth=user).status_code == 401
    assert by_both.post(PUBLISHED, SECRET, auth=("cms", "wrong")).status_code == 401
    assert by_both.triggers == [1]


def test_a_webhook_of_another_stack_is_rejected(by_header: RunningApp) -> None:
    assert by_header.post({**PUBLISHED, "api_key": "blt9"}, SECRET).status_code == 403
    assert by_header.triggers == []


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"api_key": 5}', "\x00\ud7ff", '"api_key"']
)
def test_an_unreadable_body_still_triggers_a_sync(by_header: RunningApp, body: str) -> None:
    answer = by_header.post(headers=SECRET, data=body.encode())
    assert answer.status_code == 202
    assert by_header.triggers == [1]


def test_an_oversized_body_is_answered_early_and_triggers_a_sync(by_header: RunningApp) -> None:
    connection = HTTPConnection(by_header.url.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/webhook")
        for name, value in {**SECRET, "Content-Length": str(10 * MOST_BYTES)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(b" " * (MOST_BYTES + 1))
        assert connection.getresponse().status == 413
    assert by_header.triggers == [1]


def test_only_posts_trigger_a_sync_and_probes_get_an_answer(by_header: RunningApp) -> None:
    assert requests.get(f"{by_header.url}/webhook", headers=SECRET, timeout=10).status_code == 405
    assert requests.post(f"{by_header.url}/", headers=SECRET, timeout=10).status_code == 404
    answer = requests.get(f"{by_header.url}/healthz", timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "ok"})
    assert by_header.triggers == []
