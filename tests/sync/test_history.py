"""History: every event is kept, versions come from it, and a rebuild of the tables uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dlt
import pytest

from contentstack_source.errors import NoHistoryError, TooManyDeletionsError
from contentstack_source.runs import run
from contentstack_source.runs.rebuild import rebuild
from contentstack_source.simulator import Behavior, Stack
from contentstack_source.transform.history import VERSIONS
from tests.support.harness import Job, MakesJob
from tests.support.oracle import assert_equal_at
from tests.support.small_stack import MODELS, filled_stack, small_stack
from tests.support.snapshots import differences, snapshot_of
from tests.support.warehouses import MakesWarehouse, in_duckdb, in_postgres

KEY = "content_type_uid, uid, locale"


def first_day(stack: Stack) -> None:
    stack.publish_entry("author", "e1", {"title": "Second", "born": None}, "en-us")
    stack.publish_entry("author", "short", {"title": "Published and gone"}, "en-us")
    stack.unpublish_entry("author", "short", "en-us")
    stack.delete_entry("author", "e2")
    stack.delete_asset("a1", "de-de")
    stack.delete_content_type("article")


def second_day(stack: Stack) -> None:
    stack.create_content_type("article", MODELS["article"])
    odd = {"title": "Back\x00\"'", "rating": 1e300, "parts": [{"heading": "h", "notes": ["n"]}]}
    stack.publish_entry("article", "e1", odd, "en-us")
    stack.publish_entry("article", "e2", {"title": "Again", "invented": {"x": 2**63}}, "de-de")
    stack.unpublish_entry("article", "e2", "de-de")
    with stack.same_instant():
        stack.unpublish_entry("author", "e1", "en-us")
        stack.publish_entry("author", "e1", {"title": "Third"}, "en-us")


def delete_without_event(stack: Stack) -> None:
    """The sync token becomes invalid, and an initial sync has no deletes."""
    stack.delete_entry("author", "e3", "de-de")
    stack.tokens.forget()


def delete_without_locale(job: Job) -> None:
    job.behavior.delete_data = "no_locale"
    job.stack.delete_entry("article", "e1")
    job.stack.delete_asset("a1")


@pytest.mark.parametrize(
    ("make_warehouse", "deletes"),
    [
        pytest.param(in_duckdb, "soft", id="duckdb, soft", marks=pytest.mark.integration),
        pytest.param(in_postgres, "hard", id="postgres, hard", marks=pytest.mark.integration),
        pytest.param(in_duckdb, "hard", id="duckdb, hard", marks=pytest.mark.long),
        pytest.param(in_postgres, "soft", id="postgres, soft", marks=pytest.mark.long),
    ],
)
def test_a_rebuild_changes_no_row_and_sends_no_request(
    make_job: MakesJob, make_warehouse: MakesWarehouse, deletes: str
) -> None:
    job = make_job(filled_stack(), make_warehouse, DELETES=deletes, HISTORY="true")
    job.sync()
    first_day(job.stack)
    job.sync()
    second_day(job.stack)
    job.sync()
    delete_without_event(job.stack)
    summary = job.sync()
    assert (summary.invalid_tokens, summary.failed_views) == (1, {})
    job.assert_rebuild_changes_nothing()
    current = job.view("entry_versions", KEY, "valid_to IS NULL")
    assert sorted(current) == sorted(job.stack.published_keys())
    delete_without_locale(job)
    job.sync()
    job.assert_rebuild_changes_nothing()
    assert job.sync().passes == 0  # the sync token is unchanged


@pytest.mark.integration
def test_versions_match_the_stack_with_their_start_and_end(make_job: MakesJob) -> None:
    job = make_job(filled_stack(), behavior=Behavior(delta="log"), HISTORY="true")
    job.sync()
    first_day(job.stack)
    job.sync()
    second_day(job.stack)
    job.sync()
    found = job.rows(f"SELECT {KEY}, valid_from, valid_to, ended_by, data FROM ({VERSIONS}) AS v")
    versions = {
        (*row[:3], row[3].isoformat()): (row[4] and row[4].isoformat(), row[5], json.loads(row[6]))
        for row in found
    }
    assert len(versions) == len(found)
    assert versions == versions_of(job.stack)


def versions_of(stack: Stack) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Walk the log of the stack, oldest first, and return every version with its start and end."""
    versions: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    open_since: dict[tuple[str, str, str], str] = {}

    def end(key: tuple[str, str, str], at: str, event_type: str) -> None:
        if since := open_since.pop(key, None):
            versions[(*key, since)] = (at, event_type, versions[(*key, since)][2])

    for event in stack.events():
        at = event.event_at.replace("Z", "000+00:00")
        if event.source == "with_content_type":
            continue  # never sent
        if event.type == "content_type_deleted":
            for key in [key for key in open_since if key[0] == event.content_type_uid]:
                end(key, at, event.type)
            continue
        key = (event.content_type_uid, event.uid, event.locale)
        end(key, at, event.type)
        if event.type in {"entry_published", "asset_published"}:
            open_since[key] = at
            versions[(*key, at)] = (None, None, json.loads(event.blob)["data"])
    return versions


