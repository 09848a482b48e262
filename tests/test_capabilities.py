"""An unsupported destination is refused before anything is written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import pytest
from click.testing import CliRunner

from contentstack_source import contentstack_source
from contentstack_source.cli.main import main
from contentstack_source.destinations.capabilities import (
    date_ranges,
    encodes_json,
    file_format,
    holds_nul,
    lake_format,
    refuse_unsupported,
)
from contentstack_source.destinations.lake import lake
from contentstack_source.destinations.target import Target
from contentstack_source.errors import UnsupportedDestinationError
from contentstack_source.runs import run
from contentstack_source.simulator import serve
from tests.small_stack import filled_stack

POSTGRES = dlt.destinations.postgres("postgresql://loader@nowhere.invalid/x")
SUPPORTED = [
    dlt.destinations.duckdb("x.duckdb"),
    POSTGRES,
    dlt.destinations.clickhouse("clickhouse://loader:loader@nowhere.invalid/x"),
    dlt.destinations.redshift("redshift://loader:loader@nowhere.invalid/x"),
    dlt.destinations.sqlalchemy("sqlite:///x.sqlite"),
    dlt.destinations.ducklake(),
    lake("file:///x", "delta"),
    lake("file:///x", "iceberg"),
]


@pytest.mark.parametrize("destination", SUPPORTED, ids=lambda each: each.destination_name)
def test_destinations_that_merge_by_delete_and_insert_are_supported(destination: Any) -> None:
    refuse_unsupported(destination)


def test_plain_files_are_refused_with_the_missing_capability_and_an_alternative(
    tmp_path: Path, configure: Callable[..., None]
) -> None:
    stack = filled_stack()
    destination = dlt.destinations.filesystem(str(tmp_path / "files"))
    with serve(stack) as server:
        configure(stack, server)
        with pytest.raises(UnsupportedDestinationError) as refused:
            run.sync(Target(destination, pipelines_dir=str(tmp_path / "dlt")))
        assert server.requests == []
    assert refused.value.exit_code == 2
    assert "The destination filesystem cannot delete and insert" in refused.value.message
    assert "set table_format to delta or iceberg" in refused.value.hint
    assert not (tmp_path / "files").exists()


def test_the_source_alone_refuses_an_unsupported_destination_too(
    tmp_path: Path, configure: Callable[..., None]
) -> None:
    stack = filled_stack()
    pipeline = dlt.pipeline(
        "contentstack",
        pipelines_dir=str(tmp_path / "dlt"),
        destination=dlt.destinations.filesystem(str(tmp_path / "files")),
        dataset_name="contentstack",
    )
    with serve(stack) as server:
        configure(stack, server)
        with pytest.raises(Exception, match="cannot delete and insert"):
            pipeline.run(contentstack_source())


def test_the_command_ends_with_2_for_an_unsupported_destination(
    tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = filled_stack()
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(tmp_path / "files"))
    with serve(stack) as server:
        configure(stack, server)
        for command in ("sync", "resync", "status", "check"):
            options = ["--destination", "filesystem", "--pipelines-dir", str(tmp_path / "dlt")]
            assert CliRunner().invoke(main, [command, *options]).exit_code == 2, command
    assert not (tmp_path / "files").exists()


@pytest.mark.parametrize("table_format", ["delta", "iceberg"])
def test_a_table_format_makes_files_a_lake(
    table_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__TABLE_FORMAT", table_format)
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", "file:///x")
    destination = Target("filesystem").pipeline().destination
    assert isinstance(destination, lake)
    assert lake_format(destination.capabilities()) == table_format
    assert destination.destination_name == "filesystem"


def test_an_unknown_table_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__TABLE_FORMAT", "hudi")
    with pytest.raises(UnsupportedDestinationError, match=r"'hudi'. Choose from: delta, iceberg"):
        Target("filesystem").pipeline()


def test_a_missing_package_is_named() -> None:
    code = (
        "import sys\n"
        "sys.modules['psycopg2'] = None\n"
        "from contentstack_source.cli.main import main\n"
        "main(['status', '--destination', 'postgres'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "(psycopg2). Install them: pip install 'contentstack-source[postgres]'" in done.stderr


def test_postgres_without_its_fast_driver_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISABLE_ADBC_DETECTION", "true")
    assert file_format(POSTGRES.capabilities(), {}) is None
    with pytest.raises(UnsupportedDestinationError, match="cannot hold both empty text and NULL"):
        refuse_unsupported(POSTGRES)


def test_the_file_format_and_encodings_depend_on_the_destination() -> None:
    json_rows, plain_rows = {"body": "json"}, {"title": "text"}
    sqlite = dlt.destinations.sqlalchemy("sqlite:///x.sqlite").capabilities()
    duckdb = dlt.destinations.duckdb("x.duckdb").capabilities()
    assert file_format(POSTGRES.capabilities(), plain_rows) == "parquet"
    assert file_format(duckdb, json_rows) is None
    assert [encodes_json(sqlite, each) for each in (json_rows, plain_rows)] == [True, False]
    assert not encodes_json(duckdb, json_rows)
    assert date_ranges(POSTGRES.capabilities()) == date_ranges(duckdb) == date_ranges(None) == {}
    assert [holds_nul(caps) for caps in (POSTGRES.capabilities(), duckdb)] == [False, True]
