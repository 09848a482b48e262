"""The run log: a row in sync_runs per run; and the limit of deletes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.errors import (
    FailedError,
    ServiceError,
    SettingsChangedError,
    TooManyDeletionsError,
)
from contentstack_source.runs import run, run_log
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Fault
from tests.support.harness import Job
from tests.support.oracle import assert_equal
from tests.support.small_stack import LOCALES


@pytest.fixture
def job(synced_job: Job, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job that has run once."""
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
    return synced_job


def runs(job: Job) -> list[tuple[Any, ...]]:
    return job.rows(
        "SELECT outcome, passes, requests, rows_upserted, rows_deleted, token_before,"
        " token_after FROM sync_runs ORDER BY started_at"
    )


def test_every_run_adds_a_row_even_if_it_failed(job: Job) -> None:
    job.stack.delete_entry("author", "e1")
    job.run()
    job.run()
    job.behavior.next_faults(Fault.status(503), Fault.status(503))
    with pytest.raises(ServiceError):
        job.run()
    first, changed, unchanged, failed = runs(job)
    assert first[:5] == ("ok", 1, 3, 14, 0)
    assert changed[:5] == ("ok", 1, 3, 0, 2)
    assert unchanged[:5] == ("ok", 0, 1, 0, 0)
    assert failed[:2] == ("failed", 0)
    assert first[5] is None
    assert first[6] == changed[5] != changed[6] == unchanged[5] == unchanged[6] == failed[6]
    ((error, token),) = job.rows(
        "SELECT error, token_after FROM sync_runs WHERE outcome = 'failed'"
    )
    assert "No good answer after all retries" in error
    assert len(token) == 12


def test_a_run_that_failed_while_loading_keeps_its_starting_token(job: Job) -> None:
    alter = "ALTER TABLE contentstack.author"
    job.execute(f"{alter} ADD COLUMN must TEXT DEFAULT 'be'")
    job.execute(f"{alter} ALTER must SET NOT NULL")
    job.execute(f"{alter} ALTER must DROP DEFAULT")
    job.stack.publish_entry("author", "e1", {"title": "Too early"})
    with pytest.raises(FailedError, match="in the step load"):
        job.run()
    *_, (outcome, *_, before, after) = runs(job)
    assert (outcome, after) == ("failed", before)
    job.execute(f"{alter} DROP must")
    job.run()
    job.assert_equal()


def test_a_run_is_recorded_without_an_extra_load(job: Job) -> None:
    job.run()
    assert len(runs(job)) == 2
    assert job.rows("SELECT count(*) FROM _dlt_loads") == [(1,)]


def test_the_row_count_of_each_table_is_recorded(job: Job) -> None:
    job.stack.delete_entry("author", "e1")
    job.run()
    counts = [
        json.loads(each)
        for (each,) in job.rows("SELECT row_counts FROM sync_runs ORDER BY started_at")
    ]
    assert [each["author"] for each in counts] == [6, 4]
    assert [each["entries"] for each in counts] == [12, 10]


def test_a_run_log_of_an_older_version_gets_its_new_columns(job: Job) -> None:
    """The first run created it without them: for dlt they are new."""
    job.execute("ALTER TABLE contentstack.sync_runs DROP COLUMN row_counts")
    pipeline = job.target.pipeline()
    del pipeline.default_schema.tables["sync_runs"]["columns"]["row_counts"]
    assert not run_log.has_table(pipeline)
    run_log.record(pipeline, {"outcome": "ok", "row_counts": {"author": 6}})
    assert job.rows("SELECT row_counts FROM sync_runs WHERE row_counts != '{}'") == [
        ('{"author":6}',)
    ]


def test_a_run_log_that_cannot_be_written_fails_no_run(job: Job) -> None:
    job.execute("ALTER TABLE contentstack.sync_runs ALTER retries TYPE DATE USING NULL")
    job.stack.delete_entry("author", "e1")
    job.run()
    job.assert_equal()
    assert len(job.rows("SELECT * FROM sync_runs")) == 1


def test_a_failed_run_creates_no_dataset_for_its_record(job: Job, tmp_path: Path) -> None:
    file = tmp_path / "new.duckdb"
    target = Target(dlt.destinations.duckdb(str(file)), pipelines_dir=str(tmp_path / "new"))
    job.behavior.next_faults(Fault.status(503), Fault.status(503))
    with pytest.raises(ServiceError):
        run.sync(target)
    with duckdb.connect(str(file)) as con:
        assert con.execute("SELECT * FROM duckdb_tables()").fetchall() == []
    run.sync(target)
    assert_equal(str(file), job.stack)


