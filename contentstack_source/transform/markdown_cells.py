"""Blocks of a document in one line of Markdown, as in the cells of a table and in headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from contentstack_source.transform.markdown_inline import inline
from contentstack_source.transform.markdown_marks import code_span, escaped
from contentstack_source.transform.rich_nodes import (
    DEEPEST,
    LISTS,
    Node,
    all_text,
    attrs,
    children,
    is_inline,
    items,
    kind,
    leaf_text,
    number_of,
    to_text,
    whole,
)

_SECTIONS: Final = frozenset({"thead", "tbody", "tfoot"})
_WIDEST: Final = 100
"""A cell that says it takes more columns takes these: a table must not grow out of its document."""


def lines_of(nodes: Sequence[Node], depth: int) -> list[str]:
    """Return the lines that blocks have; the items of a list keep their bullets and numbers."""
    found: list[str] = []
    run: list[Node] = []
    for node in nodes:
        if is_inline(node):
            run.append(node)
            continue
        found += [*_text_lines(run, depth), *_block_lines(node, depth)]
        run = []
    return [*found, *_text_lines(run, depth)]


def _text_lines(run: Sequence[Node], depth: int) -> list[str]:
    if not run:
        return []
    return [line.strip(" \t") for line in inline(run, depth).split("\n") if line.strip()]


def _block_lines(node: Node, depth: int) -> list[str]:
    name = kind(node)
    if depth >= DEEPEST:
        return [escaped(line) for line in to_text(node).split("\n") if line]
    if name in LISTS:
        return list(_item_lines(node, depth))
    if name == "code":
        return [code_span(line) for line in all_text(node).split("\n") if line.strip()]
    if name in {"reference", "embed", "social-embeds"}:
        return _text_lines([node], depth)
    return lines_of(children(node), depth + 1)


def _item_lines(node: Node, depth: int) -> Iterator[str]:
    for number, item in enumerate(items(node), number_of(node)):
        bullet = f"{number}." if kind(node) == "ol" else "-"
        for index, line in enumerate(lines_of(item, depth + 1)):
            yield line if index else f"{bullet} {line}"


def table_rows(node: Node, depth: int) -> list[list[str]]:
    """Return the cells of a table, each in its column.

    Markdown has no cell of several columns or rows: the places such a cell takes are empty but for
    its first one. The editor stores them as `void` cells; documents from elsewhere leave them out.
    """
    return [row for section in _sections(node, depth) for row in _placed(section, depth) if section]


def _sections(node: Node, depth: int) -> Iterator[list[list[Node]]]:
    """Yield rows in groups; no cell spans rows of two groups."""
    loose: list[list[Node]] = []
    for child in children(node):
        if kind(child) in _SECTIONS:
            yield loose
            loose = []
            yield list(_rows(child, depth + 1))
        else:
            loose += _rows(child, depth + 1)
    yield loose


def _rows(node: Node, depth: int) -> Iterator[list[Node]]:
    """Yield rows as their cells; `trgrp` holds rows that are joined by cells of several rows.

    What stands where a row should is one, unless it shows nothing.
    """
    if kind(node) in _SECTIONS or (kind(node) == "trgrp"):
        for child in children(node):
            if depth < DEEPEST:
                yield from _rows(child, depth + 1)
            else:
                yield [child]
    elif kind(node) == "tr":
        # An editor may leave blank text beside the cells.
        yield [each for each in children(node) if (text := leaf_text(each)) is None or text.strip()]
    elif _cell(node, depth):
        yield [node]


def _placed(section: Sequence[Sequence[Node]], depth: int) -> Iterator[list[str]]:
    """Yield the text in each column of the rows of one group."""
    spanned: dict[int, int] = {}  # column to the number of rows that a cell above still takes
    for cells in section:
        taken = {column for column, rows in spanned.items() if rows}
        spanned = {column: rows - 1 for column, rows in spanned.items() if rows}
        texts: dict[int, str] = {}
        column = 0
        for cell in cells:
            is_void = attrs(cell).get("void") is True
            while not is_void and column in taken:
                column += 1
            texts[column] = _cell(cell, depth)
            if not is_void:
                width, height = _span(cell, len(section))
                for each in range(column, column + width):
                    taken.add(each)
                    spanned[each] = height - 1
            column += 1
        yield [texts.get(each, "") for each in range(max(texts, default=-1) + 1)]


def _span(cell: Node, rows: int) -> tuple[int, int]:
    """Return how many columns and rows a cell takes; no rows are all that follow, as in HTML."""
    if not attrs(cell):
        return 1, 1
    width = min(whole(cell, "colSpan", "colspan") or 1, _WIDEST)
    height = whole(cell, "rowSpan", "rowspan")
    return width, min(rows if height == 0 else height or 1, rows)


def _cell(node: Node, depth: int) -> str:
    """Return a cell; `|` ends one, even in code."""
    return "<br>".join(lines_of([node], depth + 1)).replace("|", "\\|")
