"""What is read back from the destination while a pass is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

import dlt
import pyarrow as pa
from dlt.common.destination.exceptions import DestinationUndefinedEntity, SqlClientNotAvailable
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from contentstack_source.destinations.dlt_compat import active_pipeline
from contentstack_source.schema import arrow_schema

_DIALECT: Final = "duckdb"
_ROWS_AT_ONCE: Final = 20_000
_WITH_SESSION_ZONE: Final = frozenset({"postgres", "redshift"})
_NOT_THERE: Final = (
    DatabaseUndefinedRelation,
    DestinationUndefinedEntity,
    SqlClientNotAvailable,
)


def read_rows(query: str, types: Mapping[str, str]) -> Iterator[pa.Table]:
    """Yield the rows of a query at the destination, some thousands at a time.

    Args:
        query: in DuckDB's SQL, from tables of the dataset by their names in dlt's schema; JSON as
            text. The columns it selects are those of `types`, in that order.
        types: of its columns by name, as dlt calls them; JSON stays the text it is.
    """
    pipeline = active_pipeline()
    if pipeline is None:
        return
    schema = arrow_schema(types)
    with suppress(*_NOT_THERE), _dataset_in_utc(pipeline) as dataset:
        relation = dataset.query(query, _DIALECT)
        for part in relation.iter_arrow(chunk_size=_ROWS_AT_ONCE):
            yield part.rename_columns(list(types)).cast(schema)


@contextmanager
def _dataset_in_utc(pipeline: Any) -> Iterator[dlt.Dataset]:  # noqa: ANN401
    """Lend the dataset of a pipeline; rows come with instants in UTC.

    A driver makes Python's datetimes in the zone of the session, where the last hours of the year
    9999 may be in the year 10000, which Python does not have.
    """
    dataset = pipeline.dataset()
    if dataset.sql_client.capabilities.sqlglot_dialect not in _WITH_SESSION_ZONE:
        yield dataset
        return
    with dataset:
        dataset.sql_client.execute_sql("SET timezone TO 'UTC'")
        yield dataset


def read_ids(table: str, *, exclude_deleted: bool) -> pa.Table | None:
    """Return the `_dlt_id` of the rows of a table; None if it cannot be read.

    Args:
        table: its name.
        exclude_deleted: leave out soft-deleted rows.
    """
    pipeline = active_pipeline()
    if pipeline is None:
        return None
    try:
        with pipeline.sql_client() as client:
            name = client.make_qualified_table_name(table)
            condition = " WHERE deleted_at IS NULL" if exclude_deleted else ""
            rows = client.execute_sql(f"SELECT _dlt_id FROM {name}{condition}") or []
            return pa.table({"_dlt_id": pa.array([row[0] for row in rows], pa.string())})
    except _NOT_THERE:
        return None
