"""Text as Markdown: escaped, as code, and with marks such as bold.

CommonMark decides by the characters around `**` whether it begins or ends bold text. Where these
characters forbid it, as in `**Note:**text`, the marks are HTML tags, which have no such rule:
`<strong>Note:</strong>text`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from contentstack_source.transform.rich_nodes import Node

BOLD, ITALIC, STRIKETHROUGH, CODE, MARKDOWN = 1, 2, 4, 8, 16
"""Marks of a span of text; `MARKDOWN` is no mark: the text is Markdown already."""

_NAMES: Final = (("bold", BOLD), ("italic", ITALIC), ("strikethrough", STRIKETHROUGH))
_DELIMITERS: Final = {BOLD: "**", ITALIC: "*", STRIKETHROUGH: "~~"}
_TAGS: Final = {BOLD: "strong", ITALIC: "em", STRIKETHROUGH: "del"}
_SHOWN: Final = BOLD | ITALIC | STRIKETHROUGH

_SPECIAL: Final = re.compile(r"[\\`*_\[\]<~]")
ENTITY: Final = re.compile(r"&(?=#?\w+;)")
"""What begins the name of a character, such as `&copy;`."""


class Span(NamedTuple):
    """Text whose characters all have the same marks."""

    text: str
    marks: int


class _Edge(NamedTuple):
    """Where a mark begins or ends."""

    mark: int
    opens: bool


_Token: TypeAlias = str | _Edge


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is; a line break stays one."""
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(r"\\\g<0>", text)
    return ENTITY.sub(r"\\&", text) if "&" in text else text


