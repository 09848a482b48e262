"""`contentstack-source demo`: the whole story on a simulated stack and a DuckDB file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import dlt
import duckdb
import pendulum
from rich.console import Console

from contentstack_source.cli import output
from contentstack_source.cli.progress import collector_for
from contentstack_source.dashboard.demo_data import FILE
from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.runs.summary import RunSummary, last_line
from contentstack_source.simulator import DAY, Stack, demo_stack, editors_at_work, serve

_QUERIES: Final = {
    "What is published, by type and locale": """
SELECT content_type_uid, locale, count(*) AS entries, max(published_at)::DATE AS latest
FROM contentstack.entries GROUP BY ALL ORDER BY entries DESC LIMIT 5""",
    "Whose posts are the longest list": """
SELECT a.title AS author, count(DISTINCT p._dlt_root_id) AS posts
FROM contentstack.blog_post__author p JOIN contentstack.author a USING (uid)
GROUP BY ALL ORDER BY posts DESC, author LIMIT 5""",
    "What editors did last": """
SELECT event_at, event_type, content_type_uid, locale
FROM contentstack.sync_events ORDER BY event_at DESC LIMIT 5""",
}


def run_demo(console: Console, *, entries: int, folder: str) -> None:
    """Run the demo and print what happens.

    Args:
        console: where to print.
        entries: published rows of the stack to begin with.
        folder: created again; holds the DuckDB file and dlt's working directory.

    Raises:
        ContentstackError: as any sync.
    """
    place = Path(folder).resolve()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    file = place / FILE
    target = Target(dlt.destinations.duckdb(str(file)), pipelines_dir=str(place / "dlt"))
    stack = demo_stack(entries, until=(pendulum.now("UTC") - DAY).isoformat())
    with serve(stack) as server, configured(stack, server.base_url):
        _print_heading(
            console, f"A stack with {entries:,} published rows, served at {server.base_url}"
        )
        _print_heading(console, "First sync: everything")
        first = run.sync(target, collector_for(console))
        output.print_summary(console, first)
        _print_heading(console, "Editors at work")
        for line in editors_at_work(stack):
            console.print(f"  {line}", soft_wrap=True)
        _print_heading(console, "Second sync: only what changed")
        second = run.sync(target, collector_for(console))
        _print_changes(console, first, second)
        is_equal = _is_equal(stack, file)
    verdict = "equal" if is_equal else "NOT EQUAL"
    _print_heading(console, f"Published in the stack and in the tables: {verdict}")
    _print_queries(console, file)


def _print_heading(console: Console, line: str) -> None:
    console.print(f"\n{line}", style="bold", soft_wrap=True)


def _print_changes(console: Console, first: RunSummary, second: RunSummary) -> None:
    before, after = first.row_counts, second.row_counts
    console.print(last_line(second))
    for table in sorted({*before, *after}):
        old, new = before.get(table, 0), after.get(table, 0)
        if old != new:
            console.print(f"  {table:<34} {old:>7,} -> {new:>7,}  ({new - old:+,})")


def _is_equal(stack: Stack, file: Path) -> bool:
    """Compare the keys and versions of every published entry and asset."""
    versions = "SELECT {}, uid, locale, _version FROM contentstack.{}"
    with duckdb.connect(str(file), read_only=True) as con:
        entries = con.execute(versions.format("content_type_uid", "entries")).fetchall()
        assets = con.execute(versions.format("'sys_assets'", "assets")).fetchall()
    published = {
        (*key, item["data"]["_version"]) for key, item in stack.published_entries().items()
    } | {
        ("sys_assets", *key, item["data"]["_version"])
        for key, item in stack.published_assets().items()
    }
    return {*entries, *assets} == published


def _print_queries(console: Console, file: Path) -> None:
    shown = os.path.relpath(file)
    _print_heading(console, f"The file is {shown}. Three queries worth running:")
    with duckdb.connect(str(file), read_only=True) as con:
        for title, query in _QUERIES.items():
            console.print(f"\n-- {title}{query};", markup=False, soft_wrap=True)
            console.print(str(con.sql(query)), markup=False, soft_wrap=True)


@contextmanager
def configured(stack: Stack, base_url: str) -> Iterator[None]:
    """Configure the source the way a user would, by the environment, for a while."""
    values = {
        "API_KEY": stack.api_key,
        "DELIVERY_TOKEN": stack.delivery_token,
        "ENVIRONMENT": stack.environment,
        "BASE_URL": base_url,
        "RICH_TEXT": "true",
        "HISTORY": "true",
    }
    variables = {f"SOURCES__CONTENTSTACK__{name}": value for name, value in values.items()}
    variables["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
