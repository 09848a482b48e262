"""The tables of docs/reference.md, as tests read them."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

REFERENCE = ROOT / "docs" / "reference.md"
Row = dict[str, str]


def tables_of(heading: str) -> list[list[Row]]:
    """Return the tables below a heading, up to the next heading of any depth."""
    text = REFERENCE.read_text("utf-8")
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    section = dict(zip(parts[1::2], parts[2::2], strict=True))[heading]
    found = re.findall(r"(?:^\|.*\|\n)+", section, flags=re.MULTILINE)
    return [_parse_table(table.splitlines()) for table in found]


def _parse_table(lines: list[str]) -> list[Row]:
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(split[0], cells, strict=True)) for cells in split[2:]]


def code(cell: str) -> str:
    """Return the first text in code font of a cell, or the cell itself if there is none."""
    return next(iter(codes(cell)), cell)


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)
