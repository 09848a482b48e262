"""What a reader sees of a document: from HTML, and from HTML made of JSON rich text.

Two HTML texts that look the same are equal here: blanks are compared as a browser shows them, the
marks of blanks do not count, and empty blocks are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt

Node = dict[str, Any]
Block = tuple[Any, ...]
Shown = tuple[Any, ...]

MARKS = {"strong": "bold", "em": "italic", "s": "gone", "del": "gone", "code": "code"}
INLINE = {*MARKS, "a", "img", "br", "span"}
SECTIONS = {"thead", "tbody", "tfoot"}


def of_markdown(markdown: str) -> list[Block]:
    """Return what a renderer of CommonMark and GFM shows."""
    renderer = MarkdownIt("commonmark", {"maxNesting": 500}).enable(["table", "strikethrough"])
    renderer.normalizeLink = lambda url: url  # type: ignore[method-assign]
    renderer.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005
    return of_html(renderer.render(markdown))


def of_document(document: Node) -> list[Block]:
    """Return what the document itself shows."""
    return of_html(html_of(document))


# JSON rich text as HTML, node by node.


def html_of(node: Node, *, in_link: bool = False) -> str:
    if "text" in node:
        return _leaf_html(node)
    attrs = node["attrs"]
    inner = "".join(html_of(child, in_link=in_link) for child in node["children"])
    kind = node["type"]
    if kind == "hr":
        return "<hr>"
    if kind == "code":
        return f"<pre>{inner.replace('<br>', chr(10))}</pre>"
    if kind in {"a", "reference", "img", "embed", "span"}:
        html = _lead_html(node, inner, in_link=in_link)
        is_block = kind == "embed" or attrs.get("display-type") == "block"
        return f"<div>{html}</div>" if is_block else html
    if kind == "fragment":
        return inner
    attributes = "".join(f' {name}="{escape(str(value))}"' for name, value in attrs.items())
    tag = kind if re.fullmatch("h[1-6]|[uo]l|li|p|table|t(head|body|r|d|h)|trgrp", kind) else "div"
    tag = "blockquote" if kind == "blockquote" else tag
    return f"<{tag}{attributes}>{inner}</{tag}>"


def _leaf_html(node: Node) -> str:
    text = node["text"].replace("\r\n", "\n").replace("\r", "\n")
    if node.get("break") and not text.endswith("\n"):
        text += "\n"
    html = escape(text).replace("\n", "<br>")
    tags = {"inlineCode": "code", "bold": "strong", "italic": "em", "strikethrough": "del"}
    for mark, tag in tags.items():
        if node.get(mark):
            html = f"<{tag}>{html}</{tag}>"
    return html


def _lead_html(node: Node, inner: str, *, in_link: bool) -> str:
    attrs = {name: value for name, value in node["attrs"].items() if str(value).strip()}
    kind = node["type"]
    address = attrs.get("url") or attrs.get("href") or attrs.get("src") or ""
    name = attrs.get("asset-alt") or attrs.get("alt") or attrs.get("asset-name") or ""
    is_asset = bool(attrs.get("asset-uid") or attrs.get("asset-link"))
    if is_asset:
        address = attrs.get("asset-link") or address or f"asset:{attrs['asset-uid']}"
    elif attrs.get("entry-uid"):
        name = attrs["entry-uid"]
        address = address or f"entry:{attrs.get('content-type-uid', '')}/{name}"
    is_image = kind == "img" or (is_asset and attrs.get("asset-type", "").startswith("image/"))
    is_shown = attrs.get("display-type") not in {"link", "download"}
    if is_image and is_shown and address:
        return f'<img src="{escape(address)}" alt="{escape(_plain(node).strip() or name)}">'
    shows = bool(_text(inner)) or "<img" in inner
    if not address:
        return f"<span>{inner if shows or not name else escape(' '.join(name.split()))}</span>"
    label = inner if shows else escape(" ".join((name or address).split()))
    if in_link:
        return label
    # Links inside a link become its text.
    inside = "".join(html_of(child, in_link=True) for child in node["children"])
    inside = inside if _text(inside) or "<img" in inside else label
    return f'<a href="{escape(address)}">{inside}</a>'


def _plain(node: Node) -> str:
    if "text" in node:
        return str(node["text"]) + " " * bool(node.get("break"))
    return "".join(map(_plain, node["children"]))


def _text(html: str) -> str:
    parser = _Tree()
    parser.feed(html)
    return " ".join("".join(parser.texts).split())


# HTML as a reader sees it.


@dataclass
class Element:
    tag: str
    attrs: dict[str, str | None] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)


class _Tree(HTMLParser):
    """Reads well-formed HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.open = [Element("body")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in {"br", "hr", "img"}:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)
        self.texts.append(data)


