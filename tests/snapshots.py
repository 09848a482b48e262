"""All rows of a dataset as values, to be compared with the same at another time."""

from __future__ import annotations

from collections import Counter
from tempfile import TemporaryDirectory
from typing import Any

import dlt

from tests.places import Place

Snapshot = dict[str, Counter[str]]
"""Table to its rows, each spelled out; what loads and runs leave behind themselves is not in it."""

_TOLD_OF_RUNS = {"sync_runs"}


def snapshot_of(place: Place, dataset: str = "contentstack") -> Snapshot:
    """Read all tables of a dataset, from a working folder that knows of nothing."""
    with TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "contentstack", folder, destination=place.destination, dataset_name=dataset
        )
        pipeline.sync_destination()
        tables = pipeline.default_schema.data_tables(seen_data_only=True)
        with pipeline.sql_client() as client:
            place.prepare(client)
            return {
                str(table["name"]): Counter(
                    repr(row) for row in _rows(client, str(table["name"]), list(table["columns"]))
                )
                for table in tables
                if table["name"] not in _TOLD_OF_RUNS
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
