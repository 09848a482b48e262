"""JSON rich text made readable: plain text for searching and counting, Markdown for reading.

A document is a tree of nodes. One with `text` is a leaf, with marks such as `bold`; any other has a
`type`, `children`, and in `attrs` where it leads. Types that are not known count as paragraphs:
their text is never lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.compute as pc

Node: TypeAlias = Mapping[str, Any]

_INLINE: Final = frozenset({"a", "span", "reference", "img"})
_MARKS: Final = (("bold", "**"), ("italic", "*"), ("strikethrough", "~~"))
_BULLETS: Final = {"ul": "- ", "ol": "{}. "}
_DEEPEST: Final = 100
"""Documents of editors have a handful of levels; below this one only the text is kept."""

_SPECIAL: Final = re.compile(r"[\\`*_\[\]<]")
_BLOCK_START: Final = re.compile(r"^(\d*)(>|(?:#{1,6}|[+.)=-]+)(?=\s|$))", re.MULTILINE)
"""What begins a block of another kind, if it begins a line."""


def beside(data: pa.Table, names: Mapping[str, tuple[str, str]]) -> pa.Table:
    """Return the rows with columns of text and Markdown for each column of documents.

    Args:
        data: rows of one table.
        names: column of JSON to the columns of its text and of its Markdown.
    """
    for column, (text, markdown) in names.items():
        if column not in data.column_names:
            continue
        # Locales and copies share their documents: each is read once.
        encoded = pc.dictionary_encode(data[column]).combine_chunks()
        read = [_readable(each) for each in encoded.dictionary.to_pylist()]
        for name, place in ((text, 0), (markdown, 1)):
            values = pa.array([each[place] for each in read], pa.string())
            data = data.append_column(name, values.take(encoded.indices))
    return data


def to_text(document: Node) -> str:
    """Return the text of a document: a line for each block, and for each cell of a table."""
    lines = _text(document).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def to_markdown(document: Node) -> str:
    """Return a document as Markdown (CommonMark, with tables and strikethrough of GFM)."""
    return _blocks(_children(document), 0)


def _readable(piece: str | None) -> tuple[str | None, str | None]:
    """Return text and Markdown of a piece of JSON; none of what is no document."""
    if not piece or not piece.startswith("{"):
        return None, None
    try:
        document = orjson.loads(piece)
    except orjson.JSONDecodeError:  # deeper than a thousand levels, or half a character in it
        return None, None
    return to_text(document), to_markdown(document)


def _text(document: Node) -> str:
    """Walk without recursion: nothing an editor can nest is too deep."""
    parts: list[str] = []
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node.get("text"), str):
            parts.append(node["text"] + ("\n" if node.get("break") else ""))
        else:
            around = "" if _kind(node) in _INLINE else "\n"
            waiting.append(around)
            waiting.extend(reversed(_children(node)))
            waiting.append(around)
    return "".join(parts)


def _blocks(nodes: Sequence[Node], depth: int, between: str = "\n\n") -> str:
    """Join blocks; neighbours that are not blocks are one paragraph."""
    blocks: list[str] = []
    run: list[str] = []
    for node in nodes:
        if _is_inline(node):
            run.append(_inline(node, depth))
            continue
        blocks += [_paragraph("".join(run)), _block(node, depth)]
        run.clear()
    blocks.append(_paragraph("".join(run)))
    return between.join(block for block in blocks if block)


def _is_inline(node: Node) -> bool:
    if isinstance(node.get("text"), str):
        return True
    return _kind(node) in _INLINE and _attrs(node).get("display-type") != "block"


def _block(node: Node, depth: int) -> str:
    if depth >= _DEEPEST:
        return _escaped(to_text(node))
    make = _MAKERS.get(_kind(node))
    return make(node, depth) if make else _blocks(_children(node), depth + 1)


def _heading(node: Node, depth: int) -> str:
    inner = _blocks(_children(node), depth + 1, " ")
    return f"{'#' * int(_kind(node)[1])} {inner}" if inner else ""


def _quote(node: Node, depth: int) -> str:
    return _prefixed(_blocks(_children(node), depth + 1), "> ", "> ")


def _rule(node: Node, depth: int) -> str:
    del node, depth
    return "---"


def _code_block(node: Node, depth: int) -> str:
    """Return a block of code, in a fence of more backticks than it has itself."""
    del depth
    code = _text(node).strip("\n")
    fence = "`" * max(3, _longest_ticks(code) + 1)
    return f"{fence}\n{code}\n{fence}"


def _list(node: Node, depth: int) -> str:
    """Return a list; one directly in a list belongs to the item before it."""
    items: list[str] = []
    number = 0
    for child in _children(node):
        if _kind(child) in _BULLETS:
            nested = _list(child, depth + 1) if depth < _DEEPEST else _escaped(to_text(child))
            items.append(_prefixed(nested, "   ", "   "))
            continue
        number += 1
        bullet = _BULLETS[_kind(node)].format(number)
        items.append(_prefixed(_item(child, depth + 1), bullet, " " * len(bullet)))
    return "\n".join(items)


def _item(node: Node, depth: int) -> str:
    if _is_inline(node):
        return _inline(node, depth)
    if depth >= _DEEPEST:
        return _escaped(to_text(node))
    between = "\n" if any(_kind(c) in _BULLETS for c in _children(node)) else "\n\n"
    return _blocks(_children(node), depth + 1, between)


def _table(node: Node, depth: int) -> str:
    """Return a table; Markdown has none without a head, so the first row is it."""
    rows = [[_cell(cell, depth) for cell in _children(row)] for row in _rows(node)]
    width = max(map(len, rows), default=0)
    if not width:
        return ""
    rows = [row + [""] * (width - len(row)) for row in rows]
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, f"|{' --- |' * width}", *body])


def _rows(node: Node) -> Iterator[Node]:
    """Yield the rows of a table; what stands where a row should is one."""
    for child in _children(node):
        if _kind(child) in {"thead", "tbody", "tfoot"}:
            yield from _rows(child)
        else:
            yield child if _kind(child) == "tr" else {"children": [child]}


def _cell(node: Node, depth: int) -> str:
    inner = _escaped(to_text(node)) if depth >= _DEEPEST else _blocks([node], depth + 1)
    return re.sub(r"\s*\n\s*", "<br>", inner.replace("|", "\\|"))


def _inline(node: Node, depth: int) -> str:
    if isinstance(node.get("text"), str):
        return _leaf(node)
    attrs = _attrs(node)
    nested = _escaped(to_text(node)) if depth >= _DEEPEST else ""
    inner = nested or "".join(_inline(child, depth + 1) for child in _children(node))
    address = _first(attrs, "url", "href", "src")
    if uid := _first(attrs, "entry-uid"):
        of = _first(attrs, "content-type-uid")
        return f"[{inner.strip() or uid}]({address or f'entry:{of}/{uid}'})"
    if uid := _first(attrs, "asset-uid"):
        address = _first(attrs, "asset-link", "url", "href", "src") or f"asset:{uid}"
        return _file(attrs, inner.strip(), address, is_picture=_kind(node) == "img")
    if _kind(node) == "img":
        return _file(attrs, inner.strip(), address, is_picture=True)
    if not address:
        return inner
    return f"[{inner.strip() or address}]({_in_brackets(address)})"


def _file(attrs: Node, inner: str, address: str, *, is_picture: bool) -> str:
    """Return an asset: a picture shown, anything else to be fetched."""
    named = _first(attrs, "asset-alt", "alt", "asset-caption", "asset-name", "title")
    is_shown = _first(attrs, "display-type") not in {"link", "download"}
    is_image = is_picture or _first(attrs, "asset-type").startswith("image/")
    told = inner or _escaped(named)
    mark = "!" if is_image and is_shown else ""
    return f"{mark}[{told or ('' if mark else address)}]({_in_brackets(address)})"


def _leaf(node: Node) -> str:
    text: str = node["text"]
    if len(node) == 1:  # most of them: nothing but text
        return _escaped(text).replace("\n", "  \n")
    marked = _code(text) if node.get("inlineCode") and text.strip() else _escaped(text)
    for name, mark in _MARKS:
        if node.get(name) and marked.strip():
            # CommonMark knows no mark that touches a blank on its inner side.
            bare = marked.strip()
            before, _, after = marked.partition(bare)
            marked = f"{before}{mark}{bare}{mark}{after}"
    return marked.replace("\n", "  \n") + ("  \n" if node.get("break") else "")


def _code(text: str) -> str:
    """Return code in a line, in more backticks than it has itself."""
    ticks = "`" * (_longest_ticks(text) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _longest_ticks(code: str) -> int:
    return max(map(len, re.findall("`+", code)), default=0)


def _paragraph(text: str) -> str:
    """Return inline text as a block: no blanks around it, no start like that of another block."""
    text = text.strip()
    is_plain = "\n" not in text and text[:1].isalpha()
    return text if is_plain else _BLOCK_START.sub(r"\1\\\2", text)


def _prefixed(text: str, first: str, rest: str) -> str:
    head, *tail = text.split("\n")
    return "\n".join([first + head, *(rest + line if line else rest.rstrip() for line in tail)])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text) if _SPECIAL.search(text) else text


def _in_brackets(address: str) -> str:
    """Return an address as it may stand in a link."""
    return f"<{address}>" if re.search(r"[\s()]", address) else address


def _first(attrs: Node, *names: str) -> str:
    return next((str(attrs[name]) for name in names if attrs.get(name)), "")


def _kind(node: Node) -> str:
    return str(node.get("type"))


def _attrs(node: Node) -> Node:
    attrs = node.get("attrs")
    return attrs if isinstance(attrs, dict) else {}


def _children(node: Node) -> list[Node]:
    children = node.get("children")
    if not isinstance(children, list):
        return []
    return [each for each in children if isinstance(each, dict)]


_MAKERS: Final[Mapping[str, Callable[[Node, int], str]]] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(_BULLETS, _list),
    **dict.fromkeys(("reference", "embed", "social-embeds"), _inline),
    "blockquote": _quote,
    "code": _code_block,
    "hr": _rule,
    "table": _table,
}
"""What is more than a paragraph, or than the blocks in it."""
