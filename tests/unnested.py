"""Lists in columns, laid out as the tables they would be elsewhere: one oracle judges both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]


def unnest(
    types: dict[str, dict[str, str]], rows: dict[str, list[Row]], schema: Mapping[str, Any]
) -> None:
    """Move the elements of all lists into rows of their own, which point to their parents.

    Args:
        types: of the columns of each table; becomes that of the lists, too.
        rows: of each table, likewise.
        schema: dlt's, whose columns of lists tell what is in them.
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
        for place, element in enumerate(parent.pop(column, None) or []):
            assert element["_dlt_list_idx"] == place, f"{name} is out of order"
            own = f"{parent['_dlt_id']}/{column}/{place}"
            elements.append({**element, "_dlt_id": own, "_dlt_parent_id": parent["_dlt_id"]})
    types[name] = {each: kind.upper() for each, kind in held[name]["columns"].items()}
    rows[name] = elements
    for below, deeper in held[name]["lists"].items():
        _move(below, elements, deeper, held, types, rows)
