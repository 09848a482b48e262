"""What stands in a line of a document as Markdown: text, links, assets and entries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from contentstack_source.transform import markdown_marks as marks
from contentstack_source.transform.markdown_marks import Span, append, escaped
from contentstack_source.transform.rich_nodes import (
    DEEPEST,
    Node,
    attrs,
    children,
    first,
    is_inline,
    kind,
    leaf_text,
    to_text,
)

_ADDRESS: Final = re.compile(r"[^\s<>()\\\x00-\x1f\x7f]+")
"""An address that may stand in a link as it is, but for what looks like an entity."""


def inline(nodes: Sequence[Node], depth: int) -> str:
    """Return nodes as Markdown; a line break in it is a hard one, not yet written as such."""
    if len(nodes) == 1 and len(nodes[0]) == 1:  # most of them: nothing but text
        text = leaf_text(nodes[0])
        if text is not None:
            return escaped(text)
    spans: list[Span] = []
    for node in nodes:
        _collect(spans, node, depth, in_link=False)
    return marks.joined(spans)


def _collect(spans: list[Span], node: Node, depth: int, *, in_link: bool) -> None:
    """Add the spans of a node; in a link nothing but pictures leads anywhere else."""
    text = leaf_text(node)
    if text is not None:
        append(spans, text, marks.marks_of(node) if len(node) > 1 else 0)
        return
    around = "" if is_inline(node) else "\n"
    _break(spans, around)
    _collect_element(spans, node, depth, in_link=in_link)
    _break(spans, around)


def _collect_element(spans: list[Span], node: Node, depth: int, *, in_link: bool) -> None:
    if depth >= DEEPEST:
        append(spans, to_text(node), 0)
        return
    if picture := _picture(node, in_link=in_link):
        append(spans, picture, marks.MARKDOWN)
        return
    target, label = _lead(node)
    is_link = bool(target) and not in_link
    inner: list[Span] = []
    for child in children(node):
        _collect(inner, child, depth + 1, in_link=in_link or is_link)
    if label and not any(each.text.strip() for each in inner):
        inner = [Span(" ".join(label.split()), 0)]
    if is_link:
        text = marks.joined(inner)
        before, _, after = text.partition(text.strip())
        link = Span(_labelled(text.strip(), target), marks.MARKDOWN)
        inner = [Span(before, 0), link, Span(after, 0)]
    for each in inner:
        append(spans, *each)


def _break(spans: list[Span], around: str) -> None:
    if around and not (spans and spans[-1].text.endswith("\n")):
        append(spans, around, 0)


def _lead(node: Node) -> tuple[str, str]:
    """Return where a node leads, and what stands there if it has no text of its own."""
    own = attrs(node)
    if not own:
        return "", ""
    address = first(own, "url", "href", "src")
    if uid := first(own, "entry-uid"):
        return address or f"entry:{first(own, 'content-type-uid')}/{uid}", uid
    if asset := _asset(own):
        return asset, _name(own) or asset
    is_file = kind(node) == "img" or own.get("type") == "asset"
    return address, (_name(own) if is_file else "") or address


def _asset(own: Node) -> str:
    """Return the address of an asset; nothing for what is none."""
    link, uid = first(own, "asset-link"), first(own, "asset-uid")
    if not link and not uid:
        return ""
    return link or first(own, "url", "href", "src") or f"asset:{uid}"


def _name(own: Node) -> str:
    return first(own, "asset-alt", "alt", "asset-caption", "asset-name", "title")


def _picture(node: Node, *, in_link: bool) -> str:
    """Return a picture that is shown, in a link if it leads somewhere; nothing for any other."""
    own = attrs(node)
    is_img = kind(node) == "img"
    if first(own, "entry-uid") or first(own, "display-type") in {"link", "download"}:
        return ""
    source = _asset(own) or (first(own, "url", "href", "src") if is_img else "")
    if not source or not (is_img or first(own, "asset-type").startswith("image/")):
        return ""
    alt_text = to_text(node) or _name(own)
    picture = f"!{_labelled(escaped(' '.join(alt_text.split())), source)}"
    leads = "" if in_link else first(own, "link")
    return _labelled(picture, leads) if leads else picture


def _labelled(label: str, address: str) -> str:
    """Return a link; `[^` would begin a footnote on GitHub."""
    mark = "\\" if label.startswith("^") else ""
    return f"[{mark}{label}]({_in_link(address)})"


def _in_link(address: str) -> str:
    """Return an address as it may stand in a link."""
    address = address.strip()
    if not _ADDRESS.fullmatch(address):
        address = re.sub(r"[\\<>]", r"\\\g<0>", address)
        address = address.replace("\r", "%0D").replace("\n", "%0A")
        address = f"<{address}>"
    # Not `\&`: GitHub's renderer reads an entity in an address even so.
    return marks.ENTITY.sub("&amp;", address)
