"""Values that a destination cannot hold in their column, moved into its variant column."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from contentstack_source.naming import Names
from contentstack_source.schema import DataType, RowBatch, SchemaDrift


def put_aside(
    rows: RowBatch,
    name: str,
    values: pa.Array | pa.ChunkedArray,
    data_type: DataType,
    names: Names,
    drift: SchemaDrift,
) -> RowBatch:
    """Return the rows with some values of a column in its variant column instead.

    Args:
        rows: of one table; no row is added or removed.
        name: the column.
        values: what the variant column gets, empty where the value stays in its column.
        data_type: of the variant column.
        names: names the variant column where the rows have no names of their own.
        drift: of the pass; it counts these values among the variants.
    """
    is_aside = pc.is_valid(values)
    form = f"v_{data_type}"
    variant = rows.names.form_of(name, form) if rows.names else names.form(name, form)
    data = rows.data.set_column(
        rows.data.column_names.index(name), name, pc.if_else(is_aside, None, rows.data[name])
    )
    if variant in data.column_names:  # it holds what did not fit in other rows
        both = pc.coalesce(data[variant], values)
        data = data.set_column(data.column_names.index(variant), variant, both)
    else:
        data = data.append_column(variant, values)
    found = f"{rows.table}.{variant}"
    drift.variants[found] = drift.variants.get(found, 0) + pc.sum(is_aside).as_py()
    return replace(rows, data=data, types={**rows.types, variant: data_type})
