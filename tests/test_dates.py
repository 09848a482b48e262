"""Dates: which text is an instant or a day, independent of other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dlt
import duckdb
import psycopg2
import pytest

from contentstack_source.schema import DestinationTable
from contentstack_source.simulator import Stack
from contentstack_source.transform import dates
from tests import oracle_dates
from tests.date_examples import DAYS, INSTANTS, NO_DAYS, OTHERS
from tests.destinations import Warehouse, in_clickhouse, in_duckdb, in_postgres, in_sqlite, new_name
from tests.harness import Job, MakesJob
from tests.servers.postgres import postgres

Load = Callable[..., Any]

TITLE = {"uid": "title", "data_type": "text"}
DATE = {"uid": "f", "data_type": "isodate"}
DAY = {"uid": "f", "data_type": "isodate", "field_metadata": {"hide_time": True}}
FORMS = (*INSTANTS, *OTHERS)
DAY_FORMS = (*DAYS, *NO_DAYS)


@pytest.fixture(params=["UTC", "America/New_York", "Pacific/Kiritimati"])
def session(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that reads rows one after the other, with a time zone."""
    with duckdb.connect() as con:
        con.execute(f"SET threads = 1; SET TimeZone = '{request.param}'")
        yield con


def read(con: duckdb.DuckDBPyConnection, value: str, texts: tuple[str, ...]) -> list[Any]:
    rows = con.execute(f"SELECT {value} FROM (SELECT unnest($1) AS x)", [list(texts)]).fetchall()
    return [row[0] for row in rows]


def pairs(forms: tuple[str, ...]) -> tuple[str, ...]:
    """Return all forms in an order in which each comes before and after each other."""
    return tuple(text for left in forms for right in forms for text in (left, right))


def microseconds(iso: str | None) -> int | None:
    if iso is None:
        return None
    since = datetime.fromisoformat(iso) - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds


def test_a_value_is_the_same_instant_beside_every_other_value(
    session: duckdb.DuckDBPyConnection,
) -> None:
    texts = pairs(FORMS)
    found = read(session, f"epoch_us({dates.instant('x')})", texts)
    wanted = {text: microseconds(INSTANTS.get(text)) for text in FORMS}
    assert dict(zip(texts, found, strict=True)) == wanted
    assert found == [wanted[text] for text in texts]


def test_a_value_is_the_same_day_beside_every_other_value(
    session: duckdb.DuckDBPyConnection,
) -> None:
    texts = pairs(DAY_FORMS)
    found = read(session, f"CAST({dates.day('x')} AS VARCHAR)", texts)
    assert found == [DAYS.get(text) for text in texts]