def code_span(text: str) -> str:
    """Return one line of code, in more backticks than it has itself."""
    ticks = "`" * (longest_ticks(text) + 1)
    # Markdown takes away a blank on both sides, if there is one on both.
    needs_pad = "`" in (text[0], text[-1]) or (text[0] == " " == text[-1])
    pad = " " if needs_pad else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def longest_ticks(code: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", code)), default=0)


def marks_of(leaf: Node) -> int:
    """Return the marks of a leaf that Markdown can show."""
    marks = CODE if leaf.get("inlineCode") else 0
    for name, mark in _NAMES:
        if leaf.get(name):
            marks |= mark
    return marks


def append(spans: list[Span], text: str, marks: int) -> None:
    """Add text; neighbours with the same marks become one span."""
    if not text:
        return
    if text.isspace() and not (spans and spans[-1].marks == marks):
        marks = 0  # bold blanks are invisible
    if spans and spans[-1].marks == marks and marks != MARKDOWN:
        text = spans.pop().text + text
    spans.append(Span(text, marks))


def joined(spans: Sequence[Span]) -> str:
    """Return spans as one string of Markdown; a line break in it is a hard one."""
    tokens: list[_Token] = []
    _nest(spans, _SHOWN, tokens)
    out: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if isinstance(token, str):
            if token.startswith("[") and out and out[-1].endswith("!"):
                out[-1] = out[-1][:-1] + "\\!"  # with a link after it, it would make a picture
            out.append(token)
            position += 1
            continue
        end = _end_of_cluster(tokens, position)
        before = out[-1][-1:] if out else ""
        after = tokens[end] if end < len(tokens) else ""
        is_plain = _is_read_back(tokens[position:end], before, str(after)[:1])
        out += [_written(each, is_plain=is_plain) for each in tokens[position:end]]
        position = end
    return "".join(out)


def _nest(spans: Sequence[Span], allowed: int, tokens: list[_Token]) -> None:
    """Add the tokens of spans; of several marks the one that goes on longest is the outer one."""
    start = 0
    while start < len(spans):
        span = spans[start]
        marks = span.marks & allowed
        if not marks:
            tokens.append(_rendered(span))
            start += 1
            continue
        lengths = {mark: _length(spans, start, mark) for mark in _TAGS if marks & mark}
        mark = max(lengths, key=lambda each: lengths[each])
        end = start + lengths[mark]
        inner: list[_Token] = []
        _nest(spans[start:end], allowed & ~mark, inner)
        tokens += _wrapped(inner, mark)
        start = end


def _length(spans: Sequence[Span], start: int, mark: int) -> int:
    end = start
    while end < len(spans) and spans[end].marks & mark:
        end += 1
    return end - start


def _rendered(span: Span) -> str:
    if span.marks == MARKDOWN:
        return span.text
    if span.marks & CODE:
        lines = span.text.split("\n")
        return "\n".join(code_span(line) if line.strip() else line for line in lines)
    return escaped(span.text)


def _wrapped(inner: list[_Token], mark: int) -> list[_Token]:
    """Return tokens in a mark; blanks at its ends stand outside, since no mark may touch one."""
    before, after = "", ""
    while inner and isinstance(inner[0], str):
        text = inner[0].lstrip()
        before += inner[0][: len(inner[0]) - len(text)]
        if text:
            inner[0] = text
            break
        del inner[0]
    while inner and isinstance(inner[-1], str):
        text = inner[-1].rstrip()
        after = inner[-1][len(text) :] + after
        if text:
            inner[-1] = text
            break
        del inner[-1]
    wrapped = [_Edge(mark, opens=True), *inner, _Edge(mark, opens=False)] if inner else []
    return [token for token in (before, *wrapped, after) if token]


def _end_of_cluster(tokens: Sequence[_Token], start: int) -> int:
    """Return where the next text without a mark begins."""
    depth = 0
    for position in range(start, len(tokens)):
        token = tokens[position]
        if isinstance(token, _Edge):
            depth += 1 if token.opens else -1
        elif not depth:
            return position
    return len(tokens)


def _written(token: _Token, *, is_plain: bool) -> str:
    if isinstance(token, str):
        return token
    if is_plain:
        return _DELIMITERS[token.mark]
    return f"<{'' if token.opens else '/'}{_TAGS[token.mark]}>"


def _is_read_back(cluster: Sequence[_Token], before: str, after: str) -> bool:
    """Return whether CommonMark reads delimiters as the marks that are meant.

    Only forms for which that can be shown count: a run of `*` that opens a mark inside another can
    do nothing else, and no run both closes and opens one.
    """
    open_stars = 0
    for edges, left, right in _borders(cluster, before, after):
        runs = _runs(edges)
        for index, (char, opens, stars) in enumerate(runs):
            if index and char == runs[index - 1][0]:
                return False
            # GitHub's renderer looks past `~` at the text behind it, others do not.
            lefts = {_class(left), _PUNCTUATION} if index else {_class(left)}
            rights = {_class(right), _PUNCTUATION} if runs[index + 1 :] else {_class(right)}
            nears, fars = (lefts, rights) if opens else (rights, lefts)
            is_free = not (opens and open_stars and char == "*")
            turns = _may_turn if is_free else _must_turn
            if not all(turns(near, far) for near in nears for far in fars):
                return False
            open_stars += stars if opens else -stars
    return True


def _borders(
    cluster: Sequence[_Token], before: str, after: str
) -> Iterator[tuple[list[_Edge], str, str]]:
    """Yield the edges between two texts, with the characters on both sides."""
    edges: list[_Edge] = []
    left = before
    for token in cluster:
        if isinstance(token, _Edge):
            edges.append(token)
            continue
        if edges:
            yield edges, left, token[0]
        edges, left = [], token[-1]
    yield edges, left, after


def _runs(edges: Sequence[_Edge]) -> list[tuple[str, bool, int]]:
    """Return the runs of delimiters: character, whether it opens, how many marks of `*` it has."""
    runs: list[tuple[str, bool, int]] = []
    for edge in edges:
        char = _DELIMITERS[edge.mark][0]
        stars = int(char == "*")
        if runs and runs[-1][:2] == (char, edge.opens):
            runs[-1] = (char, edge.opens, runs[-1][2] + stars)
        else:
            runs.append((char, edge.opens, stars))
    return runs


_BLANK, _WORD, _SYMBOL, _PUNCTUATION = range(4)


def _class(char: str) -> int:
    """Return what CommonMark takes a character beside a delimiter for.

    Symbols are punctuation since CommonMark 0.31, and were letters before; both must do.
    """
    if not char or char in " \t\n\r\f":
        return _BLANK
    if char.isalnum():
        return _WORD
    if char.isascii() and char.isprintable():
        return _PUNCTUATION
    if char == "\0":  # CommonMark replaces it by U+FFFD, a symbol
        return _SYMBOL
    category = unicodedata.category(char)
    if category == "Zs":
        return _BLANK
    return {"P": _PUNCTUATION, "S": _SYMBOL}.get(category[0], _WORD)


def _may_turn(near: int, far: int) -> bool:
    """Return whether a delimiter can open (close) a mark.

    Args:
        near: class of the character outside of the mark.
        far: class of the character inside.
    """
    return near in {_BLANK, _PUNCTUATION} or far == _WORD


def _must_turn(near: int, far: int) -> bool:
    """Return whether a delimiter can only open (close) a mark; arguments as above."""
    return near == _BLANK or (near == _PUNCTUATION and far == _WORD)
