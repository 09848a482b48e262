"""`GET /v3/stacks/sync`: init, pagination_token or sync_token, and never two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from contentstack_source.simulator import zipping
from contentstack_source.simulator.pages import PAGE_SIZE
from contentstack_source.simulator.passes import Filters, Pass, delta_pass, initial_pass
from contentstack_source.simulator.responses import Response, invalid_parameters
from contentstack_source.simulator.tokens import Checkpoint, new_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contentstack_source.simulator.behavior import Behavior
    from contentstack_source.simulator.stack import Stack

MODES = ("init", "pagination_token", "sync_token")


def respond(stack: Stack, behavior: Behavior, query: Mapping[str, str]) -> Response:
    """Answer one call; the stack stands still meanwhile, so that a pass is one moment of it."""
    asked = [mode for mode in MODES if mode in query]
    if len(asked) != 1:
        return invalid_parameters(*asked or MODES)
    with stack.lock:
        if asked == ["pagination_token"]:
            return _next_page(stack, behavior, query["pagination_token"])
        if asked == ["sync_token"]:
            return _delta(stack, behavior, query["sync_token"])
        if query["init"] != "true":
            return invalid_parameters("init")
        filters = Filters.from_query(query, stack.environment)
        return _page(stack, behavior, initial_pass(stack, filters, behavior), 0)


def _next_page(stack: Stack, behavior: Behavior, token: str) -> Response:
    if token not in stack.tokens.pages:
        return invalid_parameters("pagination_token")
    whole, number = stack.tokens.pages[token]
    if behavior.invalidate_pagination_on_publish and whole.position < stack.position():
        return invalid_parameters("pagination_token")
    return _page(stack, behavior, whole, number)


def _delta(stack: Stack, behavior: Behavior, token: str) -> Response:
    if token not in stack.tokens.checkpoints:
        return invalid_parameters("sync_token")
    position, filters = stack.tokens.checkpoints[token]
    if behavior.stale_deltas > 0:
        behavior.stale_deltas -= 1
        position = stack.position()
    whole = delta_pass(stack, filters, position, behavior)
    if not whole.total_count:
        whole.sync_token = token  # nothing changed: the same token again (FACTS 7.2)
    return _page(stack, behavior, whole, 0)


def _page(stack: Stack, behavior: Behavior, whole: Pass, number: int) -> Response:
    """Join the page's items, encoded long ago, with the little that surrounds them."""
    page = whole.pages[number]
    envelope: dict[str, object] = {}
    if whole.total_count or behavior.counts_when_empty:
        envelope = {"skip": page.skip, "limit": PAGE_SIZE, "total_count": whole.total_count}
    envelope |= _tokens(stack, behavior, whole, number)
    rest = (b"," if envelope else b"") + orjson.dumps(envelope)[1:]
    return Response(200, page.beginning + rest, zipped=zipping.whole(page.zipped_beginning, rest))


def _tokens(stack: Stack, behavior: Behavior, whole: Pass, number: int) -> dict[str, str]:
    if behavior.no_token:
        return {}
    key, token = _next_token(stack, behavior, whole, number)
    tokens = {key: token}
    if behavior.both_tokens:
        other = "sync_token" if key == "pagination_token" else "pagination_token"
        tokens[other] = new_token()
    return tokens


def _next_token(stack: Stack, behavior: Behavior, whole: Pass, number: int) -> tuple[str, str]:
    """Give what leads on from a page, the same whenever the page is asked for (FACTS 7.3)."""
    following = number if behavior.repeat_pagination_token and number else number + 1
    if following < len(whole.pages):
        if following not in whole.page_tokens:
            whole.page_tokens[following] = stack.tokens.for_page(whole, following)
        return "pagination_token", whole.page_tokens[following]
    if not whole.sync_token:
        checkpoint = Checkpoint(whole.position, whole.filters)
        whole.sync_token = stack.tokens.for_checkpoint(checkpoint)
    return "sync_token", whole.sync_token
