"""Where the tables can be: each destination made ready for one test, and cleared away after it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.configuration.specs import AwsCredentials
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials

from tests.servers.extensions import install_extensions
from tests.servers.mariadb import mariadb
from tests.servers.postgres import postgres
from tests.servers.seaweedfs import bucket_url, s3_credentials, seaweedfs
from tests.standins.redshift import redshift_on


@dataclass(frozen=True)
class Place:
    """A destination for one test.

    Attributes:
        destination: a destination of dlt.
        parses_json: its driver returns JSON as Python values.
        most_bytes: the longest text that a column takes.
    """

    destination: Any
    parses_json: bool = False
    most_bytes: int = 1_000_000


@contextmanager
def in_duckdb(folder: Path) -> Iterator[Place]:
    yield Place(dlt.destinations.duckdb(str(folder / "warehouse.duckdb")))


@contextmanager
def in_postgres(folder: Path) -> Iterator[Place]:
    del folder
    yield Place(dlt.destinations.postgres(postgres(new_name())), parses_json=True)


@contextmanager
def in_ducklake(folder: Path) -> Iterator[Place]:
    """Its catalog in PostgreSQL, its files beside it."""
    yield Place(_ducklake(f"file://{folder}/files"))


@contextmanager
def in_ducklake_on_s3(folder: Path) -> Iterator[Place]:
    """Its catalog in PostgreSQL, its files in a bucket."""
    del folder
    credentials = AwsCredentials(**s3_credentials(seaweedfs()))
    storage = FilesystemConfiguration(bucket_url(new_name()), credentials)
    yield Place(_ducklake(storage))


def _ducklake(storage: str | FilesystemConfiguration) -> Any:
    install_extensions()
    catalog = postgres(new_name())
    return dlt.destinations.ducklake(DuckLakeCredentials("lake", catalog=catalog, storage=storage))


@contextmanager
def in_sqlite(folder: Path) -> Iterator[Place]:
    yield Place(dlt.destinations.sqlalchemy(f"sqlite:///{folder}/warehouse.sqlite"))


@contextmanager
def in_mariadb(folder: Path) -> Iterator[Place]:
    del folder
    yield Place(dlt.destinations.sqlalchemy(mariadb(new_name())), most_bytes=65_535)


@contextmanager
def in_redshift(folder: Path) -> Iterator[Place]:
    del folder
    address = postgres(new_name())
    with redshift_on(address):
        destination = dlt.destinations.redshift(address)
        yield Place(destination, parses_json=True, most_bytes=65_535)


@contextmanager
def in_clickhouse(folder: Path) -> Iterator[Place]:
    pytest.importorskip("chdb")
    from tests.standins.clickhouse import clickhouse_in

    with clickhouse_in(folder / "clickhouse"):
        address = "clickhouse://loader:loader@nowhere.invalid:9000/tests"
        yield Place(dlt.destinations.clickhouse(address))


def new_name() -> str:
    """Return a name that no other test uses, on a server shared with all."""
    return f"t{uuid.uuid4().hex[:12]}"


Makes = Callable[[Path], AbstractContextManager[Place]]

TIER_ONE: dict[str, Makes] = {
    "duckdb": in_duckdb,
    "postgres": in_postgres,
    "ducklake": in_ducklake,
    "ducklake on S3": in_ducklake_on_s3,
}
TIER_TWO: dict[str, Makes] = {
    "clickhouse": in_clickhouse,
    "redshift": in_redshift,
    "sqlite": in_sqlite,
}
SLOW: dict[str, Makes] = {
    "mariadb": in_mariadb,
}
