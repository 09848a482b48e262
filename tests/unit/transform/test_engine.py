"""The DuckDB of a pass uses little memory, and more only if one statement needs it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from contentstack_source.transform.engine import ask, execute, open_store

ONE_LIST = "SELECT len(list(concat(i, repeat('x', 100)))) FROM range(3000000) t(i)"
"""Three hundred megabytes that cannot be split."""


@pytest.fixture
def store(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    return open_store(tmp_path / "spill")


def in_memory(store: duckdb.DuckDBPyConnection) -> int:
    (used,) = store.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
    return int(used[0]) >> 20


def test_data_beyond_the_memory_limit_spills_to_disk(
    store: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    execute(store, "CREATE TABLE t AS SELECT repeat(i::VARCHAR, 100) s FROM range(600000) t(i)")
    assert in_memory(store) <= 128
    assert list((tmp_path / "spill").iterdir())
    assert ask(store, "SELECT count(s) FROM t", lambda con: con.fetchall()) == [(600000,)]


def test_a_statement_that_needs_more_memory_gets_it(store: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.OutOfMemoryException):
        store.execute(ONE_LIST).fetchall()
    assert ask(store, ONE_LIST, lambda con: con.fetchall()) == [(3000000,)]


def test_other_errors_of_a_statement_are_raised(store: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        execute(store, "SELECT * FROM nowhere")
