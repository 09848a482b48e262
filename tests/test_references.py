"""References of entries: where they are found, and how they change between two loads."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from click.testing import CliRunner

from contentstack_source.cli.main import main
from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.runs.summary import odd_lines
from contentstack_source.simulator import Stack, fields, serve
from tests.conftest import Loaded
from tests.oracle import assert_equal
from tests.oracle_references import REFERENCE_COLUMNS, references_of
from tests.small_stack import content, filled_stack

A_REFERENCE = {"uid": "a", "_content_type_uid": "page"}


def embed(**attrs: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in attrs.items()}
    return {"type": "reference", "attrs": named, "children": [{"text": ""}]}


def document(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "attrs": {}, "children": [{"type": "p", "children": list(nodes)}]}


SCHEMA = [
    fields.file("image"),
    fields.file("gallery", multiple=True),
    fields.reference("to", "page"),
    fields.old_reference("old", "page"),
    fields.link("more"),
    fields.group("not_a_link", fields.text("title"), fields.text("href")),
    fields.rich_text("body"),
    fields.custom("custom"),
    fields.global_field("seo", "seo", fields.file("picture")),
    fields.blocks(
        "sections",
        fields.block(
            "hero",
            fields.file("image"),
            fields.group(
                "cards", fields.reference("to", "page"), fields.link("more"), multiple=True
            ),
        ),
    ),
]

REFERENCES: list[tuple[dict[str, Any], list[tuple[Any, ...]]]] = [
    ({"image": "blt1"}, [("image", 0, "asset", "blt1", "sys_assets", None)]),
    ({"image": None, "gallery": [], "to": [], "more": {"title": "x", "href": ""}}, []),
    ({"image": "", "not_a_link": {"title": "x", "href": "/x"}}, []),
    (
        {"gallery": ["blt2", None, "blt1"]},
        [
            ("gallery", 0, "asset", "blt2", "sys_assets", None),
            ("gallery", 1, "asset", "blt1", "sys_assets", None),
        ],
    ),
    (
        {"to": [A_REFERENCE, A_REFERENCE]},
        [("to", 0, "entry", "a", "page", None), ("to", 1, "entry", "a", "page", None)],
    ),
    ({"to": A_REFERENCE}, [("to", 0, "entry", "a", "page", None)]),
    ({"old": ["b"]}, [("old", 0, "entry", "b", None, None)]),
    ({"more": {"title": "", "href": "/x"}}, [("more", 0, "url", None, None, "/x")]),
    ({"seo": {"picture": "blt1"}}, [("seo.picture", 0, "asset", "blt1", "sys_assets", None)]),
    ({"new_field": A_REFERENCE}, [("new_field", 0, "entry", "a", "page", None)]),
    ({"custom": document(embed(entry_uid="a"))}, []),
    (
        {
            "body": document(
                embed(entry_uid="a", content_type_uid="page", href="/a"),
                {"type": "a", "attrs": {"url": "https://x.org"}, "children": [{"text": "x"}]},
                embed(asset_uid="blt1", asset_link="https://x.org/1.png"),
                {"type": "img", "attrs": {"src": "https://x.org/2.png"}},
                {"type": "p", "attrs": {"style": {"url": "no"}}, "children": []},
            )
        },
        [
            ("body", 0, "entry", "a", "page", None),
            ("body", 1, "url", None, None, "https://x.org"),
            ("body", 2, "asset", "blt1", "sys_assets", None),
            ("body", 3, "url", None, None, "https://x.org/2.png"),
        ],
    ),
    (
        {
            "body": document(
                {
                    "type": "ul",
                    "attrs": {},
                    "children": [{"type": "a", "attrs": {"url": "/deep"}, "children": []}],
                },
                embed(asset_uid="blt1"),
            )
        },
        [
            ("body", 0, "url", None, None, "/deep"),
            ("body", 1, "asset", "blt1", "sys_assets", None),
        ],
    ),
    (
        {
            "sections": [
                {"hero": {"image": "blt1", "cards": [{"to": [{**A_REFERENCE, "uid": "c"}]}]}},
                {"other": {}},
                {"hero": {"cards": [{"more": {"href": "/1"}}, {"to": [A_REFERENCE]}]}},
                {"hero": {"image": "blt0"}},
            ]
        },
        [
            ("sections.hero.image", 0, "asset", "blt1", "sys_assets", None),
            ("sections.hero.image", 1, "asset", "blt0", "sys_assets", None),
            ("sections.hero.cards.to", 0, "entry", "c", "page", None),
            ("sections.hero.cards.to", 1, "entry", "a", "page", None),
            ("sections.hero.cards.more", 0, "url", None, None, "/1"),
        ],
    ),
]


@pytest.mark.parametrize(("entry", "references"), REFERENCES)
def test_a_reference_becomes_a_row_at_any_depth(
    entry: dict[str, Any], references: list[tuple[Any, ...]], loaded: Callable[..., Loaded]
) -> None:
    rows = loaded(entry, schema=SCHEMA).rows["entry_references"]
    found = [tuple(row[name] for name in REFERENCE_COLUMNS[3:]) for row in rows]
    assert sorted(found, key=repr) == sorted(references, key=repr)
    assert sorted(references_of(entry, SCHEMA), key=repr) == sorted(
        references, key=repr
    )  # the oracle agrees


@pytest.mark.parametrize(
    ("key", "shown"),
    [("it's", "it's"), ("a.b", "a.b"), ('"', '"'), ("nul\x00", "nul\ufffd"), ("", "")],
)
def test_any_key_can_hold_a_reference(key: str, shown: str, loaded: Callable[..., Loaded]) -> None:
    rows = loaded({"in": {key: [A_REFERENCE]}}, schema=[]).rows["entry_references"]
    assert [row["field_path"] for row in rows] == [f"in.{shown}"]


@pytest.fixture
def job(tmp_path: Path, configure: Callable[..., None]) -> Iterator[tuple[Stack, Target, str]]:
    stack = filled_stack()
    file = str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack) as server:
        configure(stack, server)
        yield stack, target, file


def names_in(file: str, kind: str) -> set[str]:
    sql = f"SELECT table_name FROM information_schema.tables WHERE table_type = '{kind}'"
    with duckdb.connect(file, read_only=True) as con:
        return {name for (name,) in con.execute(sql).fetchall()}


def count(file: str, sql: str) -> int:
    with duckdb.connect(file, read_only=True) as con:
        row = con.execute(f"SELECT count(*) FROM contentstack.{sql}").fetchone()
    return int(row[0]) if row else 0


VIEWS = {"broken_references", "unreferenced_entries", "unused_assets"}


def test_changed_table_options_reload_all_tables_and_are_reported(
    job: tuple[Stack, Target, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, target, file = job
    monkeypatch.setenv("SOURCES__CONTENTSTACK__ENTRY_REFERENCES", "false")
    assert run.sync(target).changed_table_options == []
    assert "entry_references" not in names_in(file, "BASE TABLE")

    monkeypatch.setenv("SOURCES__CONTENTSTACK__ENTRY_REFERENCES", "true")
    monkeypatch.setenv("SOURCES__CONTENTSTACK__RICH_TEXT", "true")
    switched_on = run.sync(target)
    assert switched_on.changed_table_options == ["entry_references", "rich_text"]
    assert any("entry_references, rich_text" in line for line in odd_lines(switched_on))
    assert_equal(file, stack)
    assert names_in(file, "VIEW") == VIEWS | {"locale_coverage"}
    assert count(file, "article WHERE body IS NOT NULL AND body__markdown IS NULL") == 0
    assert count(file, "article WHERE body__markdown LIKE '%[there](https://example.org)%'") > 0

    stack.publish_entry("article", "e1", content("article", random.Random(2)), "en-us")
    assert run.sync(target).changed_table_options == []
    assert_equal(file, stack)

    monkeypatch.setenv("SOURCES__CONTENTSTACK__ENTRY_REFERENCES", "false")
    assert run.sync(target).changed_table_options == ["entry_references"]
    assert count(file, "entry_references") == 0
    assert names_in(file, "VIEW") == {"locale_coverage"}


def test_references_are_deleted_with_their_entry_or_when_it_has_none(
    job: tuple[Stack, Target, str],
) -> None:
    stack, target, file = job
    run.sync(target)
    assert_equal(file, stack)
    stack.publish_entry("article", "e1", {"title": "Without references"}, "en-us")
    stack.unpublish_entry("article", "e2", "de-de")
    stack.delete_entry("article", "e3")
    run.sync(target)
    assert_equal(file, stack)
    assert count(file, "entry_references") > 0
    stack.delete_content_type("article")
    run.sync(target)
    assert count(file, "entry_references") == 0


def test_a_stack_without_references_has_all_views(job: tuple[Stack, Target, str]) -> None:
    stack, target, file = job
    for content_type_uid in ("article", "author"):
        stack.delete_content_type(content_type_uid)
    stack.create_content_type("page", [fields.title()])
    stack.publish_entry("page", "p1", {"title": "Alone"}, "en-us")
    run.sync(target)
    assert count(file, "entry_references") == count(file, "broken_references") == 0
    assert count(file, "unreferenced_entries WHERE uid = 'p1'") == 1
    assert count(file, "unused_assets WHERE uid = 'a1' AND locales = 2") == 1


def test_the_command_prints_and_creates_the_views(
    job: tuple[Stack, Target, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, target, file = job
    run.sync(target)
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", file)
    options = ["--pipelines-dir", str(target.folder)]
    with duckdb.connect(file) as con:
        con.execute("CREATE OR REPLACE VIEW contentstack.unused_assets AS SELECT 1 AS by_hand")
    printed = CliRunner().invoke(main, ["views", *options])
    assert (printed.exit_code, printed.output.count("CREATE VIEW")) == (0, 4)
    assert count(file, "unused_assets WHERE by_hand = 1") == 1

    assert CliRunner().invoke(main, ["views", "--create", *options]).exit_code == 0
    assert count(file, "unused_assets WHERE uid = 'none'") == 0
    with duckdb.connect(file) as con:
        con.execute("USE contentstack; DROP VIEW unused_assets")
        con.execute(next(s for s in printed.output.split(";\n") if "unused_assets" in s))
    assert names_in(file, "VIEW") == VIEWS | {"locale_coverage"}


def test_a_view_that_cannot_be_created_is_reported_and_the_run_succeeds(
    job: tuple[Stack, Target, str],
) -> None:
    stack, target, file = job
    with duckdb.connect(file) as con:
        con.execute("CREATE SCHEMA contentstack")
        con.execute("CREATE TABLE contentstack.unused_assets AS SELECT 1 AS by_hand")
    summary = run.sync(target)
    assert summary.failed_views.keys() == {"unused_assets"}
    assert any("The view unused_assets could not be made" in line for line in odd_lines(summary))
    assert count(file, "unused_assets WHERE by_hand = 1") == 1
    with duckdb.connect(file) as con:
        con.execute("DROP TABLE contentstack.unused_assets")
    assert run.sync(target).failed_views == {}
    assert names_in(file, "VIEW") == VIEWS | {"locale_coverage"}
    assert_equal(file, stack)