def of_html(html: str) -> list[Block]:
    parser = _Tree()
    parser.feed(html)
    parser.close()
    return _blocks(parser.open[0].children)


def _blocks(nodes: Iterable[Element | str]) -> list[Block]:
    blocks: list[Block] = []
    run: list[Shown] = []

    def end_run() -> None:
        if shown := _normal(run):
            blocks.append(("p", shown))
        run.clear()

    for node in nodes:
        if isinstance(node, str) or node.tag in INLINE:
            _inline(node, frozenset(), None, run)
            continue
        end_run()
        blocks.extend(_block(node))
    end_run()
    return blocks


def _block(node: Element) -> list[Block]:
    make: Callable[[Element], Any] | None = {
        "ul": _items,
        "ol": _items,
        "pre": _code,
        "table": _table,
        "blockquote": lambda node: tuple(_blocks(node.children)),
    }.get(node.tag)
    if node.tag == "hr":
        return [("hr",)]
    if re.fullmatch("h[1-6]", node.tag):
        lines = _lines(_blocks(node.children))
        return [(node.tag, lines)] if lines else []
    if make is None:
        return _blocks(node.children)
    content = make(node)
    if node.tag in {"ul", "ol"}:
        start = int(node.attrs.get("start") or 1) if node.tag == "ol" else None
        return [(node.tag, start, content)] if any(content) else []
    return [(node.tag, content)] if content else []


def _items(node: Element) -> tuple[tuple[Block, ...], ...]:
    """Return the items of a list; a list directly in a list belongs to the item before it."""
    items: list[list[Element | str]] = []
    for child in node.children:
        if isinstance(child, str):
            if child.strip():
                items.append([child])
        elif child.tag in {"ul", "ol"} and items:
            items[-1].append(child)
        else:
            items.append([child])
    return tuple(tuple(_blocks(item)) for item in items)


def _code(node: Element) -> str:
    parser_texts: list[str] = []

    def walk(element: Element) -> None:
        for child in element.children:
            if isinstance(child, str):
                parser_texts.append(child)
            else:
                walk(child)

    walk(node)
    text = "".join(parser_texts).replace("\x00", "\ufffd").strip("\n")
    return text if text.strip() else ""


def _table(node: Element) -> tuple[tuple[Any, ...], ...]:
    """Return the cells of a table, each in its column."""
    rows: list[tuple[Any, ...]] = []
    loose: list[Element] = []
    for section in [*_elements(node), Element("end")]:
        if section.tag in {"tr", "trgrp"}:
            loose.append(section)
            continue
        for group in (loose, _elements(section)):
            rows += _grid([row for each in group for row in _rows(each)])
        loose = []
    return tuple(rows) if any(rows) else ()


def _elements(node: Element) -> list[Element]:
    return [child for child in node.children if isinstance(child, Element)]


def _rows(node: Element) -> list[Element]:
    if node.tag == "trgrp":
        return [row for each in _elements(node) for row in _rows(each)]
    return [node]


