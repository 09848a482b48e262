"""The memory of DuckDB while new tables are filled."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.load_step import bounded_memory
from contentstack_source.destinations.target import Target

LIMIT = "SELECT current_setting('memory_limit'), current_setting('threads')"
ORDINARY = 10**6
LARGE = 10**8


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.chdir(tmp_path)
    return Target(pipelines_dir=str(tmp_path / "dlt")).pipeline()


def settings_within(pipeline: Pipeline, batch_bytes: int) -> tuple[Any, ...]:
    with bounded_memory(pipeline, batch_bytes):
        return settings_now(pipeline)


def settings_now(pipeline: Pipeline) -> tuple[Any, ...]:
    with pipeline.sql_client() as client:
        ((memory, threads),) = client.execute_sql(LIMIT) or [(None, None)]
    return memory, threads


def test_rows_of_ordinary_size_are_loaded_with_little_memory(pipeline: Pipeline) -> None:
    assert settings_within(pipeline, ORDINARY) == ("286.1 MiB", 1)
    assert settings_now(pipeline) != ("286.1 MiB", 1), "the limit ends with the load"


def test_large_rows_are_loaded_with_the_default_memory_of_duckdb(pipeline: Pipeline) -> None:
    assert settings_within(pipeline, LARGE) == settings_now(pipeline)


def test_connection_settings_of_the_user_are_kept(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "DESTINATION__DUCKDB__CREDENTIALS__GLOBAL_CONFIG"
    monkeypatch.setenv(key, '{"memory_limit": "1GiB"}')
    assert settings_within(pipeline, ORDINARY)[0] == "1.0 GiB"


def test_a_connection_opened_by_the_user_is_not_changed(tmp_path: Path) -> None:
    with duckdb.connect() as mine:
        mine.execute("SET GLOBAL memory_limit = '2GiB'")
        target = Target(dlt.destinations.duckdb(mine), pipelines_dir=str(tmp_path / "dlt"))
        assert settings_within(target.pipeline(), ORDINARY) == ("2.0 GiB", os.cpu_count())


def test_another_connection_to_the_file_gets_its_settings_back(pipeline: Pipeline) -> None:
    with duckdb.connect("contentstack_warehouse.duckdb") as other:
        other.execute("SET GLOBAL memory_limit = '2GiB'")
        assert settings_within(pipeline, ORDINARY) == ("286.1 MiB", 1)
        assert other.execute(LIMIT).fetchall() == [("2.0 GiB", os.cpu_count())]
