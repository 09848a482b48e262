"""`target-duckdb`, with the one fix its last release waits for.

Release 0.8.0 lets DuckDB take the first row of each batch for a header and drop it; upstream has
mended that (jwills/target-duckdb, pull request 58) and not released it. The same is done here.
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
