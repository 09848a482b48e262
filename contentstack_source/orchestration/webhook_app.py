"""What comes in over HTTP: webhooks of the vendor, and probes.

A webhook only triggers a sync; its payload is never loaded. So nothing that is
sent here can write into a table, and a webhook that comes twice, late or never does no harm.
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


class _Payload(msgspec.Struct):
    """All that is read of a body."""

    api_key: str | None = None


@dataclass(frozen=True)
class WebhookApp:
    """Receives webhooks and probes.

    Attributes:
        headers: every request must bring these, by name in lower case.
        api_key: of the stack; a webhook that names another is turned away.
        trigger: asks for a sync.
        health: the answer to probes.
        lifespan: what goes on as long as the application.
    """

    headers: Mapping[str, str]
    api_key: str
    trigger: Callable[[], None]
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
            body = b""  # with the right secret, an empty body is enough
        if body is not None and not self._may_be_ours(body):
            return _response(HTTPStatus.FORBIDDEN, "This is a webhook of another stack.")
        self.trigger()
        if body is None:
            detail = "Not read, for it is too long: let the webhook send the concise payload."
            return _response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        return _response(HTTPStatus.ACCEPTED, "A sync follows.")

    async def _probe(self, request: Request) -> Response:
        del request
        return JSONResponse(self.health())

    def _knows(self, request: Request) -> bool:
        """Compare all headers in constant time."""
        checks = [
            hmac.compare_digest(request.headers.get(name, "").encode(), value.encode())
            for name, value in self.headers.items()
        ]
        return all(checks)

    def _may_be_ours(self, body: bytes) -> bool:
        try:
            named_key = msgspec.json.decode(body, type=_Payload).api_key
        except msgspec.MsgspecError:
            return True  # nothing in it is needed
        return named_key is None or hmac.compare_digest(named_key.encode(), self.api_key.encode())


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


def _response(status: HTTPStatus, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)
