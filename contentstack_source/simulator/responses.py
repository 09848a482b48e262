"""Responses: a status, a JSON body, and the service's error bodies (FACTS 8)."""

from __future__ import annotations

from typing import NamedTuple

import orjson

NOT_VALID = "is not valid."


class Response(NamedTuple):
    """What the server is about to send."""

    status: int
    body: bytes
    content_type: str = "application/json"
    retry_after: float | None = None
    zipped: bytes | None = None
    """The same body as gzip, where it is at hand."""


def ok(body: object) -> Response:
    """Answer 200 with a body."""
    return Response(200, orjson.dumps(body))


def error_response(status: int, code: int, message: str, *wrong: str) -> Response:
    """Return an error response like every recorded one; `wrong` names the parameters at fault."""
    body: dict[str, object] = {"error_message": message, "error_code": code}
    if wrong:
        body["errors"] = {name: [NOT_VALID] for name in wrong}
    return Response(status, orjson.dumps(body))


def invalid_parameters(*wrong: str) -> Response:
    """Return the error of an invalid sync call, most often for its token (FACTS 8, 422/141)."""
    message = "Failed to fetch items. Please try again with valid parameters."
    return error_response(422, 141, message, *wrong)


def unknown_path() -> Response:
    """Return the error of an unknown path."""
    return error_response(404, 404, "The requested URL was not found.")
