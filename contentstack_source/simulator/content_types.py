"""`GET /v3/content_types` and `GET /v3/content_types/{uid}` (FACTS 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contentstack_source.simulator.items import without_global_field_schemas
from contentstack_source.simulator.responses import Response, error_response, ok

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contentstack_source.simulator.behavior import Behavior
    from contentstack_source.simulator.log import Item
    from contentstack_source.simulator.stack import Stack

MOST = 100
"""Content types a page at most (FACTS 10.1)."""


def respond(
    stack: Stack, behavior: Behavior, query: Mapping[str, str], uid: str | None
) -> Response:
    """Answer with one content type, or with a page of them."""
    with stack.lock:
        models = dict(stack.content_types)
    if uid is None:
        hidden = behavior.content_types_unlisted
        listed = [model for name, model in models.items() if name not in hidden]
        return _list(listed, behavior, query)
    if uid not in models:
        message = f"The Content Type '{uid}' was not found. Please try again."
        return error_response(422, 118, message, "uid")
    return ok({"content_type": _served(models[uid], query)})


def _list(models: list[Item], behavior: Behavior, query: Mapping[str, str]) -> Response:
    skip = 0 if behavior.content_types_ignore_skip else _number(query.get("skip"), 0)
    limit = min(_number(query.get("limit"), MOST), MOST, behavior.content_types_at_most)
    page = [_served(model, query) for model in models[skip : skip + limit]]
    body: dict[str, object] = {"content_types": page}
    counts = {"total": len(models), "text": str(len(models)), "zero": 0}
    if query.get("include_count") == "true" and behavior.content_types_count in counts:
        body["count"] = counts[behavior.content_types_count]
    return ok(body)


def _served(model: Item, query: Mapping[str, str]) -> Item:
    if query.get("include_global_field_schema") == "true":
        return model
    return model | {"schema": [without_global_field_schemas(each) for each in model["schema"]]}


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() else otherwise
