"""Dates, end to end: every form arrives as if it were alone."""

from __future__ import annotations

from contentstack_source.simulator import Stack
from tests.support.date_examples import (
    DATE,
    DAY,
    DAY_FORMS,
    DAYS,
    FORMS,
    INSTANTS,
    TITLE,
    microseconds,
)
from tests.support.harness import MakesJob


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
