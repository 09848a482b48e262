"""References of entries: where they are found, and how they change between two loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contentstack_source.simulator import fields
from tests.support.loaded_rows import Loaded
from tests.support.oracle_references import REFERENCE_COLUMNS, references_of

A_REFERENCE = {"uid": "a", "_content_type_uid": "page"}


def embed(**attrs: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in attrs.items()}
    return {"type": "reference", "attrs": named, "children": [{"text": ""}]}


def document(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "attrs": {}, "children": [{"type": "p", "children": list(nodes)}]}


SCHEMA = [
    fields.file("image"),
    fields.file("gallery", multiple=True),
    fields.reference("to", "page"),
    fields.old_reference("old", "page"),
    fields.link("more"),
    fields.group("not_a_link", fields.text("title"), fields.text("href")),
    fields.rich_text("body"),
    fields.custom("custom"),
    fields.global_field("seo", "seo", fields.file("picture")),
    fields.blocks(
        "sections",
        fields.block(
            "hero",
            fields.file("image"),
            fields.group(
                "cards", fields.reference("to", "page"), fields.link("more"), multiple=True
            ),
        ),
    ),
]

REFERENCES: list[tuple[dict[str, Any], list[tuple[Any, ...]]]] = [
    ({"image": "blt1"}, [("image", 0, "asset", "blt1", "sys_assets", None)]),
    ({"image": None, "gallery": [], "to": [], "more": {"title": "x", "href": ""}}, []),
    ({"image": "", "not_a_link": {"title": "x", "href": "/x"}}, []),
    (
        {"gallery": ["blt2", None, "blt1"]},
        [
            ("gallery", 0, "asset", "blt2", "sys_assets", None),
            ("gallery", 1, "asset", "blt1", "sys_assets", None),
        ],
    ),
    (
        {"to": [A_REFERENCE, A_REFERENCE]},
        [("to", 0, "entry", "a", "page", None), ("to", 1, "entry", "a", "page", None)],
    ),
    ({"to": A_REFERENCE}, [("to", 0, "entry", "a", "page", None)]),
    ({"old": ["b"]}, [("old", 0, "entry", "b", None, None)]),
    ({"more": {"title": "", "href": "/x"}}, [("more", 0, "url", None, None, "/x")]),
    ({"seo": {"picture": "blt1"}}, [("seo.picture", 0, "asset", "blt1", "sys_assets", None)]),
    ({"new_field": A_REFERENCE}, [("new_field", 0, "entry", "a", "page", None)]),
    ({"custom": document(embed(entry_uid="a"))}, []),
    (
        {
            "body": document(
                embed(entry_uid="a", content_type_uid="page", href="/a"),
                {"type": "a", "attrs": {"url": "https://x.org"}, "children": [{"text": "x"}]},
                embed(asset_uid="blt1", asset_link="https://x.org/1.png"),
                {"type": "img", "attrs": {"src": "https://x.org/2.png"}},
                {"type": "p", "attrs": {"style": {"url": "no"}}, "children": []},
            )
        },
        [
            ("body", 0, "entry", "a", "page", None),
            ("body", 1, "url", None, None, "https://x.org"),
            ("body", 2, "asset", "blt1", "sys_assets", None),
            ("body", 3, "url", None, None, "https://x.org/2.png"),
        ],
    ),
    (
        {
            "body": document(
                {
                    "type": "ul",
                    "attrs": {},
                    "children": [{"type": "a", "attrs": {"url": "/deep"}, "children": []}],
                },
                embed(asset_uid="blt1"),
            )
        },
        [
            ("body", 0, "url", None, None, "/deep"),
            ("body", 1, "asset", "blt1", "sys_assets", None),
        ],
    ),
    (
        {
            "sections": [
                {"hero": {"image": "blt1", "cards": [{"to": [{**A_REFERENCE, "uid": "c"}]}]}},
                {"other": {}},
                {"hero": {"cards": [{"more": {"href": "/1"}}, {"to": [A_REFERENCE]}]}},
                {"hero": {"image": "blt0"}},
            ]
        },
        [
            ("sections.hero.image", 0, "asset", "blt1", "sys_assets", None),
            ("sections.hero.image", 1, "asset", "blt0", "sys_assets", None),
            ("sections.hero.cards.to", 0, "entry", "c", "page", None),
            ("sections.hero.cards.to", 1, "entry", "a", "page", None),
            ("sections.hero.cards.more", 0, "url", None, None, "/1"),
        ],
    ),
]


@pytest.mark.parametrize(("entry", "references"), REFERENCES)
def test_a_reference_becomes_a_row_at_any_depth(
    entry: dict[str, Any], references: list[tuple[Any, ...]], loaded: Callable[..., Loaded]
) -> None:
    rows = loaded(entry, schema=SCHEMA).rows["entry_references"]
    found = [tuple(row[name] for name in REFERENCE_COLUMNS[3:]) for row in rows]
    assert sorted(found, key=repr) == sorted(references, key=repr)
    assert sorted(references_of(entry, SCHEMA), key=repr) == sorted(
        references, key=repr
    )  # the oracle agrees


@pytest.mark.parametrize(
    ("key", "shown"),
    [("it's", "it's"), ("a.b", "a.b"), ('"', '"'), ("nul\x00", "nul\ufffd"), ("", "")],
)
def test_any_key_can_hold_a_reference(key: str, shown: str, loaded: Callable[..., Loaded]) -> None:
    rows = loaded({"in": {key: [A_REFERENCE]}}, schema=[]).rows["entry_references"]
    assert [row["field_path"] for row in rows] == [f"in.{shown}"]
