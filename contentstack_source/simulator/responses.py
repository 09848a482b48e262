"""Answers: a status, a JSON body, and the service's way of saying no (FACTS 8)."""

from __future__ import annotations

from typing import NamedTuple

import orjson

NOT_VALID = "is not valid."


class Answer(NamedTuple):
    """What the server is about to send."""

    status: int
    body: bytes
    content_type: str = "application/json"
    retry_after: float | None = None
    zipped: bytes | None = None
    """The same body as gzip, where it is at hand."""


def ok(body: object) -> Answer:
    """Answer 200 with a body."""
    return Answer(200, orjson.dumps(body))


def refusal(status: int, code: int, message: str, *wrong: str) -> Answer:
    """Answer in the shape of every recorded error; `wrong` names the parameters at fault."""
    body: dict[str, object] = {"error_message": message, "error_code": code}
    if wrong:
        body["errors"] = {name: [NOT_VALID] for name in wrong}
    return Answer(status, orjson.dumps(body))


def invalid_parameters(*wrong: str) -> Answer:
    """Refuse a sync call, most often for its token (FACTS 8, 422/141)."""
    message = "Failed to fetch items. Please try again with valid parameters."
    return refusal(422, 141, message, *wrong)


def unknown_path() -> Answer:
    """Refuse what is no endpoint."""
    return refusal(404, 404, "The requested URL was not found.")
