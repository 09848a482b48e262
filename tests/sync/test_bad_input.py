"""Bad input, end to end: no item stops the run, no value is lost without a report."""

from __future__ import annotations

import pytest

from contentstack_source.errors import InvalidResponseError
from contentstack_source.runs.summary import odd_lines
from contentstack_source.simulator import Stack
from tests.support.harness import Job

AT = "2026-02-01T00:00:00.000Z"


@pytest.fixture
def stack() -> Stack:
    return Stack()


def test_rejected_items_are_in_sync_rejects_and_in_the_summary(job: Job) -> None:
    job.stack.create_content_type("blog", [{"uid": "title", "data_type": "text"}])
    job.stack.publish_entry("blog", "good", {"title": "Good"})
    item = {"type": "entry_published", "event_at": AT, "content_type_uid": "blog"}
    job.stack.emit_raw({**item, "type": "entry_archived", "data": {"uid": "a", "locale": "x"}})
    job.stack.emit_raw({**item, "data": {"locale": "en-us"}})
    job.stack.emit_raw({**item, "data": {"uid": "b"}})
    job.stack.emit_raw({**item, "event_at": "soon", "data": {"uid": "c", "locale": "en-us"}})
    summary = job.run()
    reasons = job.rows("SELECT reason, item->>'$.data.uid' FROM sync_rejects ORDER BY reason")
    assert reasons == [
        ("invalid_event_at", "c"),
        ("missing_locale", "b"),
        ("missing_uid", None),
        ("unknown_event_type", "a"),
    ]
    assert summary.rejects == 4
    assert "4 items could not be understood: see sync_rejects." in odd_lines(summary)
    assert job.rows("SELECT uid FROM blog") == [("good",)]


def test_the_instant_format_of_the_vendors_page_is_parsed(job: Job) -> None:
    item = {"type": "entry_published", "event_at": "2017-11-23T00:00:000Z"}
    data = {"uid": "1", "locale": "en-us", "title": "My First Blog"}
    job.stack.emit_raw({**item, "content_type_uid": "Blog", "data": data})
    job.run()
    ((at, title),) = job.rows("SELECT event_at, title FROM blog")
    assert (at.isoformat(), title) == ("2017-11-23T00:00:00+00:00", "My First Blog")


def test_content_types_whose_names_collide_get_separate_tables(job: Job) -> None:
    uids = (
        "sub_navigation",
        "Sub_Navigation",
        "sub-navigation",
        "entries",
        "sync_events",
        "_dlt_x",
    )
    for uid in uids:
        job.stack.create_content_type(uid, [{"uid": "title", "data_type": "text"}])
        job.stack.publish_entry(uid, "e", {"title": f"of {uid}"})
    job.run()
    tables = dict(job.rows("SELECT uid, table_name FROM content_types"))
    assert len(set(tables.values())) == len(uids)
    assert tables["sub_navigation"] == "sub_navigation"
    for uid in uids:
        assert job.rows(f'SELECT title FROM "{tables[uid]}"') == [(f"of {uid}",)]
    job.assert_equal()
    job.stack.publish_entry("Sub_Navigation", "f", {"title": "later"})
    job.run()
    assert dict(job.rows("SELECT uid, table_name FROM content_types")) == tables


def test_unknown_fields_and_mismatched_values_are_kept_and_reported(job: Job) -> None:
    fields = [{"uid": "price", "data_type": "number"}, {"uid": "day", "data_type": "isodate"}]
    job.stack.create_content_type("product", fields)
    job.stack.publish_entry("product", "a", {"price": 9.5, "day": "2026-01-31", "extra": 7})
    job.stack.publish_entry("product", "b", {"price": "on request", "day": "tomorrow"})
    summary = job.run()
    rows = job.rows(
        "SELECT price, price__v_text, day::DATE::VARCHAR, day__v_text, extra"
        " FROM product ORDER BY uid"
    )
    assert rows == [
        (9.5, None, "2026-01-31", None, 7),
        (None, "on request", None, "tomorrow", None),
    ]
    assert summary.unknown == {"product.extra": 1}
    assert summary.variants == {"product.price__v_text": 1, "product.day__v_text": 1}
    assert len(odd_lines(summary)) == 2


@pytest.mark.parametrize("switch", ["both_tokens", "no_token"])
def test_a_page_with_both_tokens_or_none_fails_and_the_next_run_continues(
    job: Job, switch: str
) -> None:
    job.stack.create_content_type("blog", [{"uid": "title", "data_type": "text"}])
    job.stack.publish_entry("blog", "good", {"title": "Good"})
    setattr(job.behavior, switch, True)
    with pytest.raises(InvalidResponseError) as failure:
        job.run()
    assert failure.value.exit_code == 1
    setattr(job.behavior, switch, False)
    job.run()
    job.assert_equal()


def test_names_like_sql_are_treated_as_names(job: Job) -> None:
    nasty = "x'); DROP TABLE entries; --"
    quoted = 'a"b"; SELECT 1'
    job.stack.create_content_type(nasty, [{"uid": quoted, "data_type": "text"}])
    value = "'; DELETE FROM entries; --"
    job.stack.publish_entry(nasty, "e' OR '1'='1", {quoted: value}, "en-us' --")
    job.run()
    ((table,),) = job.rows("SELECT table_name FROM content_types")
    assert value in job.rows(f'SELECT * FROM "{table}"')[0]
    job.stack.unpublish_entry(nasty, "e' OR '1'='1", "en-us' --")
    job.run()
    assert job.rows(f'SELECT count(*) FROM "{table}"') == [(0,)]
