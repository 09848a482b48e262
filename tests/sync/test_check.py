"""`check` reports rows that another process changed, and how to repair them."""

from __future__ import annotations

from pathlib import Path

import dlt
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.runs.check import check
from tests.support.harness import Job

GOOD = "as the last run left them"
ONE_OF_ALL = "DELETE FROM {} WHERE uid = 'e1' AND locale = 'en-us'"


def row_check(job: Job) -> tuple[str, int]:
    """Return the message and the exit code of the check of rows."""
    (finding,) = (each for each in check(job.target) if each.name == "rows")
    return finding.message, finding.exit_code


DELETED_BY_HAND = {
    "an entry": (
        [ONE_OF_ALL.format("article")],
        "article has 5 rows, and entries 6 of them",
    ),
    "an entry's row in entries": (
        [ONE_OF_ALL.format("entries") + " AND content_type_uid = 'article'"],
        "article has 6 rows, and entries 5 of them",
    ),
    "an entry everywhere": (
        [
            ONE_OF_ALL.format("author"),
            ONE_OF_ALL.format("entries") + " AND content_type_uid = 'author'",
        ],
        "author had 6 rows and has 5",
    ),
    "an asset": (
        ["DELETE FROM assets WHERE locale = 'de-de'"],
        "assets had 2 rows and has 1",
    ),
    "elements of lists": (
        ["DELETE FROM article__parts WHERE _dlt_list_idx = 0"],
        "article__parts had",
    ),
    "all rows of a table": (["DELETE FROM article"], "rows without their row in article"),
}


@pytest.mark.parametrize(
    ("statements", "message"), DELETED_BY_HAND.values(), ids=DELETED_BY_HAND.keys()
)
def test_rows_deleted_by_hand_are_reported(
    synced_job: Job, statements: list[str], message: str
) -> None:
    assert row_check(synced_job) == (GOOD, 0)
    synced_job.execute(*statements)
    synced_job.run()  # nothing changed in the stack: this run must not hide it
    found, exit_code = row_check(synced_job)
    assert message in found
    assert "contentstack-source resync" in found
    assert exit_code == 2


@pytest.mark.integration
def test_a_resync_restores_rows_deleted_by_hand(synced_job: Job) -> None:
    for statements, _ in DELETED_BY_HAND.values():
        synced_job.execute(*statements)
    run.resync(synced_job.target)
    assert row_check(synced_job) == (GOOD, 0)
    synced_job.assert_equal()


def test_an_entry_that_lost_one_of_its_rows_is_reported_after_later_loads_too(
    synced_job: Job,
) -> None:
    synced_job.execute(ONE_OF_ALL.format("author"))
    synced_job.stack.publish_entry("author", "e2", {"title": "Later"})
    synced_job.run()
    assert "author has 5 rows, and entries 6 of them" in row_check(synced_job)[0]


def test_pruned_sync_events_are_not_reported(synced_job: Job) -> None:
    synced_job.execute("DELETE FROM sync_events")
    assert row_check(synced_job) == (GOOD, 0)


def test_an_empty_dataset_passes_the_row_check(synced_job: Job, tmp_path: Path) -> None:
    synced_job.target = Target(
        dlt.destinations.duckdb(str(tmp_path / "new.duckdb")), pipelines_dir=str(tmp_path / "new")
    )
    assert row_check(synced_job) == ("none yet", 0)
