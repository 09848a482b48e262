"""One load into a Delta table, as one commit: see `staged` for what it brings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
from dlt.common.libs.deltalake import deltalake_storage_options, evolve_delta_table_schema
from dlt.destinations.impl.filesystem.configuration import FilesystemDestinationClientConfiguration

from contentstack_source.destinations.lake.load_files import (
    ID,
    TYPE,
    Staged,
    cast_to_schema,
    unified,
)


def make(location: str, staged: Staged, config: FilesystemDestinationClientConfiguration) -> None:
    """Make the table with the rows that come."""
    write_deltalake(
        location,
        _reader(staged.schema, staged.rows(staged.schema)),
        mode="append",
        storage_options=deltalake_storage_options(
            config.credentials, config.deltalake_storage_options
        ),
        configuration=config.deltalake_configuration,
    )


def append(table: DeltaTable, staged: Staged) -> None:
    """Add the rows that come."""
    schema = _schema(table, staged)
    rows = _reader(schema, staged.rows(schema))
    write_deltalake(table, rows, mode="append", schema_mode="merge")


def merge(table: DeltaTable, staged: Staged) -> None:
    """Delete the rows that go, and add those that come."""
    schema = _schema(table, staged)
    if staged.is_all:
        _overwrite(table, schema, staged.rows(schema))
    elif _has_wider_lists(table, schema):
        # Delta's writers cannot read narrower lists from old files.
        with TemporaryDirectory() as folder:
            remaining = _save_remaining(table, staged, schema, Path(folder) / "kept.parquet")
            _overwrite(table, schema, chain(remaining.rows(schema), staged.rows(schema)))
    else:
        evolve_delta_table_schema(table, schema)
        _merge(table, staged, schema)


def _merge(table: DeltaTable, staged: Staged, schema: pa.Schema) -> None:
    has = f'source."{staged.data_rows_have}"'
    source = chain(staged.rows_and_tombstones(schema), _tombstones(table, staged, schema))
    merged = (
        table.merge(
            _reader(schema, source),
            f"target.{ID} = source.{ID}",
            source_alias="source",
            target_alias="target",
        )
        .when_matched_delete(f"{has} IS NULL")
        .when_matched_update_all()
        .when_not_matched_insert_all(f"{has} IS NOT NULL")
    )
    if staged.emptied_types:
        types = ", ".join(map(_quoted, staged.emptied_types))
        merged = merged.when_not_matched_by_source_delete(f"target.{TYPE} IN ({types})")
    merged.execute()


def _tombstones(table: DeltaTable, staged: Staged, schema: pa.Schema) -> list[pa.RecordBatch]:
    """Return tombstones for rows that go by another name than their own and do not come again.

    All at once: the table cannot be read while it is written.
    """
    if staged.rows_go_by == ID:
        return []
    goes = pc.field(staged.rows_go_by).isin(staged.ids()) & ~pc.field(ID).isin(staged.row_ids())
    found = table.to_pyarrow_dataset().to_table(columns=[ID], filter=goes)
    batches: list[pa.RecordBatch] = cast_to_schema(found, schema).to_batches()
    return batches


def _save_remaining(table: DeltaTable, staged: Staged, schema: pa.Schema, path: Path) -> Staged:
    """Copy the rows that stay to a file: the table cannot be read while it is written."""
    stays = ~pc.field(staged.rows_go_by).isin(staged.ids())
    if staged.emptied_types:
        stays &= ~pc.field(TYPE).isin(staged.emptied_types)
    with pq.ParquetWriter(path, schema) as file:
        for batch in table.to_pyarrow_dataset().to_batches(filter=stays):
            file.write_table(cast_to_schema(pa.Table.from_batches([batch]), schema))
    return Staged([str(path)], None)


def _overwrite(table: DeltaTable, schema: pa.Schema, rows: Iterator[pa.RecordBatch]) -> None:
    write_deltalake(table, _reader(schema, rows), mode="overwrite", schema_mode="overwrite")


def _schema(table: DeltaTable, staged: Staged) -> pa.Schema:
    """Return the columns of the table, then those that are new to it."""
    return unified([_columns(table), staged.schema])


def _has_wider_lists(table: DeltaTable, schema: pa.Schema) -> bool:
    return any(schema.field(each.name).type != each.type for each in _columns(table))


def _quoted(text: str) -> str:
    """Return text as a string in the SQL of Delta's engine."""
    return "'" + text.replace("'", "''") + "'"


def _columns(table: DeltaTable) -> pa.Schema:
    return pa.schema(table.schema().to_arrow())


def _reader(schema: pa.Schema, rows: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(schema, rows)
