"""The tables of content types, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dlt
import duckdb
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.orchestration.planned_tables import ContentTable, fetch_tables
from contentstack_source.runs import run
from contentstack_source.simulator import Stack, serve
from tests.small_stack import filled_stack

NOWHERE = "http://127.0.0.1:9/v3"


@dataclass
class Job:
    stack: Stack
    target: Target
    file: str


@pytest.fixture
def job(tmp_path: Path, configure: Callable[..., None]) -> Iterator[Job]:
    stack, file = filled_stack(), str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack) as server:
        configure(stack, server)
        yield Job(stack, target, file)


def test_the_tables_have_the_names_that_a_sync_gives_them(job: Job) -> None:
    job.stack.create_content_type("Author", [])
    job.stack.publish_entry("Author", "e1", {"title": "Ada"}, "en-us")
    planned = {each.content_type_uid: each.name for each in fetch_tables(job.target)}
    run.sync(job.target)
    with duckdb.connect(job.file, read_only=True) as con:
        rows = con.execute("SELECT uid, table_name FROM contentstack.content_types").fetchall()
    assert planned == dict(rows)
    assert planned["Author"] != "author"


def test_an_assigned_name_stays_when_a_better_match_comes(job: Job) -> None:
    job.stack.create_content_type("Blog_Post", [])
    job.stack.publish_entry("Blog_Post", "e1", {"title": "Hi"}, "en-us")
    run.sync(job.target)
    job.stack.create_content_type("blog_post", [])
    names = {each.content_type_uid: each.name for each in fetch_tables(job.target)}
    assert names["Blog_Post"] == "blog_post"
    assert names["blog_post"].startswith("blog_post_")


def test_tables_come_from_the_destination_if_the_stack_is_unreachable(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.sync(job.target)
    monkeypatch.setenv("SOURCES__CONTENTSTACK__BASE_URL", NOWHERE)
    assert fetch_tables(job.target) == [
        ContentTable("article", "article", "article"),
        ContentTable("author", "author", "author"),
    ]


def test_tables_come_from_the_stack_if_the_destination_is_unreadable(job: Job) -> None:
    Path(job.file).write_text("this is not a database")
    assert [each.name for each in fetch_tables(job.target)] == ["article", "author"]


def test_there_are_no_tables_if_both_are_unreachable(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__BASE_URL", NOWHERE)
    assert fetch_tables(job.target) == []
