"""Destinations of the tests: each is prepared for one test and removed after it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dlt
import pytest
from dlt.common.configuration.specs import AwsCredentials
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials

from contentstack_source.destinations.lake import lake
from tests.support.optional import why_missing


@dataclass(frozen=True)
class Warehouse:
    """A destination for one test.

    Attributes:
        destination: a destination of dlt.
        parses_json: its driver returns JSON as Python values.
        most_bytes: the longest text that a column holds.
        has_nested_lists: a list is a column, not a table.
        has_narrow_dates: its date types hold less than the years 1 to 9999.
        file: the DuckDB file, if it is one.
    """

    destination: Any
    parses_json: bool = False
    most_bytes: int = 1_000_000
    has_nested_lists: bool = False
    has_narrow_dates: bool = False
    file: str = ""

    def prepare(self, client: Any) -> None:
        """Make a dlt client return every instant in UTC: Python has none after the year 9999."""
        if client.capabilities.sqlglot_dialect in {"postgres", "redshift"}:
            client.execute_sql("SET timezone TO 'UTC'")


@contextmanager
def in_duckdb(folder: Path) -> Iterator[Warehouse]:
    yield duckdb_warehouse(folder)


def duckdb_warehouse(folder: Path) -> Warehouse:
    file = str(folder / "warehouse.duckdb")
    return Warehouse(dlt.destinations.duckdb(file), file=file)


@contextmanager
def in_postgres(folder: Path) -> Iterator[Warehouse]:
    del folder
    from tests.support.servers.postgres import postgres

    yield Warehouse(dlt.destinations.postgres(postgres(new_name())), parses_json=True)


@contextmanager
def in_ducklake(folder: Path) -> Iterator[Warehouse]:
    """The catalog is in PostgreSQL, the files are in the folder."""
    yield Warehouse(_ducklake(f"file://{folder}/files"))


@contextmanager
def in_ducklake_on_s3(folder: Path) -> Iterator[Warehouse]:
    """The catalog is in PostgreSQL, the files are in a bucket."""
    del folder
    from tests.support.servers.seaweedfs import bucket_url, s3_credentials, seaweedfs

    credentials = AwsCredentials(**s3_credentials(seaweedfs()))
    storage = FilesystemConfiguration(bucket_url(new_name()), credentials)
    yield Warehouse(_ducklake(storage))


def _ducklake(storage: str | FilesystemConfiguration) -> Any:
    from tests.support.servers.extensions import install_extensions
    from tests.support.servers.postgres import postgres

    install_extensions()
    catalog = postgres(new_name())
    return dlt.destinations.ducklake(DuckLakeCredentials("lake", catalog=catalog, storage=storage))


@contextmanager
def in_delta(folder: Path) -> Iterator[Warehouse]:
    from tests.support.servers.extensions import install_extensions

    install_extensions()
    yield Warehouse(lake(f"file://{folder}/lake", "delta"), has_nested_lists=True)


@contextmanager
def in_iceberg(folder: Path) -> Iterator[Warehouse]:
    """Without a catalog: dlt finds the newest metadata."""
    from tests.support.servers.extensions import install_extensions

    install_extensions()
    yield Warehouse(lake(f"file://{folder}/lake", "iceberg"), has_nested_lists=True)


@contextmanager
def in_delta_on_s3(folder: Path) -> Iterator[Warehouse]:
    del folder
    yield Warehouse(_on_s3("delta"), has_nested_lists=True)


@contextmanager
def in_iceberg_on_s3(folder: Path) -> Iterator[Warehouse]:
    """The catalog is in PostgreSQL."""
    del folder
    from tests.support.servers.postgres import postgres
    from tests.support.servers.seaweedfs import bucket_url, s3_for_iceberg

    with iceberg_catalog(postgres(new_name()), bucket_url(new_name()), s3_for_iceberg()):
        yield Warehouse(_on_s3("iceberg"), has_nested_lists=True)


def _on_s3(table_format: str) -> Any:
    from tests.support.servers.extensions import install_extensions
    from tests.support.servers.seaweedfs import bucket_url, s3_credentials, seaweedfs

    install_extensions()
    credentials = AwsCredentials(**s3_credentials(seaweedfs()))
    return lake(bucket_url(new_name()), table_format, credentials=credentials)


@contextmanager
def iceberg_catalog(
    address: str, warehouse: str, storage: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Make dlt use an Iceberg catalog in a PostgreSQL database."""
    uri = address.replace("postgresql:", "postgresql+psycopg2:")
    config = {"type": "sql", "uri": uri, "warehouse": warehouse, **(storage or {})}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICEBERG_CATALOG__ICEBERG_CATALOG_NAME", "lake")
        patch.setenv("ICEBERG_CATALOG__ICEBERG_CATALOG_CONFIG", json.dumps(config))
        yield


