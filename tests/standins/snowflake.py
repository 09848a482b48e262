"""Snowflake's dialect behind fakesnow: the SQL is dlt's own for Snowflake, the engine is DuckDB.

One step is replaced: PUT and COPY INTO from a table's stage, which fakesnow cannot parse, become an
insert from the same file. Stages, users and Snowflake's limits are not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fakesnow
import pytest
from dlt.destinations.impl.snowflake import snowflake
from fakesnow.cursor import FakeSnowflakeCursor

_describe: Any = vars(FakeSnowflakeCursor)["description"].fget


@contextmanager
def snowflake_here() -> Iterator[None]:
    """Let dlt's Snowflake destination find fakesnow instead of the service."""
    with pytest.MonkeyPatch.context() as patch, fakesnow.patch(create_schema_on_connect=False):
        patch.setattr(FakeSnowflakeCursor, "description", property(_description))
        patch.setattr(snowflake.SnowflakeLoadJob, "run", _insert)
        yield


def _description(self: Any) -> Any:
    """Nothing, for statements that select nothing: fakesnow would fail to describe them."""
    try:
        return _describe(self)
    except Exception:  # noqa: BLE001 - whatever DuckDB says to DESCRIBE CREATE TABLE
        return []


def _insert(self: Any) -> None:
    client = self._sql_client = self._job_client.sql_client
    table = client.make_qualified_table_name(self.load_table_name)
    con = client.native_connection.cursor()._duck_conn  # noqa: SLF001
    types = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}
    if ".parquet" in self._file_path:
        source = f"read_parquet('{self._file_path}')"
    else:
        columns = ", ".join(f"'{name.lower()}': '{kind}'" for name, kind in types.items())
        source = f"read_json('{self._file_path}', format='nd', columns={{{columns}}})"
    names = [name for name, *_ in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    selected = ", ".join(f'"{name}"' for name in names)
    con.execute(f"INSERT INTO {table} BY NAME SELECT {selected} FROM {source}")
