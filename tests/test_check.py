"""`check` reports rows that another process changed, and how to repair them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dlt
import duckdb
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.runs.check import check
from contentstack_source.simulator import Stack, serve
from tests.oracle import assert_equal
from tests.small_stack import filled_stack

GOOD = "as the last run left them"
ONE_OF_ALL = "DELETE FROM {} WHERE uid = 'e1' AND locale = 'en-us'"


@dataclass
class Job:
    stack: Stack
    target: Target
    file: str

    def sql(self, *statements: str) -> None:
        with duckdb.connect(self.file) as con:
            con.execute("SET search_path = 'contentstack'")
            for statement in statements:
                con.execute(statement)

    def rows(self) -> tuple[str, int]:
        """Return the message and the exit code of the check of rows."""
        (finding,) = (each for each in check(self.target) if each.name == "rows")
        return finding.message, finding.exit_code


@pytest.fixture
def job(tmp_path: Path, configure: Callable[..., None]) -> Iterator[Job]:
    stack = filled_stack()
    file = str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack) as server:
        configure(stack, server)
        run.sync(target)
        yield Job(stack, target, file)


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
def test_rows_deleted_by_hand_are_reported_and_a_resync_restores_them(
    job: Job, statements: list[str], message: str
) -> None:
    assert job.rows() == (GOOD, 0)
    job.sql(*statements)
    run.sync(job.target)  # nothing changed in the stack: this run must not hide it
    found, exit_code = job.rows()
    assert message in found
    assert "contentstack-source resync" in found
    assert exit_code == 2
    run.resync(job.target)
    assert job.rows() == (GOOD, 0)
    assert_equal(job.file, job.stack)


def test_an_entry_that_lost_one_of_its_rows_is_reported_after_later_loads_too(job: Job) -> None:
    job.sql(ONE_OF_ALL.format("author"))
    job.stack.publish_entry("author", "e2", {"title": "Later"})
    run.sync(job.target)
    assert "author has 5 rows, and entries 6 of them" in job.rows()[0]


def test_pruned_sync_events_are_not_reported(job: Job) -> None:
    job.sql("DELETE FROM sync_events")
    assert job.rows() == (GOOD, 0)


def test_an_empty_dataset_passes_the_row_check(job: Job, tmp_path: Path) -> None:
    job.target = Target(
        dlt.destinations.duckdb(str(tmp_path / "new.duckdb")), pipelines_dir=str(tmp_path / "new")
    )
    assert job.rows() == ("none yet", 0)
