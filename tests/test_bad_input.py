"""Bad input, end to end: no item stops the run, no value is lost without a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.errors import InvalidResponseError
from contentstack_source.runs import run
from contentstack_source.runs.summary import RunSummary, odd_lines
from contentstack_source.simulator import Behavior, Stack, serve
from tests.oracle import assert_equal

AT = "2026-02-01T00:00:00.000Z"


@dataclass
class Loading:
    """A stack of one test, and the run that loads it."""

    stack: Stack
    behavior: Behavior
    target: Target
    file: str

    def sync(self) -> RunSummary:
        return run.sync(self.target)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.file, read_only=True) as con:
            con.execute("SET search_path = 'contentstack'; SET TimeZone = 'UTC'")
            return con.execute(sql).fetchall()


@pytest.fixture
def loading(tmp_path: Path, configure: Any) -> Iterator[Loading]:
    import dlt

    stack, behavior = Stack(), Behavior()
    file = str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack, behavior) as server:
        configure(stack, server)
        yield Loading(stack, behavior, target, file)


def test_rejected_items_are_in_sync_rejects_and_in_the_summary(loading: Loading) -> None:
    loading.stack.create_content_type("blog", [{"uid": "title", "data_type": "text"}])
    loading.stack.publish_entry("blog", "good", {"title": "Good"})
    item = {"type": "entry_published", "event_at": AT, "content_type_uid": "blog"}
    loading.stack.emit_raw({**item, "type": "entry_archived", "data": {"uid": "a", "locale": "x"}})
    loading.stack.emit_raw({**item, "data": {"locale": "en-us"}})
    loading.stack.emit_raw({**item, "data": {"uid": "b"}})
    loading.stack.emit_raw({**item, "event_at": "soon", "data": {"uid": "c", "locale": "en-us"}})
    summary = loading.sync()
    reasons = loading.rows("SELECT reason, item->>'$.data.uid' FROM sync_rejects ORDER BY reason")
    assert reasons == [
        ("invalid_event_at", "c"),
        ("missing_locale", "b"),
        ("missing_uid", None),
        ("unknown_event_type", "a"),
    ]
    assert summary.rejects == 4
    assert "4 items could not be understood: see sync_rejects." in odd_lines(summary)
    assert loading.rows("SELECT uid FROM blog") == [("good",)]


def test_the_instant_format_of_the_vendors_page_is_parsed(loading: Loading) -> None:
    item = {"type": "entry_published", "event_at": "2017-11-23T00:00:000Z"}
    data = {"uid": "1", "locale": "en-us", "title": "My First Blog"}
    loading.stack.emit_raw({**item, "content_type_uid": "Blog", "data": data})
    loading.sync()
    ((at, title),) = loading.rows("SELECT event_at, title FROM blog")
    assert (at.isoformat(), title) == ("2017-11-23T00:00:00+00:00", "My First Blog")


def test_content_types_whose_names_collide_get_separate_tables(loading: Loading) -> None:
    uids = (
        "sub_navigation",
        "Sub_Navigation",
        "sub-navigation",
        "entries",
        "sync_events",
        "_dlt_x",
    )
    for uid in uids:
        loading.stack.create_content_type(uid, [{"uid": "title", "data_type": "text"}])
        loading.stack.publish_entry(uid, "e", {"title": f"of {uid}"})
    loading.sync()
    tables = dict(loading.rows("SELECT uid, table_name FROM content_types"))
    assert len(set(tables.values())) == len(uids)
    assert tables["sub_navigation"] == "sub_navigation"
    for uid in uids:
        assert loading.rows(f'SELECT title FROM "{tables[uid]}"') == [(f"of {uid}",)]
    assert_equal(loading.file, loading.stack)
    loading.stack.publish_entry("Sub_Navigation", "f", {"title": "later"})
    loading.sync()
    assert dict(loading.rows("SELECT uid, table_name FROM content_types")) == tables


def test_unknown_fields_and_mismatched_values_are_kept_and_reported(loading: Loading) -> None:
    fields = [{"uid": "price", "data_type": "number"}, {"uid": "day", "data_type": "isodate"}]
    loading.stack.create_content_type("product", fields)
    loading.stack.publish_entry("product", "a", {"price": 9.5, "day": "2026-01-31", "extra": 7})
    loading.stack.publish_entry("product", "b", {"price": "on request", "day": "tomorrow"})
    summary = loading.sync()
    rows = loading.rows(
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
    loading: Loading, switch: str
) -> None:
    loading.stack.create_content_type("blog", [{"uid": "title", "data_type": "text"}])
    loading.stack.publish_entry("blog", "good", {"title": "Good"})
    setattr(loading.behavior, switch, True)
    with pytest.raises(InvalidResponseError) as failure:
        loading.sync()
    assert failure.value.exit_code == 1
    setattr(loading.behavior, switch, False)
    loading.sync()
    assert_equal(loading.file, loading.stack)


def test_names_like_sql_are_treated_as_names(loading: Loading) -> None:
    nasty = "x'); DROP TABLE entries; --"
    quoted = 'a"b"; SELECT 1'
    loading.stack.create_content_type(nasty, [{"uid": quoted, "data_type": "text"}])
    value = "'; DELETE FROM entries; --"
    loading.stack.publish_entry(nasty, "e' OR '1'='1", {quoted: value}, "en-us' --")
    loading.sync()
    ((table,),) = loading.rows("SELECT table_name FROM content_types")
    assert value in loading.rows(f'SELECT * FROM "{table}"')[0]
    loading.stack.unpublish_entry(nasty, "e' OR '1'='1", "en-us' --")
    loading.sync()
    assert loading.rows(f'SELECT count(*) FROM "{table}"') == [(0,)]
