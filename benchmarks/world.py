"""The content of the benchmarks: mixed content types of a simple site, about 1 kB per entry."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from contentstack_source.simulator import Stack

_WORDS = ["north", "harbour", "paper", "lantern", "quiet", "orchard", "copper", "signal"]
_SOME = {"multiple": True}


def _field(uid: str, data_type: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"uid": uid, "data_type": data_type, "display_name": uid, "multiple": False, **more}


_SEO = _field(
    "seo",
    "group",
    schema=[_field("title", "text"), _field("description", "text"), _field("keywords", "text")],
)
_HERO = {"uid": "hero", "title": "Hero", "schema": [_field("headline", "text")]}
_CALL = {
    "uid": "call_to_action",
    "title": "Call to action",
    "schema": [_field("text", "text"), _field("link", "link")],
}

MODELS: dict[str, list[dict[str, Any]]] = {
    "blog_post": [
        _field("title", "text"),
        _field("url", "text"),
        _field("body", "json", field_metadata={"allow_json_rte": True}),
        _field("author", "reference", reference_to=["author"]),
        _SEO,
        _field("date", "isodate"),
        _field("reading_minutes", "number"),
        _field("rating", "number"),
    ],
    "product": [
        _field("title", "text"),
        _field("url", "text"),
        _field("price", "number"),
        _field("sku", "text"),
        _field("in_stock", "boolean"),
        _field(
            "variants",
            "group",
            schema=[_field("color", "text"), _field("size", "text"), _field("count", "number")],
            **_SOME,
        ),
        _field("modular_blocks", "blocks", blocks=[_HERO, _CALL], **_SOME),
    ],
    "author": [
        _field("title", "text"),
        _field("url", "text"),
        _field("biography", "text", field_metadata={"multiline": True}),
        _field("social", "group", schema=[_field("handle", "text"), _field("site", "text")]),
    ],
    "page": [
        _field("title", "text"),
        _field("url", "text"),
        _field(
            "sections",
            "group",
            schema=[
                _field("heading", "text"),
                _field("cards", "group", schema=[_field("text", "text")], **_SOME),
            ],
            **_SOME,
        ),
    ],
}


def build(entries: int, content_types: int = 4, seed: int = 11) -> Stack:
    """Return a stack with that many published entries, spread evenly over the content types.

    Beyond four types the models repeat, under other names.
    """
    stack = Stack()
    kinds = [_kind(number) for number in range(content_types)]
    for uid, schema, _ in kinds:
        stack.create_content_type(uid, schema)
    rng = random.Random(seed)
    for number in range(entries):
        uid, _, write = kinds[number % content_types]
        shared = {"title": _text(rng, 5), "url": f"/{uid}/{number}", "tags": rng.sample(_WORDS, 2)}
        stack.publish_entry(uid, f"blt{number:016x}", {**shared, **write(rng, number)})
    return stack


def change(stack: Stack, entries: int, count: int, seed: int = 13) -> None:
    """Publish `count` blog posts again, of a stack of four types, with other content."""
    rng = random.Random(seed)
    for number in rng.sample(range(0, entries, 4), count):
        fields = {"title": _text(rng, 5), **_blog_post(rng, number)}
        stack.publish_entry("blog_post", f"blt{number:016x}", fields)


def _kind(number: int) -> tuple[str, list[dict[str, Any]], Callable[..., dict[str, Any]]]:
    uid = list(MODELS)[number % len(MODELS)]
    again = number // len(MODELS)
    return f"{uid}_{again + 1}" if again else uid, MODELS[uid], _WRITERS[uid]


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words)).capitalize()


def _blog_post(rng: random.Random, number: int) -> dict[str, Any]:
    paragraphs = [
        {"type": "p", "uid": f"p{n}", "attrs": {}, "children": [{"text": _text(rng, 20)}]}
        for n in range(4)
    ]
    return {
        "body": {"type": "doc", "uid": f"d{number}", "attrs": {}, "children": paragraphs},
        "author": [{"uid": f"blt{rng.randrange(1000):016x}", "_content_type_uid": "author"}],
        "seo": {"title": _text(rng, 3), "description": _text(rng, 12), "keywords": _text(rng, 2)},
        "date": "2026-01-31T09:30:00.000Z",
        "reading_minutes": rng.randrange(1, 30),
        "rating": round(rng.random() * 5, 2),
    }


def _product(rng: random.Random, number: int) -> dict[str, Any]:
    return {
        "price": round(rng.random() * 100, 2),
        "sku": f"S{number}",
        "in_stock": number % 3 > 0,
        "variants": [
            {
                "color": color,
                "size": size,
                "count": rng.randrange(9),
                "_metadata": {"uid": f"cs{size}"},
            }
            for color in ("red", "green")
            for size in ("S", "M")
        ],
        "modular_blocks": [
            {"hero": {"headline": _text(rng, 4), "_metadata": {"uid": "cs1"}}},
            {"call_to_action": {"text": "Go", "link": {"title": "There", "href": "/there"}}},
        ],
    }


def _author(rng: random.Random, number: int) -> dict[str, Any]:
    return {
        "biography": _text(rng, 30),
        "social": {"handle": f"@author{number}", "site": f"https://example.org/{number}"},
    }


def _page(rng: random.Random, number: int) -> dict[str, Any]:
    return {
        "sections": [
            {"heading": _text(rng, 3), "cards": [{"text": f"{number}.{n}.{m}"} for m in range(2)]}
            for n in range(3)
        ]
    }


_WRITERS = {"blog_post": _blog_post, "product": _product, "author": _author, "page": _page}
