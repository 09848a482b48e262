"""References of entries, end to end: how they change between two loads, and the views of them."""

from __future__ import annotations

import random

import pytest
from click.testing import CliRunner

from contentstack_source.cli.main import main
from contentstack_source.runs.summary import odd_lines
from contentstack_source.simulator import fields
from tests.support.harness import Job
from tests.support.small_stack import content


def names_in(job: Job, kind: str) -> set[str]:
    sql = f"SELECT table_name FROM information_schema.tables WHERE table_type = '{kind}'"
    return {name for (name,) in job.rows(sql)}


def count(job: Job, sql: str) -> int:
    ((found,),) = job.rows(f"SELECT count(*) FROM {sql}")
    return int(found)


VIEWS = {"broken_references", "unreferenced_entries", "unused_assets"}


@pytest.mark.integration
def test_changed_table_options_reload_all_tables_and_are_reported(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__ENTRY_REFERENCES", "false")
    assert job.run().changed_table_options == []
    assert "entry_references" not in names_in(job, "BASE TABLE")

    monkeypatch.setenv("SOURCES__CONTENTSTACK__ENTRY_REFERENCES", "true")
    monkeypatch.setenv("SOURCES__CONTENTSTACK__RICH_TEXT", "true")
    switched_on = job.run()
    assert switched_on.changed_table_options == ["entry_references", "rich_text"]
    assert any("entry_references, rich_text" in line for line in odd_lines(switched_on))
    job.assert_equal()
    assert names_in(job, "VIEW") == VIEWS | {"locale_coverage"}
    assert count(job, "article WHERE body IS NOT NULL AND body__markdown IS NULL") == 0
    assert count(job, "article WHERE body__markdown LIKE '%[there](https://example.org)%'") > 0

    job.stack.publish_entry("article", "e1", content("article", random.Random(2)), "en-us")
    assert job.run().changed_table_options == []
    job.assert_equal()

    monkeypatch.setenv("SOURCES__CONTENTSTACK__ENTRY_REFERENCES", "false")
    assert job.run().changed_table_options == ["entry_references"]
    assert count(job, "entry_references") == 0
    assert names_in(job, "VIEW") == {"locale_coverage"}


@pytest.mark.integration
def test_references_are_deleted_with_their_entry_or_when_it_has_none(
    job: Job,
) -> None:
    job.run()
    job.assert_equal()
    job.stack.publish_entry("article", "e1", {"title": "Without references"}, "en-us")
    job.stack.unpublish_entry("article", "e2", "de-de")
    job.stack.delete_entry("article", "e3")
    job.run()
    job.assert_equal()
    assert count(job, "entry_references") > 0
    job.stack.delete_content_type("article")
    job.run()
    assert count(job, "entry_references") == 0


def test_a_stack_without_references_has_all_views(job: Job) -> None:
    for content_type_uid in ("article", "author"):
        job.stack.delete_content_type(content_type_uid)
    job.stack.create_content_type("page", [fields.title()])
    job.stack.publish_entry("page", "p1", {"title": "Alone"}, "en-us")
    job.run()
    assert count(job, "entry_references") == count(job, "broken_references") == 0
    assert count(job, "unreferenced_entries WHERE uid = 'p1'") == 1
    assert count(job, "unused_assets WHERE uid = 'a1' AND locales = 2") == 1


def test_the_command_prints_and_creates_the_views(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.run()
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", job.file)
    options = ["--pipelines-dir", str(job.target.folder)]
    job.execute("CREATE OR REPLACE VIEW contentstack.unused_assets AS SELECT 1 AS by_hand")
    printed = CliRunner().invoke(main, ["views", *options])
    assert (printed.exit_code, printed.output.count("CREATE VIEW")) == (0, 4)
    assert count(job, "unused_assets WHERE by_hand = 1") == 1

    assert CliRunner().invoke(main, ["views", "--create", *options]).exit_code == 0
    assert count(job, "unused_assets WHERE uid = 'none'") == 0
    job.execute(
        "USE contentstack; DROP VIEW unused_assets",
        next(s for s in printed.output.split(";\n") if "unused_assets" in s),
    )
    assert names_in(job, "VIEW") == VIEWS | {"locale_coverage"}


def test_a_view_that_cannot_be_created_is_reported_and_the_run_succeeds(
    job: Job,
) -> None:
    job.execute(
        "CREATE SCHEMA contentstack",
        "CREATE TABLE contentstack.unused_assets AS SELECT 1 AS by_hand",
    )
    summary = job.run()
    assert summary.failed_views.keys() == {"unused_assets"}
    assert any("The view unused_assets could not be made" in line for line in odd_lines(summary))
    assert count(job, "unused_assets WHERE by_hand = 1") == 1
    job.execute("DROP TABLE contentstack.unused_assets")
    assert job.run().failed_views == {}
    assert names_in(job, "VIEW") == VIEWS | {"locale_coverage"}
    job.assert_equal()
