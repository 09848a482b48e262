"""A small stack with every structure: two types, nested lists, references, a group, dates."""

from __future__ import annotations

import random
from typing import Any

from contentstack_source.simulator import Stack
from tests.support.date_examples import DAYS, INSTANTS, NO_DAYS, OTHERS

LOCALES = ("en-us", "de-de")
UIDS = ("e1", "e2", "e3")
TYPES = ("article", "author")
SAME_NAME = ("sub_title", "subTitle")
"""Fields to which dlt's naming gives one name."""

_TEXT = {"uid": "title", "data_type": "text"}
MODELS: dict[str, list[dict[str, Any]]] = {
    "article": [
        _TEXT,
        {"uid": "rating", "data_type": "number"},
        {"uid": "seo", "data_type": "group", "schema": [{"uid": "slug", "data_type": "text"}]},
        {"uid": "written_by", "data_type": "reference", "reference_to": ["author"]},
        {"uid": "cover", "data_type": "file"},
        {"uid": "subTitle", "data_type": "text"},
        {"uid": "SEO", "data_type": "group", "schema": [{"uid": "slug", "data_type": "text"}]},
        {
            "uid": "blocks",
            "data_type": "blocks",
            "blocks": [{"uid": "hero", "schema": [{"uid": "claim", "data_type": "text"}]}],
        },
        {"uid": "body", "data_type": "json", "field_metadata": {"allow_json_rte": True}},
        {"uid": "intro", "data_type": "text", "field_metadata": {"allow_rich_text": True}},
        {"uid": "notes", "data_type": "text", "field_metadata": {"markdown": True}},
        {"uid": "preset", "data_type": "json", "field_metadata": {"extension": True}},
        {
            "uid": "parts",
            "data_type": "group",
            "multiple": True,
            "schema": [
                {"uid": "heading", "data_type": "text"},
                {"uid": "notes", "data_type": "text", "multiple": True},
                {"uid": "source", "data_type": "link"},
            ],
        },
    ],
    "author": [
        _TEXT,
        {"uid": "born", "data_type": "isodate"},
        {"uid": "joined", "data_type": "isodate", "field_metadata": {"hide_time": True}},
    ],
}


def small_stack() -> Stack:
    """Return the stack with its models and nothing published."""
    stack = Stack()
    for uid, schema in MODELS.items():
        stack.create_content_type(uid, schema)
    return stack


def filled_stack() -> Stack:
    """Return the stack with every entry and asset published in every locale."""
    stack, rng = small_stack(), random.Random(5)
    for content_type_uid in TYPES:
        for uid in UIDS:
            for locale in LOCALES:
                stack.publish_entry(content_type_uid, uid, content(content_type_uid, rng), locale)
    for locale in LOCALES:
        stack.publish_asset("a1", {"title": "A picture"}, locale)
    return stack


def content(content_type_uid: str, rng: random.Random) -> dict[str, Any]:
    """Return fields of an entry, with lists of any length, even empty."""
    title = f"{content_type_uid} {rng.randrange(1000)}"
    if content_type_uid == "author":
        born, joined = rng.choice([*INSTANTS, *OTHERS]), rng.choice([*DAYS, *NO_DAYS])
        return {"title": title, "born": born, "joined": joined}
    return {
        "title": title,
        "rating": rng.choice([None, 3, 4.5]),
        "seo": {"slug": f"/{rng.randrange(100)}"},
        "written_by": [{"uid": rng.choice(UIDS), "_content_type_uid": "author"}] * rng.randrange(2),
        "parts": [
            {
                "heading": f"h{n}",
                "notes": [f"n{m}" for m in range(rng.randrange(3))],
                "source": {"title": f"s{n}", "href": rng.choice(["", f"https://example.org/{n}"])},
            }
            for n in range(rng.randrange(4))
        ],
        "tags": rng.sample(["red", "green", "blue"], rng.randrange(3)),
        "cover": rng.choice([None, "a1", "a2"]),
        **{key: f"{key} {rng.randrange(9)}" for key in rng.sample(SAME_NAME, rng.randrange(3))},
        "SEO": rng.choice([None, {"slug": "other"}]),
        "blocks": [rng.choice([{"hero": {}}, {"hero": {"claim": "c"}}])] * rng.randrange(3),
        "body": rich_text(rng),
        **uses_of_assets(rng),
    }


def uses_of_assets(rng: random.Random) -> dict[str, Any]:
    """Return HTML, Markdown and a custom field that name assets, or some of them."""
    first, second, third = (rng.choice(["a1", "a2", "e1"]) for _ in range(3))
    embed = f'<img src="{address(first)}" data-sys-asset-uid="{first}"/>'
    return {
        "intro": f"<p>See {rng.choice(['', embed])}</p>",
        "notes": rng.choice(["", f"![a picture]({address(second)})"]),
        "preset": rng.choice([None, {"asset": {"uid": third, "url": address(third)}}]),
    }


def address(asset_uid: str) -> str:
    """Return the address of the file of an asset."""
    return f"https://images.contentstack.io/v3/assets/bltstack/{asset_uid}/5d25cd50/a.png"


def rich_text(rng: random.Random) -> dict[str, Any]:
    """Return a document with a link, an embedded entry and an asset, or with some of them."""
    link = {"type": "a", "attrs": {"url": "https://example.org"}, "children": [{"text": "there"}]}
    entry = {"entry-uid": rng.choice(UIDS), "content-type-uid": rng.choice(TYPES)}
    asset = {"asset-uid": rng.choice(["a1", "a2"]), "asset-link": "https://example.org/a.png"}
    embeds = [
        {"type": "reference", "attrs": {"type": "entry", **entry}, "children": [{"text": ""}]},
        {"type": "reference", "attrs": {"type": "asset", **asset}, "children": [{"text": ""}]},
    ]
    text = {"type": "p", "attrs": {}, "children": [{"text": "Look ", "bold": True}, link]}
    return {"type": "doc", "children": rng.sample([text, *embeds], rng.randrange(4))}