def columns_of_f(row: dict[str, Any]) -> dict[str, Any]:
    """Return the field `f` as text, by column."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
        if name.startswith("f") and value is not None
    }


def wanted_of(text: str, known: dict[str, str]) -> dict[str, str]:
    return {"f": known[text]} if text in known else {"f__v_text": text}


@pytest.mark.parametrize(
    ("schema", "data_type", "known", "forms"),
    [
        (DATE, "timestamp", INSTANTS, FORMS),
        (DAY, "date", DAYS, DAY_FORMS),
    ],
    ids=["with time", "without time"],
)
def test_no_date_is_lost_and_none_depends_on_the_others_of_a_load(
    loaded: Load,
    schema: dict[str, Any],
    data_type: str,
    known: dict[str, str],
    forms: tuple[str, ...],
) -> None:
    texts = pairs(forms)
    found = loaded(*({"f": text} for text in texts), schema=[schema])
    assert found.types["blog"] | {"f": data_type, "f__v_text": "text"} == found.types["blog"]
    rows = {row["uid"]: columns_of_f(row) for row in found.rows["blog"]}
    assert rows == {f"e{n}": wanted_of(text, known) for n, text in enumerate(texts)}
    assert found.drift.variants == {"blog.f__v_text": sum(text not in known for text in texts)}


@pytest.mark.parametrize(
    ("schema", "known", "forms"),
    [(DATE, INSTANTS, FORMS), (DAY, DAYS, DAY_FORMS)],
    ids=["with time", "without time"],
)
def test_lists_of_dates_follow_the_same_rules(
    loaded: Load, schema: dict[str, Any], known: dict[str, str], forms: tuple[str, ...]
) -> None:
    found = loaded({"f": list(forms)}, schema=[{**schema, "multiple": True}])
    rows = {row["_dlt_list_idx"]: row for row in found.rows["blog__f"]}
    for number, text in enumerate(forms):
        row = {f"f{name[5:]}": each for name, each in rows[number].items() if name[:5] == "value"}
        assert columns_of_f(row) == wanted_of(text, known), text


def test_a_sync_loads_every_form_as_if_it_were_alone(make_job: MakesJob) -> None:
    stack = Stack()
    stack.create_content_type("blog", [TITLE, DATE, {**DAY, "uid": "day"}])
    for number, text in enumerate(FORMS):
        stack.publish_entry("blog", f"e{number}", {"title": text, "f": text}, "en-us")
    for number, text in enumerate(DAY_FORMS):
        stack.publish_entry("blog", f"d{number}", {"title": text, "day": text}, "en-us")
    job = make_job(stack)
    job.sync()
    instants = job.rows("SELECT title, epoch_us(f), f__v_text FROM blog WHERE uid LIKE 'e%'")
    assert {text: tuple(values) for text, *values in instants} == {
        text: (microseconds(INSTANTS.get(text)), None if text in INSTANTS else text)
        for text in FORMS
    }
    days = job.rows("SELECT title, CAST(day AS TEXT), day__v_text FROM blog WHERE uid LIKE 'd%'")
    assert {text: tuple(values) for text, *values in days} == {
        text: (DAYS.get(text), None if text in DAYS else text) for text in DAY_FORMS
    }


@pytest.mark.parametrize("text", [text for text in FORMS if text[10:11] in {"T", "t"}])
def test_an_unknown_field_holds_instants_or_keeps_the_text(loaded: Load, text: str) -> None:
    found = loaded({"f": text}, schema=[])
    if found.types["blog"]["f"] == "text":
        assert columns_of_f(found.row("blog")) == {"f": text}
    else:
        assert found.types["blog"]["f"] == "timestamp"
        assert columns_of_f(found.row("blog")) == wanted_of(text, INSTANTS)


@pytest.mark.parametrize(
    ("text", "data_type"),
    [
        ("2021-11-01T10:30Z", "timestamp"),
        ("2026-03-15T09:00:00.123456999Z", "timestamp"),
        ("2026-03-15T09:00:00+02", "timestamp"),
        ("9999-12-31T23:59:59.999Z", "timestamp"),
        ("2026-03-15T09:00:00", "text"),
        ("2026-03-15", "text"),
        ("2026-03-15 09:00:00Z", "text"),
        ("2026-03-15T24:00:00Z", "text"),
    ],
)
def test_text_of_an_unknown_field_becomes_a_timestamp_only_with_date_time_and_zone(
    loaded: Load, text: str, data_type: str
) -> None:
    assert loaded({"f": text}, schema=[]).types["blog"]["f"] == data_type


def test_a_timestamp_column_stays_one_when_the_field_hides_the_time(
    loaded: Load,
) -> None:
    existing = {"blog": DestinationTable({"f": "timestamp"})}
    found = loaded({"f": "2026-03-15"}, schema=[DAY], existing=existing)
    assert found.types["blog"]["f"] == "timestamp"
    assert columns_of_f(found.row("blog")) == {"f": "2026-03-15T00:00:00+00:00"}


def test_a_date_column_stays_one_when_the_field_shows_the_time(
    loaded: Load,
) -> None:
    existing = {"blog": DestinationTable({"f": "date"})}
    texts = ["2026-03-15", "2026-03-15T09:00:00Z"]
    found = loaded(*({"f": text} for text in texts), schema=[DATE], existing=existing)
    assert found.types["blog"]["f"] == "date"
    assert [columns_of_f(row) for row in found.rows["blog"]] == [
        {"f": texts[0]},
        {"f__v_text": texts[1]},
    ]


@pytest.mark.parametrize(
    ("value", "column"), [(5, "f__v_bigint"), (1.5, "f__v_double"), (True, "f__v_bool")]
)
def test_a_value_of_another_type_is_kept_beside_a_date_column(
    loaded: Load, value: object, column: str
) -> None:
    found = loaded({"f": [value]}, schema=[{**DAY, "multiple": True}])
    name = column.replace("f", "value", 1)
    assert found.column("blog__f", name) == [value]


def test_an_empty_field_is_a_date_if_it_hides_the_time(loaded: Load) -> None:
    assert loaded({}, schema=[DAY]).types["blog"]["f"] == "date"


def test_one_unreadable_date_of_a_content_type_leaves_the_others_readable(
    make_job: MakesJob,
) -> None:
    stack = Stack()
    for uid in ("a", "b", "c"):
        stack.create_content_type(uid, [DATE])
    stack.content_types["a"]["created_at"] = "2019-05-01 10:00:00 America/New_York"
    stack.content_types["b"]["created_at"] = "2026-03-15T09:00:00"
    stack.content_types["c"]["created_at"] = "2021-11-01T10:30Z"
    job = make_job(stack)
    job.sync()
    rows = job.rows("SELECT uid, epoch_us(created_at), updated_at IS NULL FROM content_types")
    assert sorted(rows) == [
        ("a", None, False),
        ("b", microseconds("2026-03-15T09:00:00+00:00"), False),
        ("c", microseconds("2021-11-01T10:30:00+00:00"), False),
    ]


@pytest.mark.parametrize("text", FORMS)
def test_the_oracle_reads_the_same_instants(text: str) -> None:
    found = oracle_dates.instant(text)
    assert (found and found.isoformat()) == INSTANTS.get(text)


@pytest.mark.parametrize("text", DAY_FORMS)
def test_the_oracle_reads_the_same_days(text: str) -> None:
    found = oracle_dates.day(text)
    assert (found and found.isoformat()) == DAYS.get(text)


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
