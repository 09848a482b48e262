"""Dates that a destination's types do not hold are kept beside their column, and counted."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pyarrow as pa
from dlt.common.normalizers.naming.snake_case import NamingConvention

from contentstack_source.naming import Names
from contentstack_source.schema import RowBatch, SchemaDrift
from contentstack_source.transform.date_ranges import dates_aside

NAMES = Names(NamingConvention())
RANGES = {
    "timestamp": (
        datetime(1900, 1, 1, tzinfo=timezone.utc),
        datetime(2299, 12, 31, tzinfo=timezone.utc),
    ),
    "date": (date(1970, 1, 1), date(2149, 6, 6)),
}
MOMENT = pa.timestamp("us", "UTC")


def instants(*texts: str | None) -> pa.Array:
    return pa.array([text and datetime.fromisoformat(text + "+00:00") for text in texts], MOMENT)


def rows(**columns: pa.Array) -> RowBatch:
    kinds = {pa.string(): "text", pa.date32(): "date", MOMENT: "timestamp"}
    types = {name: kinds[column.type] for name, column in columns.items()}
    return RowBatch("blog", pa.table(columns), types)


def test_only_dates_out_of_range_are_kept_as_text_beside_the_column() -> None:
    found = SchemaDrift()
    ends = instants(
        "0001-01-01T00:00:00",
        "1900-01-01T00:00:00",
        None,
        "9999-12-31T23:59:59.999000",
        "9999-12-31T23:59:59.999999",
    )
    born = pa.array([date(1, 1, 1), date(1970, 1, 1), None, date(2149, 6, 7), date(2149, 6, 6)])
    fitting = dates_aside(rows(ends=ends, born=born), RANGES, NAMES, found)
    assert fitting.data.to_pydict() == {
        "ends": [None, datetime(1900, 1, 1, tzinfo=timezone.utc), None, None, None],
        "born": [None, date(1970, 1, 1), None, None, date(2149, 6, 6)],
        "ends__v_text": [
            "0001-01-01T00:00:00.000Z",
            None,
            None,
            "9999-12-31T23:59:59.999Z",
            "9999-12-31T23:59:59.999999Z",
        ],
        "born__v_text": ["0001-01-01", None, None, "2149-06-07", None],
    }
    assert fitting.types["ends__v_text"] == fitting.types["born__v_text"] == "text"
    assert found.variants == {"blog.ends__v_text": 3, "blog.born__v_text": 2}


def test_an_existing_variant_column_keeps_its_values() -> None:
    given = rows(ends=instants(None, "9999-12-31T00:00:00"), ends__v_text=pa.array(["soon", None]))
    fitting = dates_aside(given, RANGES, NAMES, SchemaDrift())
    assert fitting.data.to_pydict() == {
        "ends": [None, None],
        "ends__v_text": ["soon", "9999-12-31T00:00:00.000Z"],
    }


def test_event_at_and_dates_in_range_stay() -> None:
    given = rows(event_at=instants("9999-12-31T00:00:00"), ends=instants("2026-03-15T00:00:00"))
    assert dates_aside(given, RANGES, NAMES, SchemaDrift()) is given
