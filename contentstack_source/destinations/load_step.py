"""Defaults for dlt's load step, and DuckDB's memory limit during it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import cpu_count
from typing import Any, Final

import dlt
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.capabilities import is_duckdb

_TIMES_A_BATCH: Final = 20
_LEAST_BYTES: Final = 300 * 10**6
_MOST_BYTES: Final = 10**9
_BOUND: Final = ("memory_limit", "threads")


def configure_load(pipeline: Pipeline) -> None:
    """Set what users have not set themselves."""
    settings: dict[str, object] = {"truncate_staging_dataset": True}  # or there is all twice
    if is_duckdb(pipeline):
        settings["workers"] = cpu_count()  # dlt's 20 keep the rows of 20 tables in memory
    for name, value in settings.items():
        if dlt.config.get(f"load.{name}") is None:
            dlt.config[f"load.{name}"] = value


@contextmanager
def bounded_memory(pipeline: Pipeline, batch_bytes: int) -> Iterator[None]:
    """Keep DuckDB from holding all it has written while new tables are filled.

    Without a limit it keeps every block of its file, as long as the machine has room. What it
    cannot do without goes with the size of the rows: where they are large, there is no limit but
    its own. Skipped if the user configured or opened the connection.

    Args:
        pipeline: loads into new tables only; merging may need any amount.
        batch_bytes: of the largest batch of rows in the load, as Arrow has it.
    """
    limit = max(_LEAST_BYTES, _TIMES_A_BATCH * batch_bytes)
    if not is_duckdb(pipeline) or limit > _MOST_BYTES:
        yield
        return
    with pipeline.sql_client() as client:
        if _is_set_up(client):
            yield
            return
        # A setting holds for every connection to the file, also for those of others in here.
        before = {name: client.execute_sql(f"SELECT current_setting('{name}')") for name in _BOUND}
        client.execute_sql(f"SET GLOBAL memory_limit = '{limit // 10**6}MB'")
        client.execute_sql("SET GLOBAL threads = 1")  # dlt's workers are as many as there are cores
        try:
            yield
        finally:
            for name, found in before.items():
                if found:
                    client.execute_sql(f"SET GLOBAL {name} = '{found[0][0]}'")


def _is_set_up(client: SqlClientBase[Any]) -> bool:
    credentials: Any = client.credentials
    return bool(credentials.global_config) or credentials.external_conn() is not None
