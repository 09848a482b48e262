"""What a run changed, table by table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dlt
import pendulum
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.orchestration.changes import Change, changes
from contentstack_source.runs import run
from contentstack_source.simulator import Stack, serve
from tests.small import filled_stack


@dataclass
class Place:
    stack: Stack
    target: Target
    reported_until: str | None = None

    def sync(self) -> dict[str, Change]:
        summary = run.sync(self.target)
        found = {each.table: each for each in changes(self.target, summary, self.reported_until)}
        self.reported_until = summary.token_after
        return found


@pytest.fixture
def place(tmp_path: Path, configure: Callable[..., None]) -> Iterator[Place]:
    stack, file = filled_stack(), str(tmp_path / "warehouse.duckdb")
    with serve(stack) as server:
        configure(stack, server)
        target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
        yield Place(stack, target)


def test_a_first_run_changes_every_table_and_tells_of_their_lists(place: Place) -> None:
    found = place.sync()
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


def test_a_removal_changes_the_tables_its_rows_were_in(place: Place) -> None:
    place.sync()
    place.stack.delete_entry("author", "e1", "de-de")
    found = place.sync()
    assert sorted(found) == ["author", "content_types", "entries", "sync_events", "sync_runs"]
    assert found["author"].rows == 5
    assert found["author"].events == {"entry_deleted": 1}
    moment = found["author"].newest_event
    assert moment is not None
    assert moment == found["sync_events"].newest_event
    assert moment.timezone == pendulum.UTC


def test_a_deleted_content_type_changes_its_table(place: Place) -> None:
    place.sync()
    place.stack.delete_content_type("author")
    found = place.sync()
    assert found["author"].rows == 0
    assert found["author"].events == {"content_type_deleted": 1}


def test_a_run_with_nothing_new_changes_nothing_but_its_own_row(place: Place) -> None:
    place.sync()
    found = place.sync()
    assert list(found) == ["sync_runs"]
    assert found["sync_runs"].rows == 1


def test_after_a_run_that_nobody_told_of_all_tables_are_told(place: Place) -> None:
    everything = sorted(place.sync())
    place.stack.delete_entry("author", "e1")
    run.sync(place.target)
    assert sorted(place.sync()) == everything
    assert list(place.sync()) == ["sync_runs"]
