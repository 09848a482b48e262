"""What a destination must be able to do to hold the tables, and which files carry rows there whole.

Judged by its dlt capabilities before anything is written: a destination that would lose deletes
or values is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any, Final

import orjson
import pyarrow as pa
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import WithStateSync
from dlt.common.destination.reference import Destination
from dlt.common.schema.typing import TTableFormat
from dlt.common.typing import TLoaderFileFormat
from dlt.destinations.sql_client import WithSqlClient
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.errors import UnsupportedDestinationError
from contentstack_source.schema import DateRanges

MERGE: Final = "delete-insert"
"""The one merge strategy that deletes, replaces and deduplicates in every dialect."""

_INSTEAD: Final = (
    "Use a SQL destination of dlt that merges by delete-insert, such as duckdb, postgres, "
    "ducklake, snowflake, bigquery or databricks"
)
_LAKE: Final = (
    "Load Delta or Iceberg tables: set table_format to delta or iceberg under "
    "[destination.filesystem], or take contentstack_source.destinations.lake.lake() as the "
    "destination; see docs/destinations.md."
)
_DUCKDB: Final = "dlt.destinations.duckdb"
_ENCODING: Final = frozenset({"bigquery"})
_WITHOUT_NUL: Final = frozenset({"postgres", "redshift"})
_RANGES: Final[Mapping[str, DateRanges]] = {
    # A `Date` outside stops the load. A `DateTime64` outside is shown as the nearest one inside,
    # but by the newest servers.
    "clickhouse": {
        "timestamp": (
            datetime(1900, 1, 1, tzinfo=timezone.utc),
            datetime(2299, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc),
        ),
        "date": (date(1970, 1, 1), date(2149, 6, 6)),
    },
}
"""What the types of dates hold, by dialect, where it is not the years 1 to 9999."""


def refuse_unsupported(destination: Destination[Any, Any]) -> None:
    """Refuse a destination that cannot hold what this source promises.

    Raises:
        UnsupportedDestinationError: it lacks something, or a package that it needs is missing.
    """
    name = destination.destination_name
    caps = destination.capabilities()
    try:
        client = destination.client_class
    except ImportError as missing:
        extra = destination.destination_type.rpartition(".")[2]
        message = f"The destination {name} needs packages that are not installed ({missing.name})"
        hint = f"Install them: pip install 'contentstack-source[{extra}]'."
        raise UnsupportedDestinationError(message, hint) from None
    lacking = []
    if not issubclass(client, WithStateSync):
        lacking.append("keep the state of a stream beside its data")
    if not issubclass(client, WithSqlClient):
        lacking.append("be read by SQL")
    if MERGE not in _merge_strategies(caps):
        lacking.append("delete and insert in one merge, so deleted rows would stay")
    if lacking:
        message = f"The destination {name} cannot {' or '.join(lacking)}"
        is_lake = bool(caps.supported_table_formats) and caps.supports_nested_types
        hint = _LAKE if is_lake else f"{_INSTEAD}; see docs/destinations.md."
        raise UnsupportedDestinationError(message, hint)
    if _is_loaded_by_csv(caps) and "parquet" not in _file_formats(caps):
        message = f"dlt would load {name} by CSV, which cannot hold both empty text and NULL"
        hint = "Install the driver for parquet: pip install 'contentstack-source[postgres]'."
        raise UnsupportedDestinationError(message, hint)


def refuse_soft_deletes(caps: DestinationCapabilitiesContext | None) -> None:
    """Refuse soft deletes where lists are columns: rows that are read back lack their types.

    Raises:
        UnsupportedDestinationError: it is a lake.
    """
    if lake_format(caps):
        message = "deletes = 'soft' keeps rows by reading them back, which a lake's cannot be"
        raise UnsupportedDestinationError(
            message, "Leave deletes 'hard' there; history = true keeps all."
        )


def lake_format(caps: DestinationCapabilitiesContext | None) -> TTableFormat | None:
    """Return the format of the tables in a lake, where lists are columns; None elsewhere."""
    if caps is None or not caps.supports_nested_types:
        return None
    return caps.preferred_table_format


def file_format(
    caps: DestinationCapabilitiesContext | None, types: Mapping[str, str], *, is_empty: bool = False
) -> TLoaderFileFormat | None:
    """Return the format of the files that carry rows whole; None for what dlt prefers.

    Args:
        caps: of the destination.
        types: of the columns of a table, by name.
        is_empty: there are no rows, and the file is to make the table only.
    """
    if caps is None:
        return None
    if is_empty and _is_loaded_by_csv(caps):
        return "csv"  # ADBC takes no file without rows
    if _is_loaded_by_csv(caps) and "parquet" in _file_formats(caps):
        return "parquet"  # as fast as COPY, and with a type for each column
    if caps.sqlglot_dialect == "bigquery" and "json" in types.values():
        return "jsonl"  # BigQuery reads no JSON columns from parquet
    return None


def encodes_json(caps: DestinationCapabilitiesContext | None, types: Mapping[str, str]) -> bool:
    """Return whether dlt writes JSON columns there itself: JSON text would become a string in JSON.

    Args:
        caps: of the destination.
        types: of the columns of a table, by name.
    """
    if caps is None or "json" not in types.values():
        return False
    is_by_sqlalchemy = caps.preferred_loader_file_format == "typed-jsonl"
    return is_by_sqlalchemy or caps.sqlglot_dialect in _ENCODING


def to_objects(data: pa.Table, types: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return rows as Python has them, JSON parsed: for destinations that write JSON themselves."""
    names = [name for name in data.column_names if types.get(name) == "json"]
    rows: list[dict[str, Any]] = data.to_pylist()
    for row in rows:
        row |= {name: orjson.loads(row[name]) for name in names if row[name] is not None}
    return rows


def is_duckdb(pipeline: Pipeline) -> bool:
    """Return whether the destination is a DuckDB file."""
    return pipeline.destination is not None and pipeline.destination.destination_type == _DUCKDB


def holds_nul(caps: DestinationCapabilitiesContext | None) -> bool:
    """Return whether text may hold the character U+0000 there."""
    return caps is None or caps.sqlglot_dialect not in _WITHOUT_NUL


def date_ranges(caps: DestinationCapabilitiesContext | None) -> DateRanges:
    """Return the first and the last date that the destination holds, by type, if not all."""
    return {} if caps is None else _RANGES.get(str(caps.sqlglot_dialect), {})


def _is_loaded_by_csv(caps: DestinationCapabilitiesContext) -> bool:
    """Return whether dlt makes CSV of Arrow: PostgreSQL's COPY, with FORCE_NULL on each column."""
    return caps.sqlglot_dialect == "postgres" and "csv" in caps.supported_loader_file_formats


def _file_formats(caps: DestinationCapabilitiesContext) -> list[str]:
    """Return the formats that can be loaded here and now: a driver may be missing."""
    selector: Any = caps.loader_file_format_selector
    supported: list[str] = list(caps.supported_loader_file_formats)
    if selector is None:
        return supported
    preferred = caps.preferred_loader_file_format
    return list(selector(preferred, supported, table_schema={"name": "entries"})[1])


def _merge_strategies(caps: DestinationCapabilitiesContext) -> list[str]:
    """Return the strategies for tables in the format that the destination prefers."""
    selector: Any = caps.merge_strategies_selector
    strategies: list[str] = list(caps.supported_merge_strategies or ())
    if selector is None:
        return strategies
    table = {"name": "entries", "table_format": caps.preferred_table_format}
    return list(selector(strategies, table_schema=table))
