"""Documents of JSON rich text with hostile text, made by Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Node = dict[str, Any]

_CHARACTERS = "*_`~<>&|#+-=[]()!\\\"':.;/1a Z\t\n$^{%@,é「」🙂€“…日"
_BLANKS = ["\u200b", "\xa0", "\u2003", "\u2028", "\x0b", "\x0c", "\x85", "\x1c", "\x00", "\x07"]
_STRINGS = ["**", "~~", "~~~", "```", "``", "---", "1.", "12)", "# ", "<b>", "</b>", "<!--", "-->"]
_STRINGS += ["&lt;", "&copy;", "&#42;", "&amp", "![a](b)", "[a](b)", "http://x.org/a_b"]
_STRINGS += ["www.x.org", "x@y.org", ":-:", "===", "word", "Note:", "日本"]
_BREAKS = ["\r", "\r\n", "\n\n", "  \n", "- ", "1. ", "# ", "    ", "[a]: b", "| - |"]

_parts = st.lists(st.sampled_from([*_CHARACTERS, *_BLANKS, *_STRINGS, *_BREAKS]), max_size=6)
_simple = st.sampled_from(["a", "word", "x y", "é", ":", "a:", "(b)", " ", " c", "d ", "日", "🙂"])
_MARKS = ["bold", "italic", "strikethrough", "inlineCode", "underline"]


def leaf(text: str, **marks: bool) -> Node:
    return {"text": text, **marks}


def node(kind: str, children: list[Node], attrs: Node | None = None) -> Node:
    return {"type": kind, "attrs": attrs or {}, "children": children}


# Composites, since the name of any other strategy is all that it is made of.


@st.composite
def _words(draw: st.DrawFn) -> str:
    return "".join(draw(_parts))


@st.composite
def _leaves(draw: st.DrawFn) -> Node:
    text = draw(words | _simple)
    names = draw(st.sampled_from([[], _MARKS[:3], [*_MARKS, "break"]]))
    return leaf(text, **dict.fromkeys(draw(st.sets(st.sampled_from(names))) if names else (), True))


@st.composite
def _inline(draw: st.DrawFn) -> list[Node]:
    return draw(st.lists(leaves | leaves | _leads(st.lists(_inner, max_size=3)), max_size=5))


@st.composite
def _paragraph(draw: st.DrawFn) -> Node:
    return node(draw(st.sampled_from(["p", "p", "p", "h1", "h3", "div"])), draw(inline))


words, leaves, inline = _words(), _leaves(), _inline()
_ADDRESSES = ["https://x.org/a", "/p", "a b", "http://x/(a)", "http://x/(", "<a>", "a\\b"]
_ADDRESSES += ["?a=1&copy;=2&lt", "a|b", "x`y*z_w", "a\nb", "\xa0x", "ü", "a%20b", "a\x07b"]
addresses = st.sampled_from(_ADDRESSES) | words.filter(str.strip)


def _attrs(required: Node | None = None, **optional: Any) -> SearchStrategy[Node]:
    named = {name.replace("_", "-"): value for name, value in optional.items()}
    fixed = {name: st.just(value) for name, value in (required or {}).items()}
    return st.fixed_dictionaries(fixed, optional=named)


_assets = _attrs(
    {"type": "asset"},
    asset_uid=st.just("blt1"),
    asset_link=addresses,
    asset_type=st.sampled_from(["image/png", "application/pdf"]),
    asset_name=words,
    asset_alt=words,
    display_type=st.sampled_from(["display", "download", "link"]),
)
_entries = _attrs(
    {"type": "entry", "entry-uid": "a_b*"}, content_type_uid=st.just("page"), href=addresses
)


def _leads(children: SearchStrategy[list[Node]]) -> SearchStrategy[Node]:
    return st.one_of(
        st.builds(node, st.sampled_from(["a", "span"]), children, _attrs(url=addresses)),
        st.builds(node, st.just("reference"), children, _assets | _entries),
        st.builds(node, st.just("img"), st.just([leaf("")]), _attrs(url=addresses, alt=words)),
    )


_inner = leaves | _leads(st.lists(leaves, max_size=2))
_paragraphs = _paragraph()
_codes = st.builds(node, st.just("code"), st.lists(leaves, max_size=3)).map(
    # Markdown counts a tab in a list as blanks.
    lambda code: node("code", [leaf(each["text"].replace("\t", " ")) for each in code["children"]])
)
_others = st.just(node("hr", [leaf("")])) | st.builds(
    node, st.just("embed"), st.just([leaf("")]), st.builds(lambda url: {"src": url}, addresses)
)


def _tables(children: SearchStrategy[list[Node]]) -> SearchStrategy[Node]:
    spans = _attrs(colSpan=st.integers(1, 3), rowSpan=st.integers(1, 3), void=st.just(value=True))
    cells = st.builds(node, st.sampled_from(["td", "th"]), children, st.just({}) | spans)
    row = st.builds(node, st.just("tr"), st.lists(cells, max_size=3))
    group = st.builds(node, st.just("trgrp"), st.lists(row, max_size=3))
    rows = st.lists(row | group, max_size=3)
    sections = st.lists(st.builds(node, st.sampled_from(["thead", "tbody"]), rows), max_size=2)
    return st.builds(node, st.just("table"), rows | sections)


def _nesting(children: SearchStrategy[list[Node]]) -> SearchStrategy[list[Node]]:
    items = st.lists(st.builds(node, st.just("li"), inline | children), max_size=3)
    starts = st.sampled_from([{}, {"start": 3}, {"start": 99}, {"start": 0}])
    lists = st.builds(node, st.just("ul"), items) | st.builds(node, st.just("ol"), items, starts)
    nested = st.builds(
        lambda outer, inner: node(outer["type"], [*outer["children"], inner], outer["attrs"]),
        lists,
        lists,
    )
    containers = st.builds(node, st.sampled_from(["blockquote", "div", "row"]), children)
    tables = _tables(inline | children)
    return st.lists(
        st.one_of(_paragraphs, lists, lists, nested, containers, tables, _codes, _others),
        max_size=3,
    )


_blocks = st.recursive(
    st.lists(st.one_of(_paragraphs, _paragraphs, _codes, _others), max_size=3),
    _nesting,
    max_leaves=4,
)
documents = st.builds(node, st.just("doc"), _blocks)
lines = st.builds(lambda children: node("doc", [node("p", children)]), inline)
"""Documents of one paragraph."""