@pytest.mark.integration
def test_entries_deleted_without_an_event_end_with_the_next_full_sync(
    make_synced_job: MakesJob,
) -> None:
    job = make_synced_job(HISTORY="true")
    delete_without_event(job.stack)
    job.sync()
    (ended,) = job.rows(
        f"SELECT {KEY}, ended_by, valid_to FROM ({VERSIONS}) AS v WHERE valid_to IS NOT NULL"
    )
    assert ended[:4] == ("author", "e3", "de-de", "full_sync")
    passes = job.rows("SELECT max(received_at) FROM entry_history")
    assert passes == [(ended[4],)]


@pytest.mark.long
def test_an_event_received_again_is_the_same_row(make_synced_job: MakesJob) -> None:
    job = make_synced_job(HISTORY="true")
    count = "SELECT count(*) FROM entry_history WHERE event_type <> 'full_sync'"
    before = job.rows(count)
    job.stack.tokens.forget()
    job.sync()
    run.resync(job.target)
    assert job.rows(count) == before
    assert job.rows("SELECT count(*) FROM entry_history WHERE event_type = 'full_sync'") == [(3,)]


@pytest.mark.integration
def test_a_later_pass_wins_even_with_an_older_event(make_job: MakesJob) -> None:
    """Like a resync to another environment, where the same entry was published earlier."""
    job = make_job(small_stack(), HISTORY="true")
    job.stack.publish_entry("author", "e1", {"title": "Earlier"})
    earlier = json.loads(job.stack.events()[-1].blob)
    job.stack.publish_entry("author", "e1", {"title": "Later"})
    job.sync()
    job.stack.emit_raw(earlier)
    run.sync(job.target)
    assert job.rows("SELECT title FROM author") == [("Earlier",)]
    rebuild(job.target)
    assert job.rows("SELECT title FROM author") == [("Earlier",)]


