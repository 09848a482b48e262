"""What comes in over HTTP: webhooks of the vendor, and probes.

A webhook is a ring at the door, no more: what it says of entries is not used. So nothing that is
sent here can put anything into a table, and a webhook that comes twice, late or never does no harm.
"""

from __future__ import annotations

import asyncio
import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MOST_BYTES: Final = 1 << 20
"""A body may be so long; what is longer is not read."""

_BODY_SECONDS: Final = 20.0
"""A body may take so long; the vendor itself gives up after 30 seconds."""


class _Told(msgspec.Struct):
    """All that is read of a body."""

    api_key: str | None = None


@dataclass(frozen=True)
class Door:
    """Who may ring, and what happens then.

    Attributes:
        headers: every request must bring these, by name in lower case.
        api_key: of the stack; a webhook that names another is turned away.
        ring: asks for a sync.
        health: what to tell probes.
        lifespan: what goes on as long as the application.
    """

    headers: Mapping[str, str]
    api_key: str
    ring: Callable[[], None]
    health: Callable[[], Mapping[str, Any]]
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]]

    def application(self) -> Starlette:
        """Return the application to serve."""
        routes = [
            Route("/webhook", self._receive, methods=["POST"]),
            Route("/healthz", self._probe, methods=["GET"]),
        ]
        return Starlette(routes=routes, lifespan=self.lifespan)

    async def _receive(self, request: Request) -> Response:
        if not self._knows(request):
            challenge = {"WWW-Authenticate": 'Basic realm="webhook"'}
            return Response(status_code=HTTPStatus.UNAUTHORIZED, headers=challenge)
        try:
            body = await asyncio.wait_for(_read(request), _BODY_SECONDS)
        except (asyncio.TimeoutError, ClientDisconnect):
            body = b""  # who knows the secret may ring without a word
        if body is not None and not self._may_be_ours(body):
            return _answer(HTTPStatus.FORBIDDEN, "This is a webhook of another stack.")
        self.ring()
        if body is None:
            told = "Not read, for it is too long: let the webhook send the concise payload."
            return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told)
        return _answer(HTTPStatus.ACCEPTED, "A sync follows.")

    async def _probe(self, request: Request) -> Response:
        del request
        return JSONResponse(self.health())

    def _knows(self, request: Request) -> bool:
        """Compare all headers, in a time that tells nothing of how much is right."""
        checks = [
            hmac.compare_digest(request.headers.get(name, "").encode(), value.encode())
            for name, value in self.headers.items()
        ]
        return all(checks)

    def _may_be_ours(self, body: bytes) -> bool:
        try:
            told = msgspec.json.decode(body, type=_Told).api_key
        except msgspec.MsgspecError:
            return True  # nothing in it is needed
        return told is None or hmac.compare_digest(told.encode(), self.api_key.encode())


def basic_auth(username: str, password: str) -> str:
    """Return the header `Authorization` of a user."""
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


async def _read(request: Request) -> bytes | None:
    """Return the body; None if it is longer than it may be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _answer(status: HTTPStatus, told: str) -> Response:
    return JSONResponse({"told": told}, status)