REFUSED = [
    ("ENVIRONMENT", "staging", "environment production -> staging"),
    ("BRANCH", "next", "branch main -> next"),
    ("API_KEY", "blt0000000000000000", "stack [0-9a-f]+ -> [0-9a-f]+"),
    ("BASE_URL", "http://127.0.0.1:1/v3", "host .* -> http://127.0.0.1:1/v3"),
    ("LOCALE", "de-de", r"locale \(none\) -> de-de"),
    ("CONTENT_TYPE_UID", "author", r"content_type_uid \(none\) -> author"),
    ("START_FROM", "2026-01-01", r"start_from \(none\) -> 2026-01-01"),
    ("EVENT_TYPES", "asset_published", "event_types .* -> asset_published"),
]
"""Changed settings, and what the refusal says about them."""


@pytest.mark.integration
def test_a_run_refused_for_its_settings_writes_nothing(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Path(job.file).read_bytes()
    for name, value, expected in REFUSED:
        with monkeypatch.context() as changed:
            changed.setenv(f"SOURCES__CONTENTSTACK__{name}", value)
            with pytest.raises(SettingsChangedError) as refused:
                job.run()
        assert re.search(expected, str(refused.value))
        for way_out in ("--dataset with another --pipeline-name", "contentstack-source resync"):
            assert way_out in str(refused.value)
        assert refused.value.exit_code == 2
        assert Path(job.file).read_bytes() == before
    job.stack.delete_entry("author", "e1")
    assert job.run().rows_deleted == 2  # the old settings still work


@pytest.mark.integration
def test_a_resync_that_would_delete_most_rows_is_refused_with_the_figures(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    for uid in ("e1", "e2", "e3"):
        job.stack.delete_entry("article", uid)
    job.stack.delete_asset("a1")
    with pytest.raises(TooManyDeletionsError, match=r"8 of 14 rows \(57%\)") as refused:
        run.resync(job.target)
    assert refused.value.exit_code == 2
    assert job.rows("SELECT count(*) FROM article") == [(6,)]
    monkeypatch.setenv("SOURCES__CONTENTSTACK__MAX_DELETED_SHARE", "1")
    run.resync(job.target)
    job.assert_equal()


@pytest.mark.integration
def test_an_invalid_token_starts_a_full_sync_within_the_same_limit(job: Job) -> None:
    for uid in ("e1", "e2"):
        job.stack.delete_entry("article", uid)
    job.stack.tokens.forget()
    summary = job.run()
    assert summary.invalid_tokens == 1
    job.assert_equal()
    for uid in ("e1", "e2", "e3"):
        job.stack.delete_entry("author", uid)
    job.stack.tokens.forget()
    for _ in range(2):  # refused until the user allows it
        with pytest.raises(TooManyDeletionsError, match=r"6 of 10 rows \(60%\)"):
            job.run()
        assert job.rows("SELECT count(*) FROM author") == [(6,)]


@pytest.mark.integration
@pytest.mark.parametrize("command", [run.sync, run.resync])
def test_a_full_sync_keeps_its_filters(
    job: Job, monkeypatch: pytest.MonkeyPatch, command: Callable[[Target], RunSummary]
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", LOCALES[1])
    monkeypatch.setenv("SOURCES__CONTENTSTACK__EVENT_TYPES", "entry_published,entry_deleted")
    monkeypatch.setenv("SOURCES__CONTENTSTACK__MAX_DELETED_SHARE", "1")
    run.resync(job.target)
    job.server.clear()
    if command is run.sync:
        job.stack.tokens.forget()
    command(job.target)
    (started,) = [each.query for each in job.server.requests if "init" in each.query]
    assert (started["locale"], started["type"]) == (LOCALES[1], "entry_published,entry_deleted")


def test_a_resync_with_another_filter_leaves_only_the_new_stream(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", LOCALES[1])
    monkeypatch.setenv("SOURCES__CONTENTSTACK__START_FROM", "2020-01-01")
    run.resync(job.target)
    assert job.rows("SELECT DISTINCT locale FROM entries") == [(LOCALES[1],)]
    assert job.rows("SELECT DISTINCT locale FROM article") == [(LOCALES[1],)]


def test_a_resync_without_entries_empties_the_tables_of_entries(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__EVENT_TYPES", "asset_published, asset_deleted")
    monkeypatch.setenv("SOURCES__CONTENTSTACK__MAX_DELETED_SHARE", "1")
    run.resync(job.target)
    assert job.rows("SELECT count(*) FROM article") == [(0,)]
    assert job.rows("SELECT count(*) FROM article__parts") == [(0,)]
    assert job.rows("SELECT count(*) FROM assets") == [(2,)]
