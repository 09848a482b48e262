"""Dates that ClickHouse's types do not hold."""

from __future__ import annotations

from typing import Any

from contentstack_source.simulator import Stack
from tests.support.harness import MakesJob
from tests.support.warehouses import in_clickhouse


def test_clickhouse_keeps_dates_out_of_range_as_text_beside_the_column(make_job: MakesJob) -> None:
    stack = Stack()
    day = {"uid": "day", "data_type": "isodate", "field_metadata": {"hide_time": True}}
    schema: list[dict[str, Any]] = [{"uid": "ends_at", "data_type": "isodate"}, day]
    stack.create_content_type("blog", schema)
    for uid, moment in {
        "in": "2299-12-31T23:59:59.999Z",
        "out": "9999-12-31T23:59:59.999Z",
    }.items():
        stack.publish_entry("blog", uid, {"ends_at": moment, "day": "2149-06-06"}, "en-us")
    stack.publish_entry("blog", "born", {"ends_at": "1900-01-01", "day": "1969-12-31"}, "en-us")
    job = make_job(stack, in_clickhouse)
    summary = job.sync()
    assert summary.variants == {"blog.ends_at__v_text": 1, "blog.day__v_text": 1}
    columns = "uid, CAST(ends_at AS TEXT), ends_at__v_text, CAST(day AS TEXT), day__v_text"
    assert sorted(job.rows(f"SELECT {columns} FROM blog")) == [
        ("born", "1900-01-01 00:00:00.000000", None, None, "1969-12-31"),
        ("in", "2299-12-31 23:59:59.999000", None, "2149-06-06", None),
        ("out", None, "9999-12-31T23:59:59.999Z", "2149-06-06", None),
    ]
