"""Soft deletes: rows stay, with the time and the event of their delete."""

from __future__ import annotations

from datetime import timezone
from typing import Any

import pytest

from contentstack_source.errors import SettingsError, TooManyDeletionsError
from contentstack_source.runs import run
from contentstack_source.settings import parse_settings
from contentstack_source.simulator import Behavior
from tests.support.harness import Job, MakesJob
from tests.support.small_stack import MODELS, filled_stack
from tests.support.snapshots import differences, snapshot_of
from tests.support.warehouses import MakesWarehouse, at

GONE = "deleted_at IS NOT NULL"


def soft_deleted(job: Job, table: str = "entries") -> dict[tuple[str, ...], str]:
    """Return the soft-deleted keys of a table, with `deleted_by`."""
    key = "content_type_uid, uid, locale" if table == "entries" else "uid, locale"
    rows = job.rows(f"SELECT {key}, deleted_by FROM {table} WHERE {GONE}")
    return {tuple(row[:-1]): row[-1] for row in rows}


def last_event(job: Job, event_type: str) -> str:
    found = [each.event_at for each in job.stack.events() if each.type == event_type]
    return found[-1].replace("Z", "000+00:00")


@at("duckdb", "postgres")
def test_soft_deleted_rows_keep_their_values_and_are_undeleted_when_published_again(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    job = make_job(filled_stack(), make_warehouse, DELETES="soft")
    job.sync()
    before = snapshot_of(job.warehouse)
    job.stack.unpublish_entry("author", "e1", "en-us")
    job.stack.delete_entry("author", "e2")
    job.stack.delete_content_type("article")
    job.stack.unpublish_asset("a1", "de-de")
    job.sync()
    by = {("author", "e1", "en-us"): "entry_unpublished"}
    by |= {("author", "e2", locale): "entry_deleted" for locale in ("en-us", "de-de")}
    by |= {
        ("article", uid, locale): "content_type_deleted"
        for uid in ("e1", "e2", "e3")
        for locale in ("en-us", "de-de")
    }
    assert soft_deleted(job) == by
    for table in ("article", "author"):
        assert soft_deleted(job, table) == {key[1:]: by[key] for key in by if key[0] == table}
    assert soft_deleted(job, "assets") == {("a1", "de-de"): "asset_unpublished"}
    (moment,) = job.rows(f"SELECT DISTINCT deleted_at FROM article WHERE {GONE}")
    assert moment[0].astimezone(timezone.utc).isoformat() == last_event(job, "content_type_deleted")
    assert values_of(before) == values_of(snapshot_of(job.warehouse))
    for uid, schema in MODELS.items():
        if uid not in job.stack.content_types:
            job.stack.create_content_type(uid, schema)
    job.stack.publish_entry("article", "e1", {"title": "Back", "parts": []}, "en-us")
    job.stack.publish_entry("author", "e2", {"title": "Back"}, "de-de")
    job.sync()
    assert soft_deleted(job).keys() == by.keys() - {
        ("article", "e1", "en-us"),
        ("author", "e2", "de-de"),
    }


def values_of(snapshot: dict[str, Any]) -> dict[str, int]:
    """Return the row count of each table except sync_events and content_types."""
    log_tables = {"sync_events", "content_types"}
    return {table: rows.total() for table, rows in snapshot.items() if table not in log_tables}


@pytest.mark.long
def test_a_soft_deleted_row_has_the_values_of_its_last_publish(make_synced_job: MakesJob) -> None:
    job = make_synced_job(DELETES="soft")
    columns = "title, rating, seo__slug, event_at, publish_details__time, _version, content_locale"
    before = job.rows(f"SELECT {columns} FROM article ORDER BY uid, locale")
    lists = {
        table: rows for table, rows in snapshot_of(job.warehouse).items() if table.count("__") > 0
    }
    job.stack.delete_content_type("article")
    job.sync()
    assert job.rows(f"SELECT {columns} FROM article ORDER BY uid, locale") == before
    after = snapshot_of(job.warehouse)
    assert differences(lists, {table: after[table] for table in lists}) == []


@pytest.mark.long
def test_deleted_by_is_the_first_event_after_the_publish(
    make_synced_job: MakesJob,
) -> None:
    job = make_synced_job(DELETES="soft")
    job.stack.unpublish_entry("author", "e1", "en-us")
    at = last_event(job, "entry_unpublished")
    job.stack.delete_entry("author", "e1")
    job.sync()
    job.stack.delete_content_type("author")
    job.sync()
    query = "SELECT deleted_at, deleted_by FROM author WHERE uid = 'e1' AND locale = 'en-us'"
    (row,) = job.rows(query)
    assert (row[0].astimezone(timezone.utc).isoformat(), row[1]) == (at, "entry_unpublished")


@pytest.mark.integration
def test_an_entry_published_and_deleted_between_two_runs_is_soft_deleted_too(
    make_job: MakesJob,
) -> None:
    job = make_job(filled_stack(), behavior=Behavior(delta="log"), DELETES="soft")
    job.sync()
    job.stack.publish_entry("article", "short", {"title": "S", "tags": ["a"]}, "en-us")
    job.stack.unpublish_entry("article", "short", "en-us")
    job.stack.publish_entry("author", "e1", {"title": "Last words"}, "en-us")
    job.stack.delete_entry("author", "e1")
    job.sync()
    assert soft_deleted(job).keys() == {
        ("article", "short", "en-us"),
        ("author", "e1", "en-us"),
        ("author", "e1", "de-de"),
    }
    titles = job.rows(f"SELECT title FROM author WHERE {GONE} AND locale = 'en-us'")
    assert titles == [("Last words",)]


@pytest.mark.long
def test_an_entry_deleted_without_an_event_is_soft_deleted_until_a_resync_with_hard_deletes(
    make_synced_job: MakesJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_synced_job(DELETES="soft")
    job.stack.delete_entry("author", "e3", "de-de")
    job.stack.tokens.forget()
    assert job.sync().invalid_tokens == 1
    assert soft_deleted(job) == {("author", "e3", "de-de"): "full_sync"}
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELETES", "hard")
    job.stack.delete_entry("author", "e1", "de-de")
    job.sync()
    assert soft_deleted(job) == {("author", "e3", "de-de"): "full_sync"}
    run.resync(job.target)
    assert soft_deleted(job) == {}
    assert job.rows("SELECT count(*) FROM author") == [(4,)]


@pytest.mark.long
def test_soft_deleted_rows_do_not_count_for_max_deleted_share(make_synced_job: MakesJob) -> None:
    job = make_synced_job(DELETES="soft")
    job.stack.delete_content_type("article")
    job.stack.delete_entry("author", "e1")
    job.sync()
    run.resync(job.target)
    for uid in ("e2", "e3"):
        job.stack.delete_entry("author", uid)
    job.stack.tokens.forget()
    with pytest.raises(TooManyDeletionsError, match="4 of 6 rows"):
        run.sync(job.target)


@pytest.mark.long
def test_many_streams_soft_delete_rows_of_a_deleted_type(make_job: MakesJob) -> None:
    job = make_job(filled_stack(), DELETES="soft", PARTITION_BY="content_type")
    job.sync()
    job.stack.publish_entry("article", "e1", {"title": "Last"}, "en-us")
    job.stack.delete_content_type("article")
    job.sync()
    assert set(soft_deleted(job).values()) == {"content_type_deleted"}
    sync_state = run.status(job.target).sync_state
    assert sync_state is not None
    assert sync_state.tokens.keys() == {"author", "sys_assets"}


def test_a_field_called_deleted_at_keeps_its_values(make_job: MakesJob) -> None:
    job = make_job(filled_stack(), DELETES="soft")
    schema = [*MODELS["author"], {"uid": "deleted_at", "data_type": "text"}]
    job.stack.change_content_type("author", schema)
    job.stack.publish_entry("author", "e1", {"title": "T", "deleted_at": "mine"}, "en-us")
    run.sync(job.target)
    query = "SELECT deleted_at, deleted_at_1014de FROM author WHERE title = 'T'"
    assert job.rows(query) == [(None, "mine")]


def test_deletes_are_hard_or_soft() -> None:
    with pytest.raises(SettingsError, match="'gentle'"):
        parse_settings(api_key="k", delivery_token="t", environment="e", deletes="gentle")
