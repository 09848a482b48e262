"""Snapshots of all rows of a dataset, to compare two moments."""

from __future__ import annotations

from collections import Counter
from tempfile import TemporaryDirectory
from typing import Any

import dlt

from tests.support.warehouses import Warehouse

Snapshot = dict[str, Counter[str]]
"""Rows as text, by table; without the run log and load ids."""

_RUN_TABLES = {"sync_runs"}


def snapshot_of(warehouse: Warehouse, dataset: str = "contentstack") -> Snapshot:
    """Read all tables of a dataset, from an empty working folder."""
    with TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "contentstack", folder, destination=warehouse.destination, dataset_name=dataset
        )
        pipeline.sync_destination()
        tables = pipeline.default_schema.data_tables(seen_data_only=True)
        with pipeline.sql_client() as client:
            warehouse.prepare(client)
            return {
                str(table["name"]): Counter(
                    repr(row) for row in _rows(client, str(table["name"]), list(table["columns"]))
                )
                for table in tables
                if table["name"] not in _RUN_TABLES
            }


def _rows(client: Any, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
    names = ", ".join(client.escape_column_name(each) for each in columns if each != "_dlt_load_id")
    found = client.execute_sql(f"SELECT {names} FROM {client.make_qualified_table_name(table)}")
    return [tuple(row) for row in found]


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """Return what only one of two snapshots has, table by table."""
    nothing: Counter[str] = Counter()
    return [
        f"{table} {sign} {row}"
        for table in sorted({*before, *after})
        for sign, left, right in (("-", before, after), ("+", after, before))
        for row in left.get(table, nothing) - right.get(table, nothing)
    ]
