"""History: every event kept, what versions it tells of, and the tables made anew from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dlt
import pytest

from contentstack_source.errors import NoHistoryError, TooManyDeletionsError
from contentstack_source.runs import run
from contentstack_source.runs.rebuild import rebuild
from contentstack_source.simulator import Stack
from contentstack_source.transform.history import VERSIONS
from tests.jobs import Job, MakesJob
from tests.mirror import assert_equal_at
from tests.places import Makes, in_duckdb, in_postgres
from tests.small import MODELS, filled_stack, small_stack
from tests.snapshots import differences, snapshot_of

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


def what_vanishes_unseen(stack: Stack) -> None:
    """Nobody hears of it: the sync token is forgotten, and an initial sync tells of no removals."""
    stack.delete_entry("author", "e3", "de-de")
    stack.tokens.forget()


def a_removal_that_names_no_locale(job: Job) -> None:
    job.behavior.delete_data = "no_locale"
    job.stack.delete_entry("article", "e1")
    job.stack.delete_asset("a1")


@pytest.mark.parametrize(
    ("make_place", "deletes"),
    [
        pytest.param(in_duckdb, "soft", id="duckdb, soft"),
        pytest.param(in_postgres, "hard", id="postgres, hard"),
        pytest.param(in_duckdb, "hard", id="duckdb, hard", marks=pytest.mark.long),
        pytest.param(in_postgres, "soft", id="postgres, soft", marks=pytest.mark.long),
    ],
)
def test_a_rebuild_leaves_every_row_as_it_was_and_asks_nothing(
    make_job: MakesJob, make_place: Makes, deletes: str
) -> None:
    job = make_job(filled_stack(), make_place, DELETES=deletes, HISTORY="true")
    job.sync()
    first_day(job.stack)
    job.sync()
    second_day(job.stack)
    job.sync()
    what_vanishes_unseen(job.stack)
    summary = job.sync()
    assert (summary.invalid_tokens, summary.failed_views) == (1, {})
    job.assert_rebuilt_as_it_was()
    standing = job.view("entry_versions", KEY, "valid_to IS NULL")
    assert sorted(standing) == sorted(job.stack.published_keys())
    a_removal_that_names_no_locale(job)
    job.sync()
    job.assert_rebuilt_as_it_was()
    assert job.sync().passes == 0  # the sync token has stayed where it was


def test_versions_are_those_of_the_stack_from_when_to_when(make_job: MakesJob) -> None:
    job = make_job(filled_stack(), HISTORY="true")
    job.sync()
    first_day(job.stack)
    job.sync()
    second_day(job.stack)
    job.sync()
    found = job.rows(f"SELECT {KEY}, valid_from, valid_to, ended_by, data FROM ({VERSIONS}) AS v")
    told = {
        (*row[:3], row[3].isoformat()): (row[4] and row[4].isoformat(), row[5], json.loads(row[6]))
        for row in found
    }
    assert len(told) == len(found)
    assert told == versions_of(job.stack)


def versions_of(stack: Stack) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Walk the log of the stack, oldest first, and return what was published from when to when."""
    versions: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    open_since: dict[tuple[str, str, str], str] = {}

    def end(key: tuple[str, str, str], at: str, event_type: str) -> None:
        if since := open_since.pop(key, None):
            versions[(*key, since)] = (at, event_type, versions[(*key, since)][2])

    for event in stack.events():
        at = event.event_at.replace("Z", "000+00:00")
        if event.source == "with_content_type":
            continue  # never told
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


def test_what_vanished_unseen_ended_with_the_pass_that_no_longer_found_it(
    make_job: MakesJob,
) -> None:
    job = make_job(filled_stack(), HISTORY="true")
    job.sync()
    what_vanishes_unseen(job.stack)
    job.sync()
    (ended,) = job.rows(
        f"SELECT {KEY}, ended_by, valid_to FROM ({VERSIONS}) AS v WHERE valid_to IS NOT NULL"
    )
    assert ended[:4] == ("author", "e3", "de-de", "full_sync")
    passes = job.rows("SELECT max(received_at) FROM entry_history")
    assert passes == [(ended[4],)]


@pytest.mark.long
def test_an_event_received_again_is_the_same_row(make_job: MakesJob) -> None:
    job = make_job(filled_stack(), HISTORY="true")
    job.sync()
    count = "SELECT count(*) FROM entry_history WHERE event_type <> 'full_sync'"
    before = job.rows(count)
    job.stack.tokens.forget()
    job.sync()
    run.resync(job.target)
    assert job.rows(count) == before
    assert job.rows("SELECT count(*) FROM entry_history WHERE event_type = 'full_sync'") == [(3,)]


