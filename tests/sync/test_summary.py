"""The summary of a run: the tables it changed, and its tokens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contentstack_source.errors import SettingsError
from contentstack_source.runs import run
from contentstack_source.simulator import Stack
from tests.support.harness import Job
from tests.support.small_stack import filled_stack

ALWAYS = ["content_types", "entries", "sync_events"]
"""Tables that every pass with entries changes."""


@pytest.fixture
def stack() -> Stack:
    stack = filled_stack()
    stack.publish_entry("article", "bare", {"title": "No lists"}, "en-us")
    stack.publish_entry("article", "full", {"title": "Parts", "parts": [{"heading": "h"}]}, "en-us")
    return stack


def test_a_first_run_changes_every_table_that_gets_rows(job: Job) -> None:
    summary = job.run()
    assert summary.upserted_by_table == {n: c for n, c in summary.row_counts.items() if c}
    assert summary.changed_tables == sorted(summary.upserted_by_table)


def test_a_run_without_changes_changes_nothing_and_still_counts_all_rows(job: Job) -> None:
    first, second = job.run(), job.run()
    assert second.changed_tables == []
    assert second.row_counts == {**first.row_counts, "sync_runs": 1}


EDITS: list[tuple[Callable[[Stack], None], list[str]]] = [
    (
        lambda stack: stack.publish_entry("author", "e1", {"title": "New"}, "en-us"),
        ["author", *ALWAYS],
    ),
    (  # no list before or after
        lambda stack: stack.publish_entry("article", "bare", {"title": "New"}, "en-us"),
        ["article", *ALWAYS],
    ),
    (  # a list is emptied
        lambda stack: stack.publish_entry("article", "full", {"title": "New"}, "en-us"),
        ["article", "article__parts", *ALWAYS],
    ),
    (
        lambda stack: stack.unpublish_entry("article", "bare", "en-us"),
        ["article", *ALWAYS],
    ),
    (
        lambda stack: stack.delete_asset("a1"),
        ["assets", "content_types", "sync_events"],
    ),
]
"""An edit, and the tables that the run after it changes."""


@pytest.mark.integration
def test_changed_tables_are_exactly_those_with_upserted_or_deleted_rows(job: Job) -> None:
    job.run()
    for edit, changed in EDITS:
        edit(job.stack)
        assert job.run().changed_tables == changed
        job.assert_equal()


def test_a_recreated_table_has_changed(synced_job: Job) -> None:
    synced_job.execute("DROP TABLE contentstack.author")
    assert "author" in synced_job.run().changed_tables


@pytest.mark.integration
def test_a_run_starts_at_the_token_of_the_last_run(job: Job) -> None:
    first = job.run()
    job.stack.delete_entry("author", "e1")
    second, third = job.run(), job.run()
    assert first.token_before is None
    assert first.token_after == second.token_before != second.token_after
    assert third.token_before == third.token_after == second.token_after


@pytest.mark.integration
def test_given_settings_override_the_configuration(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"api_key": job.stack.api_key, "delivery_token": job.stack.delivery_token}
    for name in ("api_key", "delivery_token"):
        monkeypatch.setenv(f"SOURCES__CONTENTSTACK__{name.upper()}", "of another stack")
    for command in (run.sync, run.resync):
        assert command(job.target, settings=given).passes == 1
    job.assert_equal()


def test_an_unknown_setting_is_refused(job: Job) -> None:
    with pytest.raises(SettingsError, match="There is no setting environmant"):
        run.sync(job.target, settings={"environmant": "production"})
    assert not job.server.requests
