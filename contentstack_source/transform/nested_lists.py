"""Lists as columns of the row they are in, where a destination has no tables for them.

The tables of lists are made as ever, and then moved into the rows they point to: a list of structs,
with the columns that its table would have, in their order, and lists in them likewise. One query
for each list; no Python for each element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Final

from duckdb import DuckDBPyConnection

from contentstack_source.schema import DUCKDB_TYPES, DestinationTable, RowBatch
from contentstack_source.transform.engine import ask, execute
from contentstack_source.transform.json_sql import quote

_PLACE: Final = "_dlt_list_idx"
"""A field of every element: its place in the list. An element may have no other."""

_TIES: Final = frozenset({"_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_list_idx"})
_ADDED_LATER: Final = frozenset({"_dlt_load_id"})


def nest(
    con: DuckDBPyConnection,
    rows: Iterator[RowBatch],
    existing: MutableMapping[str, DestinationTable],
) -> Iterator[RowBatch]:
    """Yield rows of a root table with the lists in them, and with every column the table has.

    Args:
        con: for relations in between, of which the names begin with `nest`.
        rows: of the root table, then of each list below it, parents first.
        existing: the tables and lists known, by name; it learns which list is in which column.
    """
    parts = list(rows)
    if not parts:
        return
    for part in parts[1:]:
        _assign_column(part, existing)
    root, *lists = [_beside_lists(part, existing) for part in parts]
    filled: dict[str, str] = {}
    for number, part in reversed(list(enumerate(lists))):
        _fill(con, part, existing, filled, f"nest{number}")
    fields = [
        f"{value} AS {quote(name)}" for name, value in _fields(root, existing, filled).items()
    ]
    joined = _joined(root.table, existing, filled)
    query = f"SELECT {', '.join(fields)} FROM nest_rows AS nest_row {joined}"
    con.register("nest_rows", root.data)
    data = ask(con, query, DuckDBPyConnection.to_arrow_table)
    con.unregister("nest_rows")
    types = existing[root.table].columns
    yield replace(root, data=data, types=types, lists=_described(root.table, existing))


def _fill(
    con: DuckDBPyConnection,
    part: RowBatch,
    existing: Mapping[str, DestinationTable],
    filled: dict[str, str],
    name: str,
) -> None:
    """Make the relation `name`: the elements of one list, as a value for each row they are in."""
    con.register("nest_rows", part.data)
    execute(
        con,
        f"""
        CREATE OR REPLACE TEMP TABLE {name} AS
        SELECT nest_row._dlt_parent_id AS id,
               list({_element(part, existing, filled)} ORDER BY nest_row.{_PLACE}) AS elements
        FROM nest_rows AS nest_row {_joined(part.table, existing, filled)} GROUP BY 1
        """,
    )
    con.unregister("nest_rows")
    filled[part.table] = name


def _assign_column(part: RowBatch, existing: MutableMapping[str, DestinationTable]) -> None:
    """Give a list its column, once and for all; beside it, where a value has that already."""
    holder = existing[part.parent]
    existing[part.table] = replace(existing[part.table], is_column=True)
    if part.table in holder.lists:
        return
    column = part.table.removeprefix(f"{part.parent}__")
    if column in {*holder.columns, *holder.lists.values()}:
        column = f"{column}__v_list"
    existing[part.parent] = replace(holder, lists={**holder.lists, part.table: column})


def _beside_lists(part: RowBatch, existing: MutableMapping[str, DestinationTable]) -> RowBatch:
    """Return rows whose values are beside the column they would have, where a list has it."""
    known = existing[part.table]
    beside = {
        name: f"{name}__v_{known.columns[name]}"
        for name in known.lists.values()
        if name in known.columns
    }
    if not beside:
        return part
    columns = {beside.get(name, name): kind for name, kind in known.columns.items()}
    existing[part.table] = replace(known, columns=columns)
    names = [beside.get(name, name) for name in part.data.column_names]
    return replace(part, data=part.data.rename_columns(names))


def _element(
    part: RowBatch, existing: Mapping[str, DestinationTable], filled: Mapping[str, str]
) -> str:
    fields = {_PLACE: f"nest_row.{_PLACE}"} | _fields(part, existing, filled)
    return "struct_pack(" + ", ".join(f"{quote(k)} := {v}" for k, v in fields.items()) + ")"


def _fields(
    part: RowBatch, existing: Mapping[str, DestinationTable], filled: Mapping[str, str]
) -> dict[str, str]:
    """Return the expression of every column and list that a table has or had, by name."""
    known = existing[part.table]
    hidden = _TIES if part.list_of else _ADDED_LATER
    fields = {
        name: f"nest_row.{quote(name)}"
        if name in part.data.column_names
        else f"CAST(NULL AS {DUCKDB_TYPES[data_type]})"
        for name, data_type in known.columns.items()
        if name not in hidden
    }
    for table, column in known.lists.items():
        is_here = table in filled
        fields[column] = (
            f"{filled[table]}.elements" if is_here else f"CAST(NULL AS {_type(table, existing)})"
        )
    return fields


def _joined(table: str, existing: Mapping[str, DestinationTable], filled: Mapping[str, str]) -> str:
    here = [filled[name] for name in existing[table].lists if name in filled]
    return " ".join(f"LEFT JOIN {name} ON {name}.id = nest_row._dlt_id" for name in here)


def _type(table: str, existing: Mapping[str, DestinationTable]) -> str:
    known = existing[table]
    fields = {_PLACE: "BIGINT"}
    fields |= {n: DUCKDB_TYPES[t] for n, t in known.columns.items() if n not in _TIES}
    fields |= {column: _type(name, existing) for name, column in known.lists.items()}
    return "STRUCT(" + ", ".join(f"{quote(n)} {t}" for n, t in fields.items()) + ")[]"


def _described(
    table: str, existing: Mapping[str, DestinationTable]
) -> dict[str, dict[str, DestinationTable]]:
    """Return what is in each column that holds a list: the lists in it, at any depth."""
    return {
        column: {name: existing[name]}
        | {
            deeper: known
            for below in _described(name, existing).values()
            for deeper, known in below.items()
        }
        for name, column in existing[table].lists.items()
    }
