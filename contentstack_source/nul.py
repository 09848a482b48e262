"""The character U+0000, which JSON has and the text of some databases has not.

Text with it goes into the column beside, as the JSON it came as: the convention for whatever does
not fit its column.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from contentstack_source.names import Names
from contentstack_source.tables import Findings, Rows

_NUL: Final = "\x00"


def nul_aside(rows: Rows, names: Names, findings: Findings) -> Rows:
    """Return the rows with no U+0000 in a text column, and a JSON column for each that had it.

    Args:
        rows: of one table; no row is added or taken away.
        names: names the columns beside.
        findings: of the pass; it counts these values among the variants.
    """
    for name, data_type in rows.types.items():
        if data_type == "text" and name in rows.data.column_names:
            has_nul = pc.match_substring(rows.data[name], _NUL)
            if pc.any(has_nul).as_py():
                rows = _aside(rows, name, pc.fill_null(has_nul, fill_value=False), names, findings)
    return rows


def _aside(
    rows: Rows, name: str, has_nul: pa.ChunkedArray, names: Names, findings: Findings
) -> Rows:
    column = rows.data[name]
    texts = pc.if_else(has_nul, column, None)
    pieces = pa.array(
        [None if text is None else orjson.dumps(text).decode() for text in texts.to_pylist()],
        pa.string(),
    )
    variant = rows.names.form_of(name, "v_json") if rows.names else names.form(name, "v_json")
    data = rows.data.set_column(
        rows.data.column_names.index(name), name, pc.if_else(has_nul, None, column)
    )
    if variant in data.column_names:  # holds what else was no text: in other rows
        both = pc.coalesce(data[variant], pieces)
        data = data.set_column(data.column_names.index(variant), variant, both)
    else:
        data = data.append_column(variant, pieces)
    found = f"{rows.table}.{variant}"
    findings.variants[found] = findings.variants.get(found, 0) + pc.sum(has_nul).as_py()
    return replace(rows, data=data, types={**rows.types, variant: "json"})
