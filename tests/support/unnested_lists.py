"""Lists in columns, laid out as tables like at other destinations: one oracle checks both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]


def unnest(
    types: dict[str, dict[str, str]], rows: dict[str, list[Row]], schema: Mapping[str, Any]
) -> None:
    """Move the elements of all lists into rows of their own, which point to their parents.

    Args:
        types: column types by table; those of the lists are added.
        rows: rows by table; those of the lists are added.
        schema: dlt's tables; hints of list columns describe their elements.
    """
    for table, found in schema.items():
        for column, hints in found["columns"].items():
            if "x-lists" not in hints:
                continue
            del types[table][column]
            (name, *_) = hints["x-lists"]
            _move(name, rows[table], column, hints["x-lists"], types, rows)


def _move(
    name: str,
    parents: list[Row],
    column: str,
    held: Mapping[str, Any],
    types: dict[str, dict[str, str]],
    rows: dict[str, list[Row]],
) -> None:
    elements = []
    for parent in parents:
        for index, element in enumerate(parent.pop(column, None) or []):
            assert element["_dlt_list_idx"] == index, f"{name} is out of order"
            own = f"{parent['_dlt_id']}/{column}/{index}"
            elements.append({**element, "_dlt_id": own, "_dlt_parent_id": parent["_dlt_id"]})
    types[name] = {each: kind.upper() for each, kind in held[name]["columns"].items()}
    rows[name] = elements
    for below, deeper in held[name]["lists"].items():
        _move(below, elements, deeper, held, types, rows)