@contextmanager
def in_sqlite(folder: Path) -> Iterator[Warehouse]:
    yield Warehouse(dlt.destinations.sqlalchemy(f"sqlite:///{folder}/warehouse.sqlite"))


@contextmanager
def in_mariadb(folder: Path) -> Iterator[Warehouse]:
    del folder
    from tests.support.servers.mariadb import mariadb

    yield Warehouse(dlt.destinations.sqlalchemy(mariadb(new_name())), most_bytes=65_535)


@contextmanager
def in_redshift(folder: Path) -> Iterator[Warehouse]:
    del folder
    from tests.support.servers.postgres import postgres
    from tests.support.standins.redshift import redshift_on

    address = postgres(new_name())
    with redshift_on(address):
        destination = dlt.destinations.redshift(address)
        yield Warehouse(destination, parses_json=True, most_bytes=65_535)


@contextmanager
def in_clickhouse(folder: Path) -> Iterator[Warehouse]:
    pytest.importorskip("chdb")
    from tests.support.standins.clickhouse import clickhouse_in

    with clickhouse_in(folder / "clickhouse"):
        address = "clickhouse://loader:loader@nowhere.invalid:9000/tests"
        yield Warehouse(dlt.destinations.clickhouse(address), has_narrow_dates=True)


@contextmanager
def in_snowflake(folder: Path) -> Iterator[Warehouse]:
    del folder
    pytest.importorskip("fakesnow", reason=why_missing("snowflake"))
    from tests.support.standins.snowflake import snowflake

    with snowflake() as destination:
        yield Warehouse(destination)


@contextmanager
def in_bigquery(folder: Path) -> Iterator[Warehouse]:
    del folder
    pytest.importorskip("google.cloud.bigquery")
    from tests.support.standins.bigquery import bigquery_emulated

    with bigquery_emulated() as destination:
        yield Warehouse(destination, parses_json=True)


def new_name() -> str:
    """Return a name that no other test uses on a shared server."""
    return f"t{uuid.uuid4().hex[:12]}"


MakesWarehouse = Callable[[Path], AbstractContextManager[Warehouse]]

MAKERS: Final[dict[str, MakesWarehouse]] = {
    "duckdb": in_duckdb,
    "postgres": in_postgres,
    "ducklake": in_ducklake,
    "ducklake on S3": in_ducklake_on_s3,
    "clickhouse": in_clickhouse,
    "redshift": in_redshift,
    "sqlite": in_sqlite,
    "mariadb": in_mariadb,
    "delta": in_delta,
    "iceberg": in_iceberg,
    "delta on S3": in_delta_on_s3,
    "iceberg on S3": in_iceberg_on_s3,
    "bigquery": in_bigquery,
    "snowflake": in_snowflake,
}
_LONG: Final = {"bigquery", "snowflake"}
"""Destinations that need an environment of their own."""


def at(*names: str) -> pytest.MarkDecorator:
    """Run a test at these destinations, in the argument `make_warehouse`.

    `make test` has DuckDB only.
    """
    return pytest.mark.parametrize("make_warehouse", [_parameter(name) for name in names])


def _parameter(name: str) -> Any:
    tiers = [] if name == "duckdb" else [pytest.mark.integration]
    tiers += [pytest.mark.long] if name in _LONG else []
    return pytest.param(MAKERS[name], id=name, marks=tiers)
