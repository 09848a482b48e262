"""What the packages share about tables: names, types, and the rows of a load."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, get_args

import duckdb
import pyarrow as pa

from contentstack_source.column_names import ColumnKey, ColumnNames, ListPath
from contentstack_source.naming import Names

DataType = Literal["text", "double", "bigint", "bool", "timestamp", "date", "json"]
"""dlt's names of the types that columns have."""

DATA_TYPES: Final[tuple[DataType, ...]] = get_args(DataType)

DUCKDB_TYPES: Final[Mapping[str, str]] = {
    "text": "VARCHAR",
    "double": "DOUBLE",
    "bigint": "BIGINT",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "date": "DATE",
    "json": "VARCHAR",
}
"""The types of columns while a pass is transformed; JSON is text."""

ARROW_TYPES: Final[Mapping[str, pa.DataType]] = {
    "text": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "json": pa.string(),
}
"""The types of columns on their way to dlt and back; JSON is text."""


def arrow_schema(types: Mapping[str, str]) -> pa.Schema:
    """Return the Arrow types of columns, JSON as the text it is."""
    return pa.schema([(name, ARROW_TYPES[kind]) for name, kind in types.items()])


ENTRY_REFERENCES: Final = "entry_references"
"""The table of the references of entries; merged like a list table of `entries`."""

EVERY_ROW: Final = "*"
"""The id of a tombstone that deletes every row of its table."""

DateRanges = Mapping[str, tuple[date, date]]
"""The first and the last value that a type holds at a destination, by the name of the type."""


@dataclass(frozen=True)
class DestinationTable:
    """A table the destination has already.

    Attributes:
        columns: the types of its columns by name, as dlt calls them.
        list_of: the root table it holds a list of; None for a root table.
        is_content: it holds what is published, not a log.
        is_column: it is no table, but a list in a column of another one.
        lists: the columns that hold lists, by the table that each list would be.
        keys: what a column holds, by name, where the name does not spell it.
        list_path: where the list stands in the content; None if only the table's name spells it.
    """

    columns: Mapping[str, str]
    list_of: str | None = None
    is_content: bool = True
    is_column: bool = False
    lists: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, ColumnKey] = field(default_factory=dict)
    list_path: ListPath | None = None

    def column_names(self, names: Names, reserved: Collection[str]) -> ColumnNames:
        """Return the names that its columns have, and that new ones get."""
        given = {name: self.keys.get(name) for name in self.columns}
        return ColumnNames(names, given, reserved, is_list=self.list_of is not None)


def lists_in(root_table: str, tables: Mapping[str, DestinationTable]) -> dict[ListPath, str]:
    """Return the tables of the lists in a root table, by where each list stands in the content."""
    below = {name: each for name, each in tables.items() if each.list_of == root_table}
    return {each.list_path: name for name, each in below.items() if each.list_path is not None}


@dataclass(frozen=True)
class RowBatch:
    """Rows of one table in a load.

    Attributes:
        table: its name.
        data: the rows; a column without a value in any row may be missing.
        types: the types of all columns by name, of those without a value too.
        list_of: the root table, if the rows are elements of a list.
        parent: the table that the list is in.
        lists: the lists in each column that holds lists, by the table that each would be.
        names: of its columns; None where no column is of a field.
        list_path: where the list stands in the content; None if the rows are of no list.
    """

    table: str
    data: pa.Table
    types: Mapping[str, str]
    list_of: str | None = None
    parent: str = ""
    lists: Mapping[str, Mapping[str, DestinationTable]] = field(default_factory=dict)
    names: ColumnNames | None = None
    list_path: ListPath | None = None


Gather = Callable[
    [duckdb.DuckDBPyConnection, Iterator[RowBatch], MutableMapping[str, DestinationTable]],
    Iterator[RowBatch],
]
"""Turns some rows of a root table and of its lists into what the destination has of them."""


@dataclass
class SchemaDrift:
    """What the content model did not foresee.

    Attributes:
        unknown: values by ``table.column`` of fields the model does not have.
        variants: values by ``table.column`` that did not fit their column.
        without_model: content types whose schema could not be read.
    """

    unknown: dict[str, int] = field(default_factory=dict)
    variants: dict[str, int] = field(default_factory=dict)
    without_model: list[str] = field(default_factory=list)
