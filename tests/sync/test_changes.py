"""What a run changed, table by table."""

from __future__ import annotations

import pendulum
import pytest

from contentstack_source.orchestration.changes import Change, changes
from tests.support.harness import Job


class Reporter:
    """Runs a job, and reports what changed since its last report."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.reported_until: str | None = None

    def sync(self) -> dict[str, Change]:
        summary = self.job.run()
        found = {
            each.table: each for each in changes(self.job.target, summary, self.reported_until)
        }
        self.reported_until = summary.token_after
        return found


@pytest.fixture
def reporter(job: Job) -> Reporter:
    return Reporter(job)


def test_a_first_run_changes_every_table_and_reports_their_lists(reporter: Reporter) -> None:
    found = reporter.sync()
    assert sorted(found) == [
        *("article", "assets", "author", "content_types", "entries", "sync_events", "sync_runs"),
    ]
    article = found["article"]
    assert article.rows == 6
    assert article.columns["rating"] == "double"
    assert sorted(article.lists) == [
        *("article__blocks", "article__parts", "article__parts__notes", "article__tags"),
        "article__written_by",
    ]
    assert article.events == {"entry_published": 6}
    assert found["entries"].events == {"entry_published": 12}
    assert found["sync_events"].events == {"asset_published": 2, "entry_published": 12}
    assert found["content_types"].events == {}
    assert found["content_types"].newest_event is None


@pytest.mark.integration
def test_a_delete_changes_the_tables_of_its_rows(job: Job, reporter: Reporter) -> None:
    reporter.sync()
    job.stack.delete_entry("author", "e1", "de-de")
    found = reporter.sync()
    assert sorted(found) == ["author", "content_types", "entries", "sync_events", "sync_runs"]
    assert found["author"].rows == 5
    assert found["author"].events == {"entry_deleted": 1}
    moment = found["author"].newest_event
    assert moment is not None
    assert moment == found["sync_events"].newest_event
    assert moment.timezone == pendulum.UTC


def test_a_deleted_content_type_changes_its_table(job: Job, reporter: Reporter) -> None:
    reporter.sync()
    job.stack.delete_content_type("author")
    found = reporter.sync()
    assert found["author"].rows == 0
    assert found["author"].events == {"content_type_deleted": 1}


def test_a_run_without_changes_changes_only_sync_runs(reporter: Reporter) -> None:
    reporter.sync()
    found = reporter.sync()
    assert list(found) == ["sync_runs"]
    assert found["sync_runs"].rows == 1


@pytest.mark.integration
def test_all_tables_are_reported_after_an_unreported_run(job: Job, reporter: Reporter) -> None:
    everything = sorted(reporter.sync())
    job.stack.delete_entry("author", "e1")
    job.run()
    assert sorted(reporter.sync()) == everything
    assert list(reporter.sync()) == ["sync_runs"]
