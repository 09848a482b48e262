"""The files that a load brings for one table of a lake: what goes, and what comes.

See `tombstones` for the rule. Files of one table differ in their columns: tombstones have only
keys, and a list may have found new fields on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contentstack_source.schema import EVERY_ROW

if TYPE_CHECKING:
    import pyarrow.dataset as ds

DATA_ROWS_HAVE: Final = "x-data-rows-have"
"""Hint of a table: the column that every data row has and no tombstone."""

ROWS_GO_BY: Final = "x-rows-go-by"
"""Hint of a table: the column that names the rows that go."""

ID: Final = "_dlt_id"
TYPE: Final = "content_type_uid"
_ROWS_AT_ONCE: Final = 65_536


@dataclass(frozen=True)
class Staged:
    """What a load brings for a table.

    Attributes:
        paths: parquet files.
        data_rows_have: the column that every data row has and no tombstone; None if there are none.
        rows_go_by: the column that names the rows that go; many may go by one name.
    """

    paths: Sequence[str]
    data_rows_have: str | None
    rows_go_by: str = ID

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of all files, and all fields of the lists in them."""
        return unified([pq.read_schema(path) for path in self.paths])

    @property
    def is_all(self) -> bool:
        """Whether every row of the table goes."""
        return bool({None, EVERY_ROW} & self._emptied)

    @property
    def emptied_types(self) -> list[str]:
        """Content types of which every row goes; none but in the table `entries`."""
        return sorted(uid for uid in self._emptied if uid not in {None, EVERY_ROW})

    def ids(self) -> pa.Array:
        """Return what the rows that go are named by, whether they come again or not."""
        return self._distinct(self.rows_go_by)

    def row_ids(self) -> pa.Array:
        """Return the ids of the rows that come, and of tombstones."""
        return self._distinct(ID)

    def rows(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows that come."""
        has = self.data_rows_have
        if has is None:
            return self._batches(schema, None)
        return self._batches(schema, pc.field(has).is_valid()) if has in schema.names else iter(())

    def rows_and_tombstones(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows that come, and all tombstones but those for every row."""
        return self._batches(schema, pc.field(ID) != EVERY_ROW)

    def _distinct(self, column: str) -> pa.Array:
        found = self._dataset.to_table(columns=[column], filter=pc.field(ID) != EVERY_ROW)
        return pc.unique(found[column]).cast(pa.string())

    @cached_property
    def _dataset(self) -> ds.Dataset:
        import pyarrow.dataset as ds  # noqa: PLC0415 - slow, pandas too, and only lakes need it

        return ds.dataset(list(self.paths), schema=self.schema)

    @cached_property
    def _emptied(self) -> set[str | None]:
        has_types = TYPE in self.schema.names
        columns = [ID, TYPE] if has_types else [ID]
        found = self._dataset.to_table(columns=columns, filter=pc.field(ID) == EVERY_ROW)
        return set(found[TYPE].to_pylist()) if has_types else {None} if found.num_rows else set()

    def _batches(self, schema: pa.Schema, which: pc.Expression | None) -> Iterator[pa.RecordBatch]:
        for path in self.paths:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_ROWS_AT_ONCE):
                    data = cast_to_schema(pa.Table.from_batches([batch]), schema)
                    yield from (data if which is None else data.filter(which)).to_batches()


def unified(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return a schema with the columns of all, and all fields of the lists in them."""
    plain = [schema.remove_metadata() for schema in schemas]
    return pa.unify_schemas(plain, promote_options="permissive")


def cast_to_schema(data: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with all columns of a schema, and all fields in their lists; NULL is in these."""
    columns = [
        data[field.name].cast(field.type)
        if field.name in data.column_names
        else pa.nulls(data.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema.remove_metadata())
