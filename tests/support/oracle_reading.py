"""How the oracle reads every table of a dataset: without our code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import dlt
import duckdb

from tests.support.unnested_lists import unnest

Row = dict[str, Any]
Types = dict[str, dict[str, str]]
"""Types of columns, by table and name."""
Rows = dict[str, list[Row]]
Fields = dict[str, dict[tuple[str, ...], str]]
"""Columns by table and path of their field, where the name does not spell the path."""


class Warehouse(Protocol):
    """A destination, and how its driver returns values."""

    @property
    def destination(self) -> Any:
        """A destination of dlt."""

    @property
    def parses_json(self) -> bool:
        """Whether JSON comes as Python values, not as text."""

    def prepare(self, client: Any) -> None:
        """Make a dlt client return every instant, in UTC."""

    @property
    def has_narrow_dates(self) -> bool:
        """Whether its date types hold less than the years 1 to 9999."""

    @property
    def has_nested_lists(self) -> bool:
        """Whether a list is a column, not a table."""


def read_duckdb(con: duckdb.DuckDBPyConnection) -> tuple[Types, Rows, Fields]:
    """Read the tables of the current schema, as DuckDB has them."""
    types: dict[str, dict[str, str]] = {}
    sql = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_catalog, table_schema, table_name)"
        " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
    )
    for table, column, data_type in con.execute(sql).fetchall():
        if not table.startswith("_dlt"):
            types.setdefault(table, {})[column] = data_type
    rows = {}
    for table in types:
        cursor = con.execute(f'SELECT * FROM "{table}"')
        names = [each[0] for each in cursor.description or ()]
        rows[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    newest = (
        "SELECT schema FROM _dlt_version WHERE schema_name = 'contentstack'"
        " ORDER BY version DESC LIMIT 1"
    )
    ((schema,),) = con.execute(newest).fetchall()
    return types, rows, _fields_of(json.loads(schema)["tables"])


def _fields_of(tables: Mapping[str, Any]) -> Fields:
    return {
        name: {
            tuple(column["x-field"]["path"]): column["name"]
            for column in table["columns"].values()
            if "x-field" in column and not column["x-field"]["form"]
        }
        for name, table in tables.items()
    }


def read_warehouse(warehouse: Warehouse, dataset: str) -> tuple[Types, Rows, Fields]:
    """Read all tables by dlt's SQL client, from an empty working folder."""
    with TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "contentstack", folder, destination=warehouse.destination, dataset_name=dataset
        )
        pipeline.sync_destination()
        tables = pipeline.default_schema.data_tables(seen_data_only=True)
        types = {
            str(table["name"]): {
                name: str(column.get("data_type")).upper()
                for name, column in table["columns"].items()
            }
            for table in tables
        }
        with pipeline.sql_client() as client:
            warehouse.prepare(client)
            rows = {name: list(_rows_at(warehouse, client, name, types[name])) for name in types}
    if warehouse.has_nested_lists:
        unnest(types, rows, {name: pipeline.default_schema.tables[name] for name in [*types]})
    return types, rows, _fields_of(pipeline.default_schema.tables)


def _rows_at(
    warehouse: Warehouse, client: Any, table: str, types: Mapping[str, str]
) -> Iterator[Row]:
    """Yield rows with the value types of DuckDB, for any driver."""
    columns = ", ".join(map(client.escape_column_name, types))
    found = client.execute_sql(f"SELECT {columns} FROM {client.make_qualified_table_name(table)}")
    for row in found:
        values = zip(types, row, strict=True)
        yield {name: _as_in_duckdb(value, types[name], warehouse) for name, value in values}


def _as_in_duckdb(value: Any, kind: str, warehouse: Warehouse) -> Any:
    if value is None:
        return None
    if kind == "JSON" and not (warehouse.has_nested_lists and isinstance(value, list)):
        return json.dumps(value) if warehouse.parses_json or not isinstance(value, str) else value
    if kind == "BIGINT" and isinstance(value, Decimal):
        return int(value)
    if kind == "BOOL" and value in {0, 1}:
        return bool(value)
    if kind in {"DATE", "TIMESTAMP"} and isinstance(value, str):
        value = (datetime if kind == "TIMESTAMP" else date).fromisoformat(value)
    if kind == "TIMESTAMP" and value.tzinfo is None:
        return value.replace(tzinfo=timezone.utc)
    return value
