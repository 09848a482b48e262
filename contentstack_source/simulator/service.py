"""From a request to an answer: who may ask, what is asked, and what the weather makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from contentstack_source.simulator import content_types, sync
from contentstack_source.simulator.responses import (
    Answer,
    invalid_parameters,
    refusal,
    unknown_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contentstack_source.simulator.behavior import Fault, Weather
    from contentstack_source.simulator.stack import Stack

ROOT = "/v3/"
WEB_PAGE = b"<!DOCTYPE html><html><body><h1>Please sign in to the network</h1></body></html>"


def answer(
    stack: Stack,
    weather: Weather,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> Answer:
    """Answer as the service would; `headers` have names in lower case."""
    if not path.startswith(ROOT):
        return unknown_path()
    refused = _refused(stack, headers)
    if refused is not None:
        return refused
    match path.removeprefix(ROOT).strip("/").split("/"):
        case ["stacks", "sync"]:
            return sync.answer(stack, weather, query)
        case ["content_types", *rest] if len(rest) <= 1:
            if weather.content_types_forbidden:
                return refusal(403, 403, "You are not permitted to read content types.")
            uid = unquote(rest[0]) if rest else None
            return content_types.answer(stack, weather, query, uid)
    return unknown_path()


def faulty(fault: Fault, query: Mapping[str, str], usual: Answer) -> Answer:
    """Give the answer that a fault puts in the place of the usual one."""
    if fault.kind == "status":
        message = f"The service answered {fault.code}, as the weather told it to."
        return refusal(fault.code, fault.code, message)._replace(retry_after=fault.retry_after)
    if fault.kind == "rate_limited":
        limited = refusal(429, 429, "Too many requests. Please slow down.")
        return limited._replace(retry_after=fault.retry_after)
    if fault.kind == "transient_422":
        return invalid_parameters(*(each for each in sync.MODES[1:] if each in query))
    if fault.kind == "half_json":
        return usual._replace(body=usual.body[: len(usual.body) // 2], zipped=None)
    if fault.kind == "html":
        return Answer(200, WEB_PAGE, "text/html; charset=utf-8")
    return usual


def rewritten(weather: Weather, usual: Answer) -> Answer:
    """Put other bytes into the body, where the weather says so."""
    body = usual.body
    for old, new in weather.rewritten.items():
        body = body.replace(old, new)
    return usual if body == usual.body else usual._replace(body=body, zipped=None)


def _refused(stack: Stack, headers: Mapping[str, str]) -> Answer | None:
    """Refuse a stranger; only headers count, never query parameters (FACTS 1.2)."""
    if headers.get("api_key") != stack.api_key:
        message = "We can't find that Stack. Please recheck the api_key."
        return refusal(412, 109, message, "api_key")
    if headers.get("access_token") != stack.delivery_token:
        return refusal(401, 105, "The access_token is not one of this stack.", "access_token")
    if headers.get("branch", stack.branch) != stack.branch:
        message = "Access denied. No such branch, or no permission for it."
        return refusal(422, 901, message, "branch")
    return None
