"""The Markdown of JSON rich text, compared with HTML made from the same document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from contentstack_source.transform.markdown import to_markdown
from contentstack_source.transform.rich_nodes import to_text
from tests.support import rendered_markdown, rich_documents
from tests.support.rich_documents import leaf

Node = dict[str, Any]


def node(kind: str, *children: Node | str, **attrs: Any) -> Node:
    named = {name.replace("_", "-"): value for name, value in attrs.items()}
    leaves = [leaf(each) if isinstance(each, str) else each for each in children]
    return rich_documents.node(kind, leaves, named)


def bold(text: str, **marks: bool) -> Node:
    return leaf(text, bold=True, **marks)


def italic(text: str, **marks: bool) -> Node:
    return leaf(text, italic=True, **marks)


def code(text: str, **marks: bool) -> Node:
    return leaf(text, inlineCode=True, **marks)


def reads(markdown: str, *children: Node | str) -> None:
    """Check the Markdown of a document, and that it looks like the document."""
    document = node("doc", *children)
    assert to_markdown(document) == markdown
    assert rendered_markdown.of_markdown(markdown) == rendered_markdown.of_document(document)


def reads_line(markdown: str, *children: Node | str) -> None:
    reads(markdown, node("p", *children))


@settings(max_examples=200)
@given(rich_documents.lines)
def test_a_line_of_text_renders_as_what_the_document_shows(document: Node) -> None:
    assert rendered_markdown.of_markdown(to_markdown(document)) == rendered_markdown.of_document(
        document
    )


@settings(max_examples=100)
@given(rich_documents.documents)
def test_a_document_renders_as_what_it_shows(document: Node) -> None:
    assert rendered_markdown.of_markdown(to_markdown(document)) == rendered_markdown.of_document(
        document
    )


@pytest.mark.long
@settings(max_examples=20_000, derandomize=False)
@given(rich_documents.lines | rich_documents.documents)
def test_many_documents_render_as_what_they_show(document: Node) -> None:
    assert rendered_markdown.of_markdown(to_markdown(document)) == rendered_markdown.of_document(
        document
    )


@settings(max_examples=100)
@given(rich_documents.documents)
def test_the_text_of_a_document_has_every_word_of_it(document: Node) -> None:
    def words(of: Node) -> list[str]:
        inside = [word for each in of.get("children", []) for word in words(each)]
        return [*of.get("text", "").split(), *inside]

    text = "".join(to_text(document).split())
    assert text == "".join(words(document))


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("~~~", r"\~\~\~"),
        ("~~x~~ and ~x~", r"\~\~x\~\~ and \~x\~"),
        ("&lt; &copy; &#42; AT&T a & b", r"\&lt; \&copy; \&#42; AT&T a & b"),
        ("a\n- - -", "a  \n\\- - -"),
        ("a | b\n- | -", "a | b  \n\\- | -"),
        ("a\n|-|", "a  \n\\|-|"),
        ("a\n:-:", "a  \n\\:-:"),
        ("a\n  # b", "a  \n\\# b"),
        ("a\r\n===", "a  \n\\==="),
        ("    x", "x"),
        ("a\n\nb", "a  \n\\\nb"),
        ("\n a\n", "a"),
        ("\xa0 a", "\xa0 a"),
        (r"\* C:\new", r"\\\* C:\\new"),
        ("<b>x</b> <!-- y -->", r"\<b>x\</b> \<!-- y -->"),
    ],
)
def test_markdown_syntax_in_text_is_escaped(text: str, markdown: str) -> None:
    reads_line(markdown, text)


def test_adjacent_text_with_the_same_marks_is_marked_once() -> None:
    reads_line("**redblue**", bold("red", color="red"), bold("blue"))  # type: ignore[arg-type]
    reads_line("`ab`", code("a"), code("b"))
    reads_line("**ab**", bold("a"), "", node("span", bold("b")))
    reads_line(r"\&copy;", "&", leaf("copy;", underline=True))


def test_marks_that_delimiters_cannot_express_are_tags() -> None:
    reads_line("<strong>Note:</strong>text", bold("Note:"), "text")
    reads_line("**Note:** text", bold("Note:"), " text")
    reads_line("<strong>「強調」</strong>です", bold("「強調」"), "です")
    reads_line("<strong>a</strong><em>b</em>", bold("a"), italic("b"))
    reads_line("a<strong>`b`</strong>", "a", code("b", bold=True))
    reads_line("<strong>🙂</strong>a", bold("🙂"), "a")  # a letter before CommonMark 0.31
    reads_line(
        "<del>🙂</del><strong>`a`</strong>", leaf("🙂", strikethrough=True), code("a", bold=True)
    )  # GitHub's renderer looks past `~~`


def test_nested_marks_keep_their_boundaries() -> None:
    reads_line("un**real**istic", "un", bold("real"), "istic")
    reads_line("**a *b* c**", bold("a "), bold("b", italic=True), bold(" c"))
    reads_line("*a **b***", italic("a "), italic("b", bold=True))
    reads_line("**a ~~b~~**", bold("a "), bold("b", strikethrough=True))
    reads_line("a **b** c", "a", bold(" b "), "c")
    reads_line("a\xa0**b**\u2003c", "a", bold("\xa0b\u2003"), "c")
    overlapping = [bold("a "), bold("b", italic=True), italic(" c")]
    reads_line("**a *b*** *c*", *overlapping)
    reads_line(
        "<em>a<strong>b</strong>c</em>",
        italic("a"),
        italic("b", bold=True),
        italic("c"),
    )


def test_inline_code_keeps_its_backticks_blanks_and_lines() -> None:
    reads_line("`` `a ``", code("`a"))
    reads_line("a `  b  ` c", "a ", code(" b "), " c")
    reads_line("`a`  \n`- b`", code("a\n- b"))
    reads_line("x  y", "x", code("  "), "y")


def test_a_heading_is_one_line() -> None:
    reads("# a<br>b", node("h1", "a\nb"))
    reads("## a<br>b", node("h2", node("p", "a"), node("p", leaf("b", **{"break": True}))))
    reads("# C \\#", node("h1", "C #"))
    reads("# \\##", node("h1", "##"))
    reads("", node("h1", "\n"))


def test_a_line_break_of_text_and_break_is_one() -> None:
    reads_line("a  \nb", leaf("a\n", **{"break": True}), "b")


def test_a_link_shows_its_text_and_keeps_its_address() -> None:
    reads_line("[a](<b\\\\c>)", node("a", "a", url="b\\c"))
    reads_line("[a](<\\<b\\>>)", node("a", "a", url="<b>"))
    reads_line("[a](<b%0Ac>)", node("a", "a", url=" b\nc "))
    reads_line("[a](?b&amp;copy;)", node("a", "a", url="?b&copy;"))
    reads_line(r"[x\_y](x_y)", node("a", "", url="x_y"))
    reads_line(r"Look\![here](/p)", "Look!", node("a", "here", url="/p"))
    reads_line("see [it](/p) now", "see", node("a", " it ", url="/p"), "now")
    reads_line("[one two](/p)", node("a", "one ", node("a", "two", url="/q"), url="/p"))
    reads_line("[![x](/i)](/p)", node("a", node("img", "", url="/i", alt="x"), url="/p"))
    entry = {"entry_uid": "e", "content_type_uid": "a b"}
    reads_line("[e](<entry:a b/e>)", node("reference", "", **entry))
    reads_line(r"[\^1](/p)", node("a", "^1", url="/p"))
    reads_line(r"![a \[b\]](/i)", node("img", "", url="/i", alt="a\n[b]"))


def test_an_asset_without_a_uid_uses_its_link() -> None:
    asset = {"type": "asset", "asset_link": "https://x.org/a", "asset_name": "a"}
    picture = node("reference", "", **asset, asset_type="image/png", display_type="display")
    reads("![a](https://x.org/a)", picture)
    download = node("reference", "", **asset, asset_type="application/pdf")
    reads("[a](https://x.org/a)", download)
    reads_line("x [y](https://x.org/a)", "x ", node("reference", "y", **asset, display_type="link"))
    reads("a", node("reference", "", type="asset", asset_name="a"))


def test_a_picture_with_a_link_is_in_a_link() -> None:
    asset = {"asset_uid": "blt1", "asset_type": "image/png", "link": "/p"}
    picture = node("reference", "", **asset)
    assert to_markdown(node("doc", picture)) == "[![](asset:blt1)](/p)"


def li(*children: Node | str) -> Node:
    return node("li", *children)


def test_a_list_starts_with_its_number() -> None:
    reads("3. a\n4. b", node("ol", li("a"), li("b"), start=3))
    reads("0. a", node("ol", li("a"), start="0"))
    imported = {"redactor_attributes": {"start": "7"}}
    assert to_markdown(node("doc", node("ol", li("a"), **imported))) == "7. a"
    odds: list[Any] = [-1, "x", None, 1.5, True, 999_999_999, {}, [2]]
    for odd in odds:
        assert to_markdown(node("doc", node("ol", li("a"), start=odd))) == "1. a"


def test_adjacent_lists_stay_separate() -> None:
    reads("- a\n\n* b\n\n- c", *[node("ul", li(each)) for each in "abc"])
    reads("1. a\n\n1) b", node("ol", li("a")), node("div", node("ol", li("b"))))


def test_a_nested_list_stays_in_its_item() -> None:
    inner = node("ul", li("b"))
    reads("99. a\n100. c\n     - b", node("ol", li("a"), li("c"), inner, start=99))
    reads("- * b", node("ul", inner))
    reads("- a\n\n  3. b", node("ul", li(node("p", "a"), node("ol", li("b"), start=3))))
    reads(
        "- a\n\n  b\n  - b",
        node("ul", li(node("p", "a"), node("p", "b"), inner)),
    )
    reads("- * -\n    - a", node("ul", li(node("ul", li(node("ul", li(""), li("a")))))))


def test_items_may_start_with_any_block() -> None:
    reads(
        "- # a\n- > b\n- ```\n  c\n  ```", _items(node("h1", "a"), _quote("b"), node("code", "c"))
    )
    reads("- ___", _items(node("hr")))
    reads("- ---\\*", _items("---*"))
    reads("- | a |\n  | --- |", _items(node("table", node("tr", node("td", "a")))))
    reads("-\n- a", _items("", "a"))
    reads("", _items("", ""))


def _items(*contents: Node | str) -> Node:
    return node("ul", *[li(each) for each in contents])


def _quote(text: str) -> Node:
    return node("blockquote", node("p", text))


def td(*children: Node | str, **attrs: Any) -> Node:
    return node("td", *children, **attrs)


def test_spanning_cells_move_no_other_cell() -> None:
    void = td("", void=True)
    joined = node(
        "trgrp",
        node("tr", td("a", rowSpan=2), td("b")),
        node("tr", void, td("c")),
    )
    head = node("thead", node("tr", td("h", colSpan=2), void))
    expected = "| h |  |\n| --- | --- |\n| a | b |\n|  | c |"
    reads(expected, node("table", head, node("tbody", joined)))
    # Documents made without an editor have no cells in covered places.
    joined = node("trgrp", node("tr", td("a", rowspan="2"), td("b")), node("tr", td("c")))
    head = node("thead", node("tr", td("h", colspan="2")))
    reads(expected, node("table", head, node("tbody", joined)))


def test_a_cell_of_any_size_keeps_a_table_small() -> None:
    row = node("tr", td("a", rowSpan=10**8, colSpan=10**8), td("b"))
    markdown = to_markdown(node("doc", node("table", row, node("tr", td("c")))))
    assert len(markdown) < 2_000
    assert [each for each in markdown if each.isalpha()] == ["a", "b", "c"]


def test_a_cell_shows_its_blocks_as_lines() -> None:
    blocks = [node("h2", "a|b"), _items("c", "d"), node("code", "e|f\ng"), _quote("h")]
    reads(
        "| a\\|b<br>- c<br>- d<br>`e\\|f`<br>`g`<br>h |\n| --- |",
        node("table", node("tr", td(*blocks))),
    )
    inner = node("table", node("tr", td("a"), td("b")))
    reads("| a<br>b |\n| --- |", node("table", node("tr", td(inner))))
    reads("| a |  |\n| --- | --- |\n| b | c |", _table(["a"], ["b", "c"]))


def _table(*rows: list[str]) -> Node:
    return node("table", *[node("tr", *map(td, row)) for row in rows])


def test_code_keeps_its_language_and_its_fences() -> None:
    reads("```c++\na\n```", node("code", "a", language="c++"))
    reads("````\n```\n\tx\n````", node("code", "```\n\tx", language="a `b`"))


def test_inline_nodes_in_fragments_are_one_line() -> None:
    parts = [node("fragment", "a "), node("fragment", bold("b")), node("ul", li("c"))]
    reads("a **b**\n\n- c", *parts)
    assert to_text(node("doc", *parts)) == "a b\nc"


@pytest.mark.parametrize("kind", ["fragment", "trgrp", "thead", "ul", "span", "a", "h1", "table"])
def test_every_kind_of_node_may_be_deeply_nested(kind: str) -> None:
    deep: Node = leaf("x")
    for _ in range(490):  # a parser accepts at most 500 levels
        deep = node(kind, deep, url="/p")
    document = node("doc", node("table", deep), deep)
    assert to_text(document) == "x\nx"
    assert to_markdown(document).count("x") == 2


ODD: list[tuple[Any, str]] = [
    ({"children": ["a", 1, None, {"text": "b"}]}, "ab"),
    ({"children": "a"}, "a"),
    ({"children": {"type": "p", "children": [{"text": "a"}]}}, "a"),
    ({"text": "a"}, "a"),
    ({"children": [{"text": 5}]}, "5"),
    ({"type": "table", "children": ["a"]}, "a"),
    ({"type": "ul", "children": ["a"]}, "a"),
    ({"type": ["h1"], "attrs": "x", "children": [{"type": {}, "children": ["a"]}]}, "a"),
    ({"type": "a", "attrs": {"url": {"x": 1}}, "children": ["a"]}, "a"),
    ({"type": "td", "attrs": {"colSpan": "x", "rowSpan": None}, "children": ["a"]}, "a"),
]


@pytest.mark.parametrize(("document", "text"), ODD)
def test_the_text_of_a_malformed_document_is_kept(document: Any, text: str) -> None:
    for make in (to_text, to_markdown):
        assert "".join(filter(str.isalnum, make(document))) == text
