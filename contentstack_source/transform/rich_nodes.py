"""The nodes of a document of JSON rich text: their text, children and attributes.

A node with `text` is a leaf, with marks such as `bold`. Any other has a `type`, `children`, and
`attrs`. The documents come from many editors and imports: nothing here expects a well-formed node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

Node: TypeAlias = Mapping[str, Any]

DEEPEST: Final = 100
"""Documents of editors have a handful of levels; Markdown keeps only the text below this one."""

LISTS: Final = {"ul": ("-", "*"), "ol": (".", ")")}
"""Types of lists, each with the marker of Markdown and another one, which begins another list."""

_INLINE: Final = frozenset({"a", "span", "reference", "img"})
_LAST: Final = 999_999_999
"""CommonMark has no item of a higher number."""
_NO_ATTRS: Final[Node] = {}


def to_text(document: Node) -> str:
    """Return the text of a document: a line for each block, and for each cell of a table."""
    lines = all_text(document).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def all_text(document: Node) -> str:
    """Return the text with a line break on both sides of each block, at any depth.

    A stack replaces recursion: no document is too deep.
    """
    parts: list[str] = []
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        elif "text" in node and (text := leaf_text(node)) is not None:
            parts.append(text)
        elif _is_inline_element(node):
            waiting += reversed(children(node))
        else:
            parts.append("\n")
            waiting.append("\n")
            waiting += reversed(children(node))
    return "".join(parts)


def leaf_text(node: Node) -> str | None:
    """Return the text of a leaf, its line breaks in one form; None for any other node."""
    text = node.get("text")
    if text is None:
        return None
    if not isinstance(text, str):
        return str(text) if _is_number(text) else None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Editors write a line break as `break`, as the text of one, or as both.
    return text + "\n" if node.get("break") and not text.endswith("\n") else text


def is_inline(node: Node) -> bool:
    """Return whether a node stands in a line of text, as opposed to a block."""
    return ("text" in node and leaf_text(node) is not None) or _is_inline_element(node)


def _is_inline_element(node: Node) -> bool:
    name = node.get("type")
    if name == "fragment":
        # The vendor's converter puts one around each inline node beside a block. One in another is
        # a block: a search further down would cost the square of the depth.
        return all(each.get("type") != "fragment" and is_inline(each) for each in children(node))
    return isinstance(name, str) and name in _INLINE and attrs(node).get("display-type") != "block"


def kind(node: Node) -> str:
    """Return the type of a node."""
    name = node.get("type")
    return name if isinstance(name, str) else ""


def children(node: Node) -> Sequence[Node]:
    """Return the nodes inside a node; text that stands where a node should is a leaf."""
    found = node.get("children")
    if not isinstance(found, list):
        found = [found]
    for each in found:
        if type(each) is not dict:
            break
    else:
        return found
    return [
        each if isinstance(each, dict) else {"text": each}
        for each in found
        if isinstance(each, (dict, str))
    ]


def attrs(node: Node) -> Node:
    """Return the attributes of a node."""
    found = node.get("attrs")
    return found if isinstance(found, dict) else _NO_ATTRS


def first(of: Node, *names: str) -> str:
    """Return the first attribute that has a value, as text."""
    for name in names:
        value = of.get(name)
        if isinstance(value, str):
            if value.strip():
                return value
        elif value and _is_number(value):
            return str(value)
    return ""


def whole(node: Node, *names: str) -> int | None:
    """Return an attribute as a whole number that is not negative, None where it is none.

    What the editor keeps of imported HTML is in `redactor-attributes`.
    """
    own = attrs(node)
    imported = own.get("redactor-attributes")
    for holder in (own, imported if isinstance(imported, dict) else _NO_ATTRS):
        found = first(holder, *names) or str(holder.get(names[0], ""))
        if found.isascii() and found.isdigit() and len(found) < 10:  # noqa: PLR2004
            return int(found)
    return None


def items(node: Node) -> list[list[Node]]:
    """Return the items of a list; a list directly in a list belongs to the item before it."""
    found: list[list[Node]] = []
    is_text = False
    for child in children(node):
        text = leaf_text(child)
        if text is not None and not text.strip():
            continue
        if found and (kind(child) in LISTS or (is_text and is_inline(child))):
            found[-1].append(child)
        else:
            found.append([child])
        is_text = is_inline(child)
    return found


def number_of(node: Node) -> int:
    """Return the number of the first item of a list."""
    start = whole(node, "start")
    return 1 if start is None or start + len(children(node)) > _LAST else start


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
