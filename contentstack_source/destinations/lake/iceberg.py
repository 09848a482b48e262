"""One load into an Iceberg table, as one commit: see `staged` for what it brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.libs.pyiceberg import create_table
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import AlwaysTrue, BooleanExpression, In, Or
from pyiceberg.table import Table, Transaction

from contentstack_source.destinations.lake.load_files import ID, TYPE, Staged


def make(
    catalog: Catalog,
    identifier: str,
    location: str,
    staged: Staged,
    properties: Mapping[str, str] | None,
) -> None:
    """Make the table with the rows that come."""
    create_table(
        catalog,
        identifier,
        table_location=location,
        schema=staged.schema,
        properties=dict(properties or {}),
    )
    append(catalog.load_table(identifier), staged)


def append(table: Table, staged: Staged) -> None:
    """Add the rows that come."""
    with table.transaction() as transaction:
        _add_rows(transaction, staged)


def merge(table: Table, staged: Staged) -> None:
    """Delete the rows that go, and add those that come."""
    with table.transaction() as transaction:
        if (going := _going(table, staged)) is not None:
            transaction.delete(going)
        _add_rows(transaction, staged)


def _add_rows(transaction: Transaction, staged: Staged) -> None:
    with transaction.update_schema() as update:
        update.union_by_name(staged.schema)
    rows = pa.Table.from_batches(staged.rows(staged.schema), staged.schema)
    if rows.num_rows:
        transaction.append(rows)


def _going(table: Table, staged: Staged) -> BooleanExpression | None:
    """Return which rows of the table go; None if it has none of them."""
    if staged.is_all:
        return AlwaysTrue() if table.scan(limit=1, selected_fields=(ID,)).count() else None
    name = staged.rows_go_by
    asked = (name, TYPE) if staged.emptied_types else (name,)
    found = table.scan(selected_fields=asked).to_arrow()
    ids = pc.unique(found.filter(pc.field(name).isin(staged.ids()))[name]).to_pylist()
    going: list[BooleanExpression] = [_is_in(name, ids)] if ids else []
    if staged.emptied_types and set(staged.emptied_types) & set(pc.unique(found[TYPE]).to_pylist()):
        going.append(_is_in(TYPE, staged.emptied_types))
    return Or(*going) if len(going) > 1 else going[0] if going else None


def _is_in(column: str, values: Sequence[str]) -> BooleanExpression:
    make: Any = In  # takes them in order, which pydantic's plugin for mypy does not know
    return make(column, values)  # type: ignore[no-any-return]
