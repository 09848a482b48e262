"""The DuckDB of a pass: in memory, and on disk where a pass is larger than it should be there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb

_Answer = TypeVar("_Answer")

_MEMORY: Final = "128MiB"


def open_store(temp_folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a new DuckDB.

    Args:
        temp_folder: where it may put what has no room in memory.
    """
    con = duckdb.connect(
        ":memory:", config={"temp_directory": str(temp_folder), "memory_limit": _MEMORY}
    )
    con.execute("SET GLOBAL TimeZone = 'UTC'; SET preserve_insertion_order = false")
    # Content types are worked on side by side; threads within a statement only get in the way.
    con.execute("SET threads = 1")
    return con


def ask(
    con: duckdb.DuckDBPyConnection,
    sql: str,
    take: Callable[[duckdb.DuckDBPyConnection], _Answer],
    values: Mapping[str, Any] | None = None,
) -> _Answer:
    """Return what `take` makes of the answer to a statement.

    What one statement needs at once cannot go to disk. Thousands of fields, or an entry of many
    megabytes, need more than the limit: then there is none, but what DuckDB gives itself.
    """
    try:
        return take(con.execute(sql, values))
    except duckdb.OutOfMemoryException:
        _unbind_memory(con)
        return take(con.execute(sql, values))


def execute(
    con: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any] | None = None
) -> None:
    """Run a statement that answers nothing."""
    ask(con, sql, duckdb.DuckDBPyConnection.fetchall, values)


def _unbind_memory(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("RESET GLOBAL memory_limit")
    # DuckDB 1.5 shows its own limit from here on, but keeps the old one until it is set.
    sql = "SET GLOBAL memory_limit = '{}'"
    for (limit,) in con.execute("SELECT current_setting('memory_limit')").fetchall():
        con.execute(sql.format(limit))
