"""Assets named in text and JSON: each is a reference, so unused_assets does not have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contentstack_source.schema import DestinationTable
from contentstack_source.simulator import fields
from tests.support.loaded_rows import Loaded
from tests.support.oracle_references import REFERENCE_COLUMNS, references_of

SCHEMA = [
    fields.html("html"),
    fields.markdown("notes"),
    fields.text("lines", multiple=True),
    fields.link("more"),
    fields.link("links", multiple=True),
    fields.file("image"),
    fields.file("gallery", multiple=True),
    fields.custom("custom"),
    fields.rich_text("body"),
    fields.group("seo", fields.text("preview"), fields.custom("data")),
    fields.blocks("parts", fields.block("text", fields.html("html"))),
]


def address(uid: str, host: str = "images.contentstack.io") -> str:
    return f"https://{host}/v3/assets/bltstack/{uid}/5d25cd501d2c530d/a%20picture.png"


def asset(path: str, index: int, uid: str, url: str | None = None) -> tuple[Any, ...]:
    return (path, index, "asset", uid, "sys_assets", url)


def document(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "attrs": {}, "children": list(nodes)}


def node(kind: str, **attrs: Any) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in attrs.items()}
    return {"type": kind, "attrs": named, "children": [{"text": ""}]}


WHOLE = {"uid": "blt1", "_content_type_uid": "sys_assets", "url": address("blt1"), "title": "A"}

USES: dict[str, tuple[dict[str, Any], list[tuple[Any, ...]]]] = {
    "an address in HTML": (
        {"html": f"<p><img src=\"{address('blt1')}\"><a href='{address('blt2')}'>x</a></p>"},
        [asset("html", 0, "blt1"), asset("html", 1, "blt2")],
    ),
    "an embed in HTML, once for address and attributes": (
        {
            "html": f'<img data-sys-asset-filelink="{address("blt1")}" src="{address("blt1")}"'
            ' data-sys-asset-uid="blt1" type="asset"/>'
        },
        [asset("html", 0, "blt1")],
    ),
    "attributes alone": (
        {"html": "<img data-sys-asset-uid='blt2'/><figure asset_uid=\"blt1\">"},
        [asset("html", 0, "blt2"), asset("html", 1, "blt1")],
    ),
    "Markdown": (
        {"notes": f"![a picture]({address('blt1')}) and [a file]({address('blt2')} 'it')"},
        [asset("notes", 0, "blt1"), asset("notes", 1, "blt2")],
    ),
    "an address on another host": (
        {"notes": f"{address('blt1', 'eu-images.contentstack.com')} {address('b2', 'img.x.org')}"},
        [asset("notes", 0, "blt1"), asset("notes", 1, "b2")],
    ),
    "an address within another one, and in JSON within text": (
        {
            "lines": [
                "https://x.org/?url=https%3A%2F%2Fa.org%2Fv3%2Fassets%2Fbltstack%2Fblt1%2F0%2Fa.png",
                None,
                r'{"url": "https:\/\/a.org\/v3\/assets\/bltstack\/blt2\/0\/a.png"}',
                r'{"html": "<img data-sys-asset-uid=\"blt3\">"}',
            ]
        },
        [asset("lines", 0, "blt1"), asset("lines", 1, "blt2"), asset("lines", 2, "blt3")],
    ),
    "the same asset in each element of a list": (
        {"lines": [address("blt1"), address("blt1")]},
        [asset("lines", 0, "blt1"), asset("lines", 1, "blt1")],
    ),
    "a link field": (
        {
            "more": {"title": f"see {address('blt2')}", "href": address("blt1")},
            "links": [{"title": "", "href": address("blt3")}, {"title": "", "href": "/assets/x"}],
        },
        [
            asset("more", 0, "blt1", address("blt1")),
            asset("more.title", 0, "blt2"),
            asset("links", 0, "blt3", address("blt3")),
            ("links", 1, "url", None, None, "/assets/x"),
        ],
    ),
    "a custom field, at any depth, each asset once": (
        {
            "custom": {
                "metadata": {"preset": "wide"},
                "asset": {"url": address("blt3"), "again": [address("blt3")]},
                "others": [[WHOLE], {"html": f'<img src="{address("blt2")}">'}],
            }
        },
        [asset("custom", 0, "blt3"), asset("custom", 1, "blt1"), asset("custom", 2, "blt2")],
    ),
    "a custom field that is a text or a list": (
        {"custom": [address("blt1")], "seo": {"preview": "assets", "data": address("blt2")}},
        [asset("custom", 0, "blt1"), asset("seo.data", 0, "blt2")],
    ),
    "a whole asset, in a custom field without its address": (
        {"custom": {"picked": {"uid": "blt1", "_content_type_uid": "sys_assets"}}},
        [asset("custom", 0, "blt1")],
    ),
    "a whole asset in a file field": (
        {"image": {**WHOLE, "description": address("blt9")}, "gallery": [{"uid": "blt2"}, "blt3"]},
        [
            asset("image", 0, "blt1"),
            asset("image.description", 0, "blt9"),
            asset("gallery", 0, "blt2"),
            asset("gallery", 1, "blt3"),
        ],
    ),
    "fields that the model does not have": (
        {"new": {"picture": WHOLE, "other": {"uid": "blt2", "url": address("blt2")}}},
        [asset("new.picture", 0, "blt1"), asset("new.other.url", 0, "blt2")],
    ),
    "a group and a block": (
        {
            "seo": {"preview": address("blt1")},
            "parts": [{"text": {"html": address("blt2")}}, {"text": {"html": address("blt3")}}],
        },
        [
            asset("seo.preview", 0, "blt1"),
            asset("parts.text.html", 0, "blt2"),
            asset("parts.text.html", 1, "blt3"),
        ],
    ),
    "a picture by address in JSON rich text": (
        {
            "body": document(
                node("img", url=address("blt1")),
                node("a", href=address("blt2")),
                node("a", url="/assets/about-us"),
                node("img", src=address("blt1")),
            )
        },
        [
            asset("body", 0, "blt1", address("blt1")),
            asset("body", 1, "blt2", address("blt2")),
            ("body", 2, "url", None, None, "/assets/about-us"),
            asset("body", 3, "blt1", address("blt1")),
        ],
    ),
    "an asset of JSON rich text without its uid": (
        {
            "body": document(
                node("reference", type="asset", asset_link=address("blt1")),
                node("reference", type="asset", asset_link="https://x.org/a.png"),
                node("reference", type="asset", asset_uid="", asset_link=address("blt2"), href="/"),
            )
        },
        [
            asset("body", 0, "blt1", address("blt1")),
            ("body", 1, "url", None, None, "https://x.org/a.png"),
            ("body", 2, "url", None, None, "/"),
            asset("body", 3, "blt2"),
        ],
    ),
    "anything else in JSON rich text, unless the document embeds it": (
        {
            "body": document(
                {"type": "p", "children": [{"text": f"{address('blt1')} {address('blt2')}"}]},
                node("embed", html=f'<img src="{address("blt3")}">'),
                node("reference", type="asset", asset_uid="blt1", asset_link=address("blt1")),
                node("reference", entry_uid="e", content_type_uid="page", href=address("blt4")),
                node("widget", picked=WHOLE | {"uid": "blt5"}),
            )
        },
        [
            asset("body", 0, "blt2"),
            asset("body", 1, "blt3"),
            asset("body", 2, "blt1"),
            ("body", 3, "entry", "e", "page", None),
            asset("body", 4, "blt4"),
            asset("body", 5, "blt5"),
        ],
    ),
    "text that only mentions assets": (
        {
            "html": "assets, /v3/assets/, /v3/assets/bltstack, /v3/assets//blt1/x, asset_uid=",
            "notes": "/v3/assets/bltstack?uid=blt1 <b>/v3/assets/a b/blt1/</b>",
            "custom": {"uid": "blt1", "_content_type_uid": "page", "note": "sys_assets"},
        },
        [],
    ),
}


@pytest.mark.parametrize("use", USES)
def test_an_asset_named_anywhere_in_an_entry_is_a_reference(
    use: str, loaded: Callable[..., Loaded]
) -> None:
    entry, references = USES[use]
    rows = loaded(entry, schema=SCHEMA).rows["entry_references"]
    found = [tuple(row[name] for name in REFERENCE_COLUMNS[3:]) for row in rows]
    assert sorted(found, key=repr) == sorted(references, key=repr)
    assert sorted(references_of(entry, SCHEMA), key=repr) == sorted(
        references, key=repr
    )  # the oracle agrees
    assert len({row["_dlt_id"] for row in rows}) == len(rows)


def test_assets_are_found_without_a_content_model(loaded: Callable[..., Loaded]) -> None:
    for entry, references in USES.values():
        named = {uid for *_, uid, of, _ in references if of == "sys_assets"}
        named -= {"blt3"} if "gallery" in entry else set()  # a bare uid is not recognized
        named -= {"blt2"} if "gallery" in entry else set()
        rows = loaded(entry).rows["entry_references"]
        assert {row["to_uid"] for row in rows if row["kind"] == "asset"} == named


def test_values_that_stay_json_and_values_of_another_type_are_searched_too(
    loaded: Callable[..., Loaded],
) -> None:
    entry = {"old": {"deep": [address("blt1")]}, "size": address("blt2"), "day": address("blt3")}
    schema = [fields.field("size", "number"), fields.field("day", "isodate")]
    found = loaded(entry, schema=schema, existing={"blog": DestinationTable({"old": "json"})})
    rows = found.rows["entry_references"]
    uses = sorted((row["field_path"], row["to_uid"]) for row in rows)
    assert uses == [("day", "blt3"), ("old", "blt1"), ("size", "blt2")]


def test_entries_with_and_without_assets_are_loaded_together(
    loaded: Callable[..., Loaded],
) -> None:
    entries = [
        {"html": "<p>none</p>", "image": "blt1"},
        {"html": address("blt2"), "image": "blt2"},
        {"lines": ["none", address("blt3")]},
    ]
    rows = loaded(*entries, schema=SCHEMA).rows["entry_references"]
    uses = sorted((row["uid"], row["field_path"], row["to_uid"]) for row in rows)
    assert uses == [
        ("e0", "image", "blt1"),
        ("e1", "html", "blt2"),
        ("e1", "image", "blt2"),
        ("e2", "lines", "blt3"),
    ]


def test_a_hundred_fields_of_text_are_all_searched(loaded: Callable[..., Loaded]) -> None:
    entry = {f"text_{number}": address(f"blt{number}") for number in range(150)}
    schema = [fields.html(name) for name in entry]
    rows = loaded(entry, schema=schema).rows["entry_references"]
    assert {row["field_path"]: row["to_uid"] for row in rows} == {
        f"text_{number}": f"blt{number}" for number in range(150)
    }
