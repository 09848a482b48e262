"""What a destination can hold, and which are refused."""

from __future__ import annotations

from typing import Any

import dlt
import pytest

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
from tests.support.params import by_default

POSTGRES = dlt.destinations.postgres("postgresql://loader@nowhere.invalid/x")
SUPPORTED = {
    "duckdb": dlt.destinations.duckdb("x.duckdb"),
    "postgres": POSTGRES,
    "clickhouse": dlt.destinations.clickhouse("clickhouse://loader:loader@nowhere.invalid/x"),
    "redshift": dlt.destinations.redshift("redshift://loader:loader@nowhere.invalid/x"),
    "sqlalchemy": dlt.destinations.sqlalchemy("sqlite:///x.sqlite"),
    "ducklake": dlt.destinations.ducklake(),
    "delta": lake("file:///x", "delta"),
    "iceberg": lake("file:///x", "iceberg"),
}
WITHOUT_EXTRAS = {"duckdb", "ducklake", "delta", "iceberg"}


@pytest.mark.parametrize("destination", by_default(WITHOUT_EXTRAS, SUPPORTED))
def test_destinations_that_merge_by_delete_and_insert_are_supported(destination: Any) -> None:
    refuse_unsupported(destination)


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


@pytest.mark.integration
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
