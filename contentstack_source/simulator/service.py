"""From a request to a response: authentication, routing, and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from contentstack_source.simulator import content_types, sync
from contentstack_source.simulator.responses import (
    Response,
    error_response,
    invalid_parameters,
    unknown_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contentstack_source.simulator.behavior import Behavior, Fault
    from contentstack_source.simulator.stack import Stack

ROOT = "/v3/"
WEB_PAGE = b"<!DOCTYPE html><html><body><h1>Please sign in to the network</h1></body></html>"


def respond(
    stack: Stack,
    behavior: Behavior,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> Response:
    """Answer as the service would; `headers` have names in lower case."""
    if not path.startswith(ROOT):
        return unknown_path()
    rejected = _rejected(stack, headers)
    if rejected is not None:
        return rejected
    match path.removeprefix(ROOT).strip("/").split("/"):
        case ["stacks", "sync"]:
            return sync.respond(stack, behavior, query)
        case ["content_types", *rest] if len(rest) <= 1:
            if behavior.content_types_forbidden:
                return error_response(403, 403, "You are not permitted to read content types.")
            uid = unquote(rest[0]) if rest else None
            return content_types.respond(stack, behavior, query, uid)
    return unknown_path()


def faulty(fault: Fault, query: Mapping[str, str], usual: Response) -> Response:
    """Give the answer that a fault puts in the place of the usual one."""
    if fault.kind == "status":
        message = f"The service answered {fault.code}, as a fault asked for."
        return error_response(fault.code, fault.code, message)._replace(
            retry_after=fault.retry_after
        )
    if fault.kind == "rate_limited":
        limited = error_response(429, 429, "Too many requests. Please slow down.")
        return limited._replace(retry_after=fault.retry_after)
    if fault.kind == "transient_422":
        return invalid_parameters(*(each for each in sync.MODES[1:] if each in query))
    if fault.kind == "half_json":
        return usual._replace(body=usual.body[: len(usual.body) // 2], zipped=None)
    if fault.kind == "html":
        return Response(200, WEB_PAGE, "text/html; charset=utf-8")
    return usual


def rewritten(behavior: Behavior, usual: Response) -> Response:
    """Replace bytes of the body, where the behavior asks for it."""
    body = usual.body
    for old, new in behavior.rewritten.items():
        body = body.replace(old, new)
    return usual if body == usual.body else usual._replace(body=body, zipped=None)


def _rejected(stack: Stack, headers: Mapping[str, str]) -> Response | None:
    """Return the error of wrong credentials; only headers count, no parameters (FACTS 1.2)."""
    if headers.get("api_key") != stack.api_key:
        message = "We can't find that Stack. Please recheck the api_key."
        return error_response(412, 109, message, "api_key")
    if headers.get("access_token") != stack.delivery_token:
        return error_response(
            401, 105, "The access_token is not one of this stack.", "access_token"
        )
    if headers.get("branch", stack.branch) != stack.branch:
        message = "Access denied. No such branch, or no permission for it."
        return error_response(422, 901, message, "branch")
    return None