@pytest.mark.long
def test_a_history_switched_on_later_starts_with_all_entries(
    make_job: MakesJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(filled_stack(), HISTORY="true")
    for value, begins in (("false", False), ("true", True), ("true", False)):
        monkeypatch.setenv("SOURCES__CONTENTSTACK__HISTORY", value)
        job.stack.publish_entry("author", "e1", {"title": f"{value} {begins}"}, "en-us")
        assert job.sync().history_begins is begins
    monkeypatch.setenv("SOURCES__CONTENTSTACK__HISTORY", "false")
    job.stack.publish_entry("author", "e1", {"title": "Missed"}, "en-us")
    job.sync()
    with pytest.raises(NoHistoryError):
        rebuild(job.target)
    monkeypatch.setenv("SOURCES__CONTENTSTACK__HISTORY", "true")
    assert job.sync().history_begins
    job.assert_rebuild_changes_nothing()


@pytest.mark.long
def test_a_rebuild_restores_tables_and_rows_changed_by_hand(make_synced_job: MakesJob) -> None:
    job = make_synced_job(HISTORY="true")
    before = snapshot_of(job.warehouse)
    with job.target.pipeline().sql_client() as client:
        client.drop_tables("author", "article__parts")
        client.execute_sql("DELETE FROM entries WHERE uid = 'e1'")
        client.execute_sql("UPDATE article SET title = 'Mine'")
    summary = rebuild(job.target)
    assert sorted(summary.recreated) == ["article__parts", "author"]
    assert differences(before, snapshot_of(job.warehouse)) == []


@pytest.mark.integration
def test_a_rebuild_without_a_history_is_refused(make_synced_job: MakesJob) -> None:
    job = make_synced_job(HISTORY="false")
    before = snapshot_of(job.warehouse)
    with pytest.raises(NoHistoryError) as caught:
        rebuild(job.target)
    assert caught.value.exit_code == 2
    assert differences(before, snapshot_of(job.warehouse)) == []


@pytest.mark.long
def test_a_rebuild_from_an_emptied_history_is_refused(make_synced_job: MakesJob) -> None:
    job = make_synced_job(HISTORY="true")
    before = snapshot_of(job.warehouse)
    with job.target.pipeline().sql_client() as client:
        client.execute_sql("DELETE FROM entry_history WHERE event_type LIKE 'entry%'")
    with pytest.raises(TooManyDeletionsError):
        rebuild(job.target)
    after = snapshot_of(job.warehouse)
    assert differences(before | {"entry_history": after["entry_history"]}, after) == []


@pytest.mark.long
def test_a_rebuild_uses_the_current_content_model(
    make_synced_job: MakesJob,
) -> None:
    job = make_synced_job(HISTORY="true")
    texts = [
        each | {"data_type": "text"} if each["uid"] == "rating" else each
        for each in MODELS["article"]
    ]
    job.stack.change_content_type("article", texts)
    job.stack.publish_entry("article", "e1", {"title": "T", "rating": "four"}, "en-us")
    job.sync()
    rebuild(job.target)
    assert_equal_at(job.warehouse, job.stack)
    rebuilt = snapshot_of(job.warehouse)
    run.resync(job.target)
    resynced = snapshot_of(job.warehouse)
    log_tables = {"entry_history", "content_types"}
    assert [
        each for each in differences(rebuilt, resynced) if each.split()[0] not in log_tables
    ] == []


@pytest.mark.long
def test_the_history_records_full_syncs_per_stream(
    make_job: MakesJob,
) -> None:
    job = make_job(filled_stack(), PARTITION_BY="content_type", HISTORY="true")
    job.sync()
    first_day(job.stack)
    job.sync()
    job.stack.create_content_type("article", MODELS["article"])
    job.stack.publish_entry("article", "e9", {"title": "Another"}, "en-us")
    job.sync()
    query = "SELECT content_type_uid FROM entry_history WHERE event_type = 'full_sync'"
    assert sorted(job.rows(query), key=str) == [("article",), (None,)]
    job.assert_rebuild_changes_nothing()


def test_a_content_type_called_entry_history_gets_another_table(make_job: MakesJob) -> None:
    job = make_job(small_stack(), HISTORY="true")
    job.stack.create_content_type("entry_history", MODELS["author"])
    job.stack.publish_entry("entry_history", "e1", {"title": "T", "born": None}, "en-us")
    job.sync()
    (named,) = job.rows("SELECT table_name FROM content_types WHERE uid = 'entry_history'")
    assert named[0].startswith("entry_history_")


@pytest.mark.integration
def test_the_source_alone_writes_the_history(make_job: MakesJob, tmp_path: Path) -> None:
    from contentstack_source import contentstack_source

    job = make_job(filled_stack(), HISTORY="true")
    pipeline = dlt.pipeline(
        "alone",
        pipelines_dir=str(tmp_path / "alone"),
        destination=job.warehouse.destination,
        dataset_name="alone",
    )
    pipeline.run(contentstack_source().with_resources("entry_published", "sync_events"))
    assert "entry_history" not in pipeline.default_schema.tables
    pipeline.run(contentstack_source(), refresh="drop_sources")
    assert pipeline.dataset().row_counts(table_names=["entry_history"]).fetchall() == [
        ("entry_history", 15)
    ]
