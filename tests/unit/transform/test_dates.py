"""Dates: which text is an instant or a day, independent of other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from contentstack_source.schema import DestinationTable
from contentstack_source.transform import dates
from tests.support import oracle_dates
from tests.support.date_examples import (
    DATE,
    DAY,
    DAY_FORMS,
    DAYS,
    FORMS,
    INSTANTS,
    columns_of_f,
    microseconds,
    wanted_of,
)

Load = Callable[..., Any]


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


@pytest.mark.parametrize("text", FORMS)
def test_the_oracle_reads_the_same_instants(text: str) -> None:
    found = oracle_dates.instant(text)
    assert (found and found.isoformat()) == INSTANTS.get(text)


@pytest.mark.parametrize("text", DAY_FORMS)
def test_the_oracle_reads_the_same_days(text: str) -> None:
    found = oracle_dates.day(text)
    assert (found and found.isoformat()) == DAYS.get(text)
