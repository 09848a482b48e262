"""The tables of content types, known before anything is loaded."""

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
from tests.small import filled_stack

NOWHERE = "http://127.0.0.1:9/v3"


@dataclass
class Place:
    stack: Stack
    target: Target
    file: str


@pytest.fixture
def place(tmp_path: Path, configure: Callable[..., None]) -> Iterator[Place]:
    stack, file = filled_stack(), str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack) as server:
        configure(stack, server)
        yield Place(stack, target, file)


def test_the_tables_have_the_names_that_a_sync_gives_them(place: Place) -> None:
    place.stack.create_content_type("Author", [])
    place.stack.publish_entry("Author", "e1", {"title": "Ada"}, "en-us")
    foretold = {each.content_type_uid: each.name for each in fetch_tables(place.target)}
    run.sync(place.target)
    with duckdb.connect(place.file, read_only=True) as con:
        rows = con.execute("SELECT uid, table_name FROM contentstack.content_types").fetchall()
    assert foretold == dict(rows)
    assert foretold["Author"] != "author"


def test_a_name_once_given_stays_when_a_better_claim_comes(place: Place) -> None:
    place.stack.create_content_type("Blog_Post", [])
    place.stack.publish_entry("Blog_Post", "e1", {"title": "Hi"}, "en-us")
    run.sync(place.target)
    place.stack.create_content_type("blog_post", [])
    names = {each.content_type_uid: each.name for each in fetch_tables(place.target)}
    assert names["Blog_Post"] == "blog_post"
    assert names["blog_post"].startswith("blog_post_")


def test_where_the_stack_is_away_the_destination_knows_the_tables(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.sync(place.target)
    monkeypatch.setenv("SOURCES__CONTENTSTACK__BASE_URL", NOWHERE)
    assert fetch_tables(place.target) == [
        ContentTable("article", "article", "article"),
        ContentTable("author", "author", "author"),
    ]


def test_where_the_destination_is_away_the_stack_knows_the_types(place: Place) -> None:
    Path(place.file).write_text("this is no database")
    assert [each.name for each in fetch_tables(place.target)] == ["article", "author"]


def test_where_both_are_away_there_are_none(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__BASE_URL", NOWHERE)
    assert fetch_tables(place.target) == []
