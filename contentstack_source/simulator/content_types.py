"""`GET /v3/content_types` and `GET /v3/content_types/{uid}` (FACTS 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contentstack_source.simulator.answers import Answer, ok, refusal
from contentstack_source.simulator.items import without_global_field_schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contentstack_source.simulator.log import Item
    from contentstack_source.simulator.stack import Stack

MOST = 100
"""Content types a page at most (FACTS 10.1)."""


def answer(stack: Stack, query: Mapping[str, str], uid: str | None) -> Answer:
    """Answer with one content type, or with a page of them."""
    with stack.lock:
        models = dict(stack.content_types)
    if uid is None:
        return _list(list(models.values()), query)
    if uid not in models:
        message = f"The Content Type '{uid}' was not found. Please try again."
        return refusal(422, 118, message, "uid")
    return ok({"content_type": _served(models[uid], query)})


def _list(models: list[Item], query: Mapping[str, str]) -> Answer:
    skip = _number(query.get("skip"), 0)
    limit = min(_number(query.get("limit"), MOST), MOST)
    page = [_served(model, query) for model in models[skip : skip + limit]]
    body: dict[str, object] = {"content_types": page}
    if query.get("include_count") == "true":
        body["count"] = len(models)
    return ok(body)


def _served(model: Item, query: Mapping[str, str]) -> Item:
    if query.get("include_global_field_schema") == "true":
        return model
    return model | {"schema": [without_global_field_schemas(each) for each in model["schema"]]}


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() else otherwise
