"""A document of JSON rich text as Markdown: CommonMark, with tables and strikethrough of GFM.

Blocks of a type that is not known are the blocks in them: no text is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contentstack_source.transform.markdown_cells import lines_of, table_rows
from contentstack_source.transform.markdown_inline import inline
from contentstack_source.transform.markdown_marks import escaped, longest_ticks
from contentstack_source.transform.rich_nodes import (
    DEEPEST,
    LISTS,
    Node,
    all_text,
    attrs,
    children,
    first,
    is_inline,
    items,
    kind,
    number_of,
    to_text,
)

_BLOCK_START: Final = re.compile(
    r"^(\d{1,9}(?=[.)](?:[ \t]|$))"
    r"|(?=>|(?:#{1,6}|[-+])(?:[ \t]|$)|=+[ \t]*$|[-:|][-:| \t]*$))",
    re.MULTILINE,
)
"""Where a line of text would begin a block of another kind, or make one of the line before it."""
_LANGUAGE: Final = re.compile(r"[\w+#.-]+")


@dataclass
class _Blocks:
    """Blocks in their order.

    Attributes:
        parts: their Markdown.
        tight: for each, whether it needs no blank line before it.
        marker: of the list that stands last; a list after it needs another one.
    """

    parts: list[str] = field(default_factory=list)
    tight: list[bool] = field(default_factory=list)
    marker: str = ""

    def add(self, text: str, marker: str = "", *, tight: bool = False) -> None:
        """Add a block, if there is anything in it."""
        if text:
            self.parts.append(text)
            self.tight.append(tight and not self.marker)
            self.marker = marker

    def joined(self, *, in_item: bool = False) -> str:
        """Return the blocks; a list follows the text of its item without a blank line."""
        if len(self.parts) < 2:  # noqa: PLR2004
            return "".join(self.parts)
        if not (in_item and any(self.tight)):
            return "\n\n".join(self.parts)
        out = self.parts[:1]
        for part, tight in zip(self.parts[1:], self.tight[1:], strict=True):
            out += ["\n" if tight else "\n\n", part]
        return "".join(out)


def to_markdown(document: Node) -> str:
    """Return a document as Markdown."""
    blocks = _Blocks()
    _fill(blocks, [document], 0)
    return blocks.joined()


def _fill(blocks: _Blocks, nodes: Sequence[Node], depth: int) -> None:
    """Add the blocks of nodes; neighbours that are not blocks are one paragraph."""
    run: list[Node] = []
    for node in nodes:
        if is_inline(node):
            run.append(node)
            continue
        if run:
            blocks.add(_paragraph(inline(run, depth)))
            run = []
        _block(blocks, node, depth)
    if run:
        blocks.add(_paragraph(inline(run, depth)))


def _block(blocks: _Blocks, node: Node, depth: int) -> None:
    name = kind(node)
    if depth >= DEEPEST:
        blocks.add(_paragraph(escaped(to_text(node))))
    elif make := _MAKERS.get(name):
        blocks.add(make(node, depth))
    elif name in LISTS:
        first_marker, other = LISTS[name]
        marker = other if blocks.marker == first_marker else first_marker
        text, is_tight = _list(node, depth, marker)
        blocks.add(text, marker, tight=is_tight)
    else:
        _fill(blocks, children(node), depth + 1)


def _paragraph(text: str) -> str:
    """Return inline text as a block: no blanks around it, no start like that of another block."""
    if "\n" in text:
        text = _lines(text.split("\n"))
    else:
        text = text.strip(" \t")
        if text[:1].isalpha():
            return text
    return _BLOCK_START.sub(r"\1\\", text) if text.strip() else ""


def _lines(lines: Sequence[str]) -> str:
    """Join lines with hard breaks; only a backslash makes one after an empty line."""
    shown = [line.strip(" \t") for line in lines]
    while shown and not shown[-1].strip():
        shown.pop()
    while shown and not shown[0].strip():
        del shown[0]
    *started, last = shown or [""]
    return "".join(f"{line}  \n" if line else "\\\n" for line in started) + last


def _heading(node: Node, depth: int) -> str:
    """Return a heading, which is one line; `#` at its end would be no text."""
    text = "<br>".join(lines_of(children(node), depth + 1))
    text = re.sub(r"(^|[ \t])(#+)$", r"\1\\\2", text)
    return f"{'#' * int(kind(node)[1])} {text}" if text else ""


def _quote(node: Node, depth: int) -> str:
    blocks = _Blocks()
    _fill(blocks, children(node), depth + 1)
    text = blocks.joined()
    return _prefixed(text, "> ", "> ") if text else ""


def _rule(node: Node, depth: int) -> str:
    del node, depth
    return "---"


def _code_block(node: Node, depth: int) -> str:
    """Return a block of code, in a fence of more backticks than it has itself."""
    del depth
    code = all_text(node).strip("\n")
    if not code.strip():
        return ""
    fence = "`" * max(3, longest_ticks(code) + 1)
    language = first(attrs(node), "language")
    info = language if _LANGUAGE.fullmatch(language) else ""
    return f"{fence}{info}\n{code}\n{fence}"


def _list(node: Node, depth: int, marker: str) -> tuple[str, bool]:
    """Return a list, and whether it is read as one right after a line of text."""
    written: list[str] = []
    contents: list[str] = []
    start = number_of(node)
    for number, item in enumerate(items(node), start):
        bullet = f"{number}{marker} " if kind(node) == "ol" else f"{marker} "
        blocks = _Blocks(marker=marker)  # `- - -` is a rule: a list in a list takes another marker
        _fill(blocks, item, depth + 1)
        text = blocks.joined(in_item=True)
        if text.partition("\n")[0] == "---":
            text = f"___{text[3:]}"  # `- ---` is one rule, and no list
        contents.append(text)
        written.append(_prefixed(text, bullet, " " * len(bullet)))
    if not any(contents):
        return "", False
    return "\n".join(written), start == 1 and bool(contents[0])


def _prefixed(text: str, first_prefix: str, rest: str) -> str:
    head, *tail = text.split("\n")
    first_line = (first_prefix + head).rstrip(" ") if not head else first_prefix + head
    return "\n".join([first_line, *(rest + line if line else rest.rstrip() for line in tail)])


def _table(node: Node, depth: int) -> str:
    """Return a table; Markdown has none without a head, so the first row is it."""
    rows = table_rows(node, depth)
    width = max(map(len, rows), default=0)
    if not any(map(any, rows)):
        return ""
    rows = [row + [""] * (width - len(row)) for row in rows]
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, f"|{' --- |' * width}", *body])


_MAKERS: Final[Mapping[str, Callable[[Node, int], str]]] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(
        ("reference", "embed", "social-embeds"),
        lambda node, depth: _paragraph(inline([node], depth)),
    ),
    "blockquote": _quote,
    "code": _code_block,
    "hr": _rule,
    "table": _table,
}
"""What is more than a paragraph, or than the blocks in it; lists are apart."""
