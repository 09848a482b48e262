"""Snowflake's dialect on DuckDB, by fakesnow, in the process.

dlt's SQL for Snowflake is translated and run: tables, the merge, queries. DuckDB reads the load
files, since fakesnow does not parse dlt's stage and COPY. It has no users, roles, limits, or
Snowflake's own types.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dlt
import fakesnow
import pytest
from dlt.destinations.impl.snowflake.snowflake import SnowflakeClient, SnowflakeLoadJob
from dlt.destinations.job_client_impl import SqlJobClientBase
from fakesnow.cursor import FakeSnowflakeCursor

_DATABASE = "TESTS"


@contextmanager
def snowflake() -> Iterator[Any]:
    """Yield dlt's destination with an empty database."""
    describe: Any = FakeSnowflakeCursor.description.fget

    def described(cursor: Any) -> Any:
        try:
            return describe(cursor)
        except Exception:  # noqa: BLE001 - dlt also calls it after statements without rows
            return []

    with pytest.MonkeyPatch.context() as patch, fakesnow.patch(create_schema_on_connect=False):
        patch.setattr(FakeSnowflakeCursor, "description", property(described))
        patch.setattr(SnowflakeLoadJob, "run", _load)
        credentials = f"snowflake://loader:loader@nowhere/{_DATABASE}?warehouse=w&role=r"
        # fakesnow accepts no ALTER TABLE with several columns: one statement per column.
        one_by_one: Any = vars(SqlJobClientBase)["_make_add_column_sql"]
        patch.setattr(SnowflakeClient, "_make_add_column_sql", one_by_one)
        yield dlt.destinations.snowflake(credentials, alter_add_multi_column=False)


def _load(job: Any) -> None:
    """Insert the rows of a file into their table, columns by name, like COPY."""
    client = job._job_client.sql_client  # noqa: SLF001
    job._sql_client = client  # noqa: SLF001
    table = client.make_qualified_table_name(job.load_table_name)
    duck = client.native_connection.cursor()._duck_conn  # noqa: SLF001
    path = job._file_path  # noqa: SLF001
    types = {str(row[0]): row[1] for row in duck.execute(f"DESCRIBE {table}").fetchall()}
    if ".parquet" in path:
        source = f"read_parquet('{path}')"
    else:
        columns = ", ".join(f"'{name.lower()}': '{kind}'" for name, kind in types.items())
        source = f"read_json('{path}', format = 'newline_delimited', columns = {{{columns}}})"
    duck.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {source}")
