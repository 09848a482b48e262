"""Dates that a destination's types do not hold, although they are instants or days elsewhere.

Such a date goes into the text column beside its own, as ISO 8601. The moment of an event stays
where it is: no row of content is without it.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from contentstack_source.naming import Names
from contentstack_source.schema import DateRanges, RowBatch, SchemaDrift
from contentstack_source.transform.variants import put_aside

_FORMATS: Final = {"timestamp": "%Y-%m-%dT%H:%M:%SZ", "date": "%Y-%m-%d"}
_NEVER_MOVED: Final = "event_at"


def dates_aside(rows: RowBatch, ranges: DateRanges, names: Names, drift: SchemaDrift) -> RowBatch:
    """Return the rows with only dates of these ranges, and a text column for the others.

    Args:
        rows: of one table; no row is added or removed.
        ranges: what the destination holds; types without a range hold all.
        names: names the columns beside.
        drift: of the pass; it counts these values among the variants.
    """
    for name, data_type in rows.types.items():
        if data_type in ranges and name in rows.data.column_names and name != _NEVER_MOVED:
            column = rows.data[name]
            first, last = (pa.scalar(limit, column.type) for limit in ranges[data_type])
            is_outside = pc.or_(pc.less(column, first), pc.greater(column, last))
            if pc.any(is_outside).as_py():
                texts = _as_text(pc.if_else(is_outside, column, None), data_type)
                rows = put_aside(rows, name, texts, "text", names, drift)
    return rows


def _as_text(column: pa.ChunkedArray, data_type: str) -> pa.ChunkedArray:
    texts = pc.strftime(column, _FORMATS[data_type])
    # The service writes milliseconds.
    return pc.replace_substring_regex(texts, r"(\.\d{3})000Z$", r"\1Z")
