"""JSON rich text: a table of documents beside their text and their Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from contentstack_source.transform import rich_text
from contentstack_source.transform.markdown import to_markdown
from contentstack_source.transform.rich_nodes import to_text
from tests.support.loaded_rows import Loaded

Node = dict[str, Any]


def leaf(text: str, **marks: bool) -> Node:
    return {"text": text, **marks}


def node(kind: str, *children: Node | str, **attrs: str) -> Node:
    named = {name.replace("_", "-"): value for name, value in attrs.items()}
    leaves = [leaf(each) if isinstance(each, str) else each for each in children]
    return {"type": kind, "attrs": named, "children": leaves}


def item(*children: Node | str) -> Node:
    return node("li", *children)


ENTRY = {"type": "entry", "entry_uid": "blt1", "content_type_uid": "page"}
ASSET = {"type": "asset", "asset_uid": "blt2", "asset_link": "https://x.org/a.png"}
PICTURE = {**ASSET, "asset_type": "image/png", "asset_name": "a.png", "display_type": "display"}

DOCUMENTS: list[tuple[list[Node], str, str]] = [
    ([], "", ""),
    ([node("p", "One."), node("p", "Two.")], "One.\nTwo.", "One.\n\nTwo."),
    (
        [node("p", ""), node("p", "After an empty one.")],
        "After an empty one.",
        "After an empty one.",
    ),
    ([leaf("No paragraph")], "No paragraph", "No paragraph"),
    ([node("h1", "A"), node("h3", "B")], "A\nB", "# A\n\n### B"),
    (
        [node("p", leaf("b", bold=True), " and ", leaf("i", italic=True))],
        "b and i",
        "**b** and *i*",
    ),
    ([node("p", leaf("both", bold=True, italic=True))], "both", "***both***"),
    ([node("p", leaf(" b ", bold=True), "c")], " b c", "**b** c"),
    ([node("p", leaf("x < 1", inlineCode=True))], "x < 1", "`x < 1`"),
    ([node("p", leaf("a`b", inlineCode=True))], "a`b", "``a`b``"),
    ([node("p", leaf("gone", strikethrough=True))], "gone", "~~gone~~"),
    ([node("p", leaf("u", underline=True))], "u", "u"),
    ([node("p", "2 * 3_4 [5] <b> `c`")], "2 * 3_4 [5] <b> `c`", r"2 \* 3\_4 \[5\] \<b> \`c\`"),
    ([node("p", "# no heading")], "# no heading", r"\# no heading"),
    ([node("p", "1. no list")], "1. no list", r"1\. no list"),
    ([node("p", "one\n- two\n>three")], "one\n- two\n>three", "one  \n\\- two  \n\\>three"),
    ([node("p", "---")], "---", r"\---"),
    ([node("p", "one\ntwo")], "one\ntwo", "one  \ntwo"),
    ([node("p", leaf("one", **{"break": True}), "two")], "one\ntwo", "one  \ntwo"),
    (
        [node("p", "See ", node("a", "it", url="https://x.org"))],
        "See it",
        "See [it](https://x.org)",
    ),
    ([node("p", node("a", "it", url="https://x.org/a b"))], "it", "[it](<https://x.org/a b>)"),
    ([node("ul", item("a"), item("b"))], "a\nb", "- a\n- b"),
    ([node("ol", item(node("p", "a")), item(node("p", "b")))], "a\nb", "1. a\n2. b"),
    (
        [node("ul", item(node("p", "a"), node("ol", item("b"), item("c"))), item("d"))],
        "a\nb\nc\nd",
        "- a\n  1. b\n  2. c\n- d",
    ),
    (
        [node("ol", item("a"), node("ul", item("b")), item("c"))],
        "a\nb\nc",
        "1. a\n   - b\n2. c",
    ),
    (
        [node("ul", item(node("p", "a"), node("p", "b")))],
        "a\nb",
        "- a\n\n  b",
    ),
    (
        [node("blockquote", node("p", "a"), node("p", "b"))],
        "a\nb",
        "> a\n>\n> b",
    ),
    ([node("code", "if a:\n    b *c*")], "if a:\n    b *c*", "```\nif a:\n    b *c*\n```"),
    ([node("code", "```")], "```", "````\n```\n````"),
    ([node("p", "a"), node("hr"), node("p", "b")], "a\nb", "a\n\n---\n\nb"),
    (
        [
            node(
                "table",
                node("thead", node("tr", node("th", node("p", "H1")), node("th", "H|2"))),
                node("tbody", node("tr", node("td", node("p", "a"), node("p", "b")))),
            )
        ],
        "H1\nH|2\na\nb",
        "| H1 | H\\|2 |\n| --- | --- |\n| a<br>b |  |",
    ),
    (
        [node("img", "", url="https://x.org/a.png", alt="An *a*")],
        "",
        r"![An \*a\*](https://x.org/a.png)",
    ),
    ([node("reference", "", **PICTURE)], "", "![a.png](https://x.org/a.png)"),
    (
        [node("reference", "", **{**PICTURE, "asset_type": "application/pdf"})],
        "",
        "[a.png](https://x.org/a.png)",
    ),
    ([node("reference", "", **ENTRY, display_type="block")], "", "[blt1](entry:page/blt1)"),
    (
        [node("p", "See ", node("reference", "this", **ENTRY, display_type="link", href="/p"))],
        "See this",
        "See [this](/p)",
    ),
    (
        [node("embed", "", src="https://video.org/1")],
        "",
        "[https://video.org/1](https://video.org/1)",
    ),
    ([node("hologram", node("p", "kept"), "too")], "kept\ntoo", "kept\n\ntoo"),
    ([node("p", node("span", "in a span"))], "in a span", "in a span"),
]


@pytest.mark.parametrize(("children", "text", "markdown"), DOCUMENTS)
def test_a_document_becomes_text_and_markdown(
    children: list[Node], text: str, markdown: str
) -> None:
    document = {"type": "doc", "children": children}
    assert to_text(document) == text
    assert to_markdown(document) == markdown


def test_documents_of_any_depth_keep_their_text() -> None:
    deep: Node = leaf("the bottom")
    for kind in ["p", "blockquote", "ul", "li", "a", "table", "tbody", "tr", "td", "h2"] * 100:
        deep = node(kind, deep)
    for make in (to_text, to_markdown):
        assert "the bottom" in make({"type": "doc", "children": [deep]})


ODD: list[Any] = [
    *({}, {"type": "doc"}, {"children": None}, {"children": "x"}, {"children": [None, 1, "x", []]}),
    {"type": None, "attrs": [], "children": [{"text": 5}, {"type": ["p"], "children": [{}]}]},
    {"children": [{"type": "a", "attrs": {"url": 5}, "children": [{"text": "a"}]}]},
    {"children": [{"type": kind} for kind in ("table", "ul", "h1", "img", "code", "tr", "li")]},
]


@pytest.mark.parametrize("document", ODD)
def test_malformed_documents_are_read(document: Node) -> None:
    assert isinstance(to_text(document), str)
    assert isinstance(to_markdown(document), str)


def test_a_value_that_is_not_a_document_has_no_text() -> None:
    json_texts = pa.table({"body": pa.array(['"x"', "[1]", None, '{"children":[{"text":"y"}]}'])})
    found = rich_text.beside(json_texts, {"body": ("t", "m")})
    assert found["t"].to_pylist() == found["m"].to_pylist() == [None, None, None, "y"]


def test_a_document_that_cannot_be_parsed_has_no_text() -> None:
    def nested(levels: int) -> str:
        return '{"children":[' * levels + '{"text":"x"}' + "]}" * levels

    json_texts = pa.table({"body": pa.array([nested(500), nested(600), '{"text":"\\ud83d"}'])})
    found = rich_text.beside(json_texts, {"body": ("t", "m")})
    assert found["t"].to_pylist() == found["m"].to_pylist() == ["x", None, None]


RICH = {"data_type": "json", "field_metadata": {"allow_json_rte": True}}


def test_rich_text_has_text_and_markdown_columns_at_any_depth(
    loaded: Callable[..., Loaded],
) -> None:
    document = {"type": "doc", "children": [node("h2", "Hello")]}
    schema = [
        {"uid": "body", **RICH},
        {"uid": "empty", **RICH},
        {"uid": "custom", "data_type": "json"},
        {"uid": "bodies", "multiple": True, **RICH},
        {"uid": "g", "data_type": "group", "multiple": True, "schema": [{"uid": "note", **RICH}]},
    ]
    content = {"body": document, "custom": document, "bodies": [document]}
    content |= {"g": [{"note": document}], "unknown": document}
    found = loaded(content, schema=schema, reads_rich_text=True)
    row = found.row("blog")
    assert {name: row[name] for name in row if re.search("__(text|markdown)$", name)} == {
        "body__text": "Hello",
        "body__markdown": "## Hello",
        "unknown__text": "Hello",
        "unknown__markdown": "## Hello",
    }
    assert found.types["blog"]["empty__markdown"] == "text"
    assert found.column("blog__bodies", "value__markdown") == ["## Hello"]
    assert found.column("blog__g", "note__text") == ["Hello"]
