"""`target-duckdb`, with one fix that is not released yet.

With release 0.8.0 DuckDB takes the first row of each batch for a header and drops it; upstream has
fixed that (jwills/target-duckdb, pull request 58) but not released it. This is the same fix.
"""

from __future__ import annotations

from typing import Any

import duckdb
import target_duckdb

_connect = target_duckdb.duckdb_connect


class Connection:
    """A connection that copies from CSV files without a header."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, query: str, *parameters: object) -> object:
        return self._connection.execute(
            query.replace("WITH (new_line", "WITH (header false, new_line"), *parameters
        )

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a connection has
        return getattr(self._connection, name)


if __name__ == "__main__":
    target_duckdb.duckdb_connect = lambda config: Connection(_connect(config))
    target_duckdb.main()
