"""The tables of content types, before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentstack_source.orchestration.planned_tables import ContentTable, fetch_tables
from tests.support.harness import Job

NOWHERE = "http://127.0.0.1:9/v3"


def test_the_tables_have_the_names_that_a_sync_gives_them(job: Job) -> None:
    job.stack.create_content_type("Author", [])
    job.stack.publish_entry("Author", "e1", {"title": "Ada"}, "en-us")
    planned = {each.content_type_uid: each.name for each in fetch_tables(job.target)}
    job.run()
    assert planned == dict(job.rows("SELECT uid, table_name FROM content_types"))
    assert planned["Author"] != "author"


def test_an_assigned_name_stays_when_a_better_match_comes(job: Job) -> None:
    job.stack.create_content_type("Blog_Post", [])
    job.stack.publish_entry("Blog_Post", "e1", {"title": "Hi"}, "en-us")
    job.run()
    job.stack.create_content_type("blog_post", [])
    names = {each.content_type_uid: each.name for each in fetch_tables(job.target)}
    assert names["Blog_Post"] == "blog_post"
    assert names["blog_post"].startswith("blog_post_")


def test_tables_come_from_the_destination_if_the_stack_is_unreachable(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.run()
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