def _grid(rows: list[Element]) -> list[tuple[Any, ...]]:
    taken: set[tuple[int, int]] = set()
    found: list[tuple[Any, ...]] = []
    for y, row in enumerate(rows):
        cells: dict[int, Any] = {}
        x = 0
        for cell in _elements(row):
            is_void = cell.attrs.get("void") == "True"
            while not is_void and (y, x) in taken:
                x += 1
            cells[x] = _lines(_blocks(cell.children))
            if not is_void:
                width = int(cell.attrs.get("colspan") or 1)
                height = int(cell.attrs.get("rowspan") or 1)
                taken |= {(y + down, x + right) for down in range(height) for right in range(width)}
            x += 1
        line = [cells.get(each, ()) for each in range(x)]
        while line and not line[-1]:
            line.pop()
        found.append(tuple(line))
    return found


def _lines(blocks: Iterable[Block]) -> tuple[tuple[Shown, ...], ...]:
    """Return blocks as the lines they have in a cell or a heading."""
    lines: list[tuple[Shown, ...]] = []
    for block in blocks:
        if block[0] == "p":
            lines += _split(block[1])
        elif block[0] in {"ul", "ol"}:
            for number, item in enumerate(block[2], block[1] or 0):
                first, *rest = _lines(item) or [()]
                bullet = "- " if block[0] == "ul" else f"{number}. "
                if first:
                    lines += [(*((char, frozenset(), None) for char in bullet), *first), *rest]
        elif block[0] == "pre":
            code = frozenset({"code"})
            shown = [
                _normal([(char, code, None) for char in each]) for each in block[1].split("\n")
            ]
            lines += [each for each in shown if each]
        elif block[0] == "table":
            lines += [line for row in block[1] for cell in row for line in cell]
        elif block[0] == "blockquote":
            lines += _lines(block[1])
        elif block[0] != "hr":
            lines += block[1]
    return tuple(lines)


def _split(shown: Iterable[Shown]) -> list[tuple[Shown, ...]]:
    lines: list[list[Shown]] = [[]]
    for each in shown:
        if each[0] == "\n":
            lines.append([])
        else:
            lines[-1].append(each)
    return [normal for line in lines if (normal := _normal(line))]


def _inline(node: Element | str, marks: frozenset[str], href: str | None, run: list[Shown]) -> None:
    if isinstance(node, str):
        run += [(char, marks, href) for char in node.replace("\x00", "\ufffd")]
    elif node.tag == "br":
        run.append(("<br>", marks, href))
    elif node.tag == "img":
        alt = " ".join((node.attrs["alt"] or "").replace("\x00", "\ufffd").split())
        run.append(("<img>", _address(node.attrs["src"]), alt, href))
    else:
        if node.tag == "a":
            href = _address(node.attrs["href"])
        if node.tag in MARKS:
            marks |= {MARKS[node.tag]}
        is_block = node.tag not in INLINE
        run += [("<edge>", marks, href)] * is_block
        for child in node.children:
            _inline(child, marks, href, run)
        run += [("<edge>", marks, href)] * is_block


def _address(address: str | None) -> str:
    return unquote((address or "").replace("\x00", "\ufffd").strip())


def _normal(run: Iterable[Shown]) -> tuple[Shown, ...]:
    """Return characters as a browser shows them: blanks collapse, those at the ends vanish."""
    found: list[Shown] = []
    blanks: list[str] = []

    def end_blanks() -> None:
        breaks = blanks.count("<br>") or int("<edge>" in blanks)
        shown = "\n" * breaks or " " * bool(blanks)
        found.extend((char, frozenset(), None) for char in shown)
        blanks.clear()

    for each in run:
        if each[0] in {" ", "\t", "\n", "\r", "\f", "<br>", "<edge>"}:
            blanks.append(each[0])
            continue
        end_blanks()
        found.append((each[0], frozenset(), None) if each[0].isspace() else each)
    end_blanks()
    while found and found[-1][0].isspace():
        found.pop()
    while found and found[0][0].isspace():
        found.pop(0)
    return tuple(found)
