"""Dates in soft-deleted rows, which are read back from the destination."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import psycopg2
import pytest

from contentstack_source.simulator import Stack
from tests.support.date_examples import (
    DATE,
    DAY,
    DAYS,
    FORMS,
    NO_DAYS,
    TITLE,
)
from tests.support.harness import Job, MakesJob
from tests.support.servers.postgres import postgres
from tests.support.warehouses import (
    Warehouse,
    in_clickhouse,
    in_duckdb,
    in_postgres,
    in_sqlite,
    new_name,
)


@contextmanager
def in_postgres_far_from_utc(folder: Path) -> Iterator[Warehouse]:
    """A database with sessions 14 hours ahead of UTC."""
    del folder
    address = postgres(new_name())
    database = address.rsplit("/", 1)[1]
    with psycopg2.connect(address) as con, con.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {database} SET timezone TO 'Pacific/Kiritimati'")
    con.close()
    yield Warehouse(dlt.destinations.postgres(address), parses_json=True)


SOFT_DELETED_AT = {
    "duckdb": in_duckdb,
    "postgres": in_postgres,
    "postgres far from UTC": in_postgres_far_from_utc,
    "sqlite": in_sqlite,
    "clickhouse": in_clickhouse,
}


# A warning of SQLAlchemy about dlt's SQL of a merge.
@pytest.mark.filterwarnings("ignore:implicitly coercing SELECT object")
@pytest.mark.parametrize("name", SOFT_DELETED_AT)
def test_dates_of_every_form_are_preserved_in_soft_deleted_rows(
    make_job: MakesJob, name: str
) -> None:
    stack = Stack()
    stack.create_content_type("blog", [TITLE, DATE, {**DAY, "uid": "day"}])
    days = [*DAYS, *NO_DAYS]
    for number, text in enumerate(FORMS):
        fields = {"title": text, "f": text, "day": days[number % len(days)]}
        stack.publish_entry("blog", f"e{number}", fields, "en-us")
    job = make_job(stack, SOFT_DELETED_AT[name], DELETES="soft")
    job.sync()
    before = dates_at(job)
    stack.delete_content_type("blog")
    job.sync()
    assert job.rows("SELECT count(*) FROM blog WHERE deleted_at IS NULL") == [(0,)]
    assert len(before) == len(FORMS)
    assert dates_at(job) == before


def dates_at(job: Job) -> list[tuple[Any, ...]]:
    columns = "uid, CAST(f AS TEXT), f__v_text, CAST(day AS TEXT), day__v_text"
    return sorted(job.rows(f"SELECT {columns} FROM blog"))
