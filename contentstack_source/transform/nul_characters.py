"""The character U+0000, which JSON has and the text of some databases has not.

Text with it goes into the column beside, as the JSON it came as: the convention for whatever does
not fit its column.
"""

from __future__ import annotations

from typing import Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from contentstack_source.naming import Names
from contentstack_source.schema import RowBatch, SchemaDrift
from contentstack_source.transform.variants import put_aside

_NUL: Final = "\x00"


def nul_aside(rows: RowBatch, names: Names, drift: SchemaDrift) -> RowBatch:
    """Return the rows with no U+0000 in a text column, and a JSON column for each that had it.

    Args:
        rows: of one table; no row is added or removed.
        names: names the columns beside.
        drift: of the pass; it counts these values among the variants.
    """
    for name, data_type in rows.types.items():
        if data_type == "text" and name in rows.data.column_names:
            has_nul = pc.match_substring(rows.data[name], _NUL)
            if pc.any(has_nul).as_py():
                json_texts = _as_json(pc.if_else(has_nul, rows.data[name], None))
                rows = put_aside(rows, name, json_texts, "json", names, drift)
    return rows


def _as_json(texts: pa.ChunkedArray) -> pa.Array:
    json_texts = [
        None if text is None else orjson.dumps(text).decode() for text in texts.to_pylist()
    ]
    return pa.array(json_texts, pa.string())