def test_a_later_pass_decides_even_with_an_older_event(make_job: MakesJob) -> None:
    """As after a resync to another environment, where the same entry was published earlier."""
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
def test_a_history_switched_on_later_begins_with_everything(
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
    job.assert_rebuilt_as_it_was()


@pytest.mark.long
def test_a_rebuild_brings_back_what_other_hands_took(make_job: MakesJob) -> None:
    job = make_job(filled_stack(), HISTORY="true")
    job.sync()
    before = snapshot_of(job.place)
    with job.target.pipeline().sql_client() as client:
        client.drop_tables("author", "article__parts")
        client.execute_sql("DELETE FROM entries WHERE uid = 'e1'")
        client.execute_sql("UPDATE article SET title = 'Mine'")
    summary = rebuild(job.target)
    assert sorted(summary.recreated) == ["article__parts", "author"]
    assert differences(before, snapshot_of(job.place)) == []


def test_without_a_history_nothing_is_rebuilt(make_job: MakesJob) -> None:
    job = make_job(filled_stack(), HISTORY="false")
    job.sync()
    before = snapshot_of(job.place)
    with pytest.raises(NoHistoryError) as caught:
        rebuild(job.target)
    assert caught.value.exit_code == 2
    assert differences(before, snapshot_of(job.place)) == []


@pytest.mark.long
def test_a_history_that_somebody_emptied_empties_nothing_else(make_job: MakesJob) -> None:
    job = make_job(filled_stack(), HISTORY="true")
    job.sync()
    before = snapshot_of(job.place)
    with job.target.pipeline().sql_client() as client:
        client.execute_sql("DELETE FROM entry_history WHERE event_type LIKE 'entry%'")
    with pytest.raises(TooManyDeletionsError):
        rebuild(job.target)
    after = snapshot_of(job.place)
    assert differences(before | {"entry_history": after["entry_history"]}, after) == []


@pytest.mark.long
def test_a_field_that_changed_its_type_is_rebuilt_by_the_model_of_today(
    make_job: MakesJob,
) -> None:
    job = make_job(filled_stack(), HISTORY="true")
    job.sync()
    texts = [
        each | {"data_type": "text"} if each["uid"] == "rating" else each
        for each in MODELS["article"]
    ]
    job.stack.change_content_type("article", texts)
    job.stack.publish_entry("article", "e1", {"title": "T", "rating": "four"}, "en-us")
    job.sync()
    rebuild(job.target)
    assert_equal_at(job.place, job.stack)
    rebuilt = snapshot_of(job.place)
    run.resync(job.target)
    resynced = snapshot_of(job.place)
    told = {"entry_history", "content_types"}
    assert [each for each in differences(rebuilt, resynced) if each.split()[0] not in told] == []


@pytest.mark.long
def test_streams_of_their_own_tell_the_history_which_of_them_began_anew(
    make_job: MakesJob,
) -> None:
    job = make_job(filled_stack(), PARTITION_BY="content_type", HISTORY="true")
    job.sync()
    first_day(job.stack)
    job.sync()
    job.stack.create_content_type("article", MODELS["article"])
    job.stack.publish_entry("article", "e9", {"title": "Another"}, "en-us")
    job.sync()
    told = "SELECT content_type_uid FROM entry_history WHERE event_type = 'full_sync'"
    assert sorted(job.rows(told), key=str) == [("article",), (None,)]
    job.assert_rebuilt_as_it_was()


def test_a_type_of_that_name_leaves_the_history_alone(make_job: MakesJob) -> None:
    job = make_job(small_stack(), HISTORY="true")
    job.stack.create_content_type("entry_history", MODELS["author"])
    job.stack.publish_entry("entry_history", "e1", {"title": "T", "born": None}, "en-us")
    job.sync()
    (named,) = job.rows("SELECT table_name FROM content_types WHERE uid = 'entry_history'")
    assert named[0].startswith("entry_history_")


def test_the_source_alone_can_keep_the_history(make_job: MakesJob, tmp_path: Path) -> None:
    from contentstack_source import contentstack_source

    job = make_job(filled_stack(), HISTORY="true")
    pipeline = dlt.pipeline(
        "alone",
        pipelines_dir=str(tmp_path / "alone"),
        destination=job.place.destination,
        dataset_name="alone",
    )
    pipeline.run(contentstack_source().with_resources("entry_published", "sync_events"))
    assert "entry_history" not in pipeline.default_schema.tables
    pipeline.run(contentstack_source(), refresh="drop_sources")
    assert pipeline.dataset().row_counts(table_names=["entry_history"]).fetchall() == [
        ("entry_history", 15)
    ]
