"""One story with every kind of event, to be lived through at any destination.

After each chapter a run ends, and the tables are held against the stack.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contentstack_source.dataset.view_definitions import views_of
from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.runs.check import check
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Behavior, Stack
from contentstack_source.source.configuration import load_local_settings
from tests.mirror import assert_equal_at
from tests.mirror_links import answers_of
from tests.places import Place
from tests.small import MODELS, filled_stack

ODD_TEXTS = (
    "",
    " ",
    "NULL",
    "\\N",
    "\"quoted\" and 'quoted'",
    "one\nline\r\nand, another\ttabbed",
    "back\\slash \\n \\u0041",
    "before\x00after",
    "{} %s $1 :name ; -- /* */",
    "Größe 東京 🎈",
    "x" * 70_000,
)
"""Text that a format on the way, or a dialect, may take for something else."""


@dataclass
class Story:
    """A stack and where it is loaded.

    Attributes:
        place: where the tables are.
        target: the same for a run.
    """

    place: Place
    target: Target
    stack: Stack = field(default_factory=filled_stack)
    behavior: Behavior = field(default_factory=Behavior)

    def sync(self) -> RunSummary:
        summary = run.sync(self.target)
        assert summary.is_caught_up
        assert not summary.failed_views
        self.assert_equal()
        return summary

    def assert_equal(self) -> None:
        assert_equal_at(self.place, self.stack)

    def rows(self, sql: str, table: str) -> list[tuple[Any, ...]]:
        """Run a query in which `{}` stands for the table."""
        with self.target.pipeline().sql_client() as client:
            found = client.execute_sql(sql.format(client.make_qualified_table_name(table)))
            return [tuple(row) for row in found or ()]


def odd_values(story: Story) -> None:
    for number, odd_text in enumerate(ODD_TEXTS):
        text = odd_text[: story.place.most_bytes]
        fields = {"title": text, "notes": [text, text], "rich": {"type": "doc", "children": [text]}}
        story.stack.publish_entry("author", f"odd{number}", {"born": None, **fields}, "en-us")
    numbers = {"rating": 1e300, "counts": [0, -1, 2**53, 2**63 - 1, 2**64 - 1, 0.1, 1e-300]}
    story.stack.publish_entry("article", "numbers", {"title": "Numbers", **numbers}, "en-us")
    instants = {"born": "1969-07-20T22:17:40.123456+02:00"}
    story.stack.publish_entry("author", "instant", {"title": "Instant", **instants}, "en-us")
    assert story.sync().rejects == 0


def lists_shrink_and_grow(story: Story) -> None:
    parts = [{"heading": "only", "notes": []}, {"heading": "", "notes": ["a", "b", "c"]}]
    story.stack.publish_entry("article", "e1", {"title": "Shorter", "parts": parts[:1]}, "en-us")
    story.stack.publish_entry("article", "e2", {"title": "None"}, "en-us")
    story.stack.publish_entry("article", "e3", {"title": "More", "parts": parts * 3}, "de-de")
    assert story.sync().rows_upserted == 3


def fields_nobody_knew_and_values_that_do_not_fit(story: Story) -> None:
    fields = {"title": 5, "rating": "five stars", "invented": True, "seo": {"depth": {"er": 1}}}
    story.stack.publish_entry("article", "e1", fields, "en-us")
    story.stack.publish_entry("author", "e1", {"title": "A", "born": "long ago"}, "en-us")
    summary = story.sync()
    assert {"article.invented", "article.seo__depth__er"} <= summary.unknown.keys()
    assert {"article.rating__v_text", "author.born__v_text"} <= summary.variants.keys()


def removals_of_every_kind(story: Story) -> None:
    story.behavior.delete_data = "no_locale"
    story.stack.unpublish_entry("article", "e1", "en-us")
    story.stack.delete_entry("article", "e2")
    story.stack.delete_asset("a1")
    story.sync()
    story.behavior.delete_data = "uid_locale"
    story.stack.publish_asset("a1", {"title": "Again", "tags": ["t"]}, "en-us")
    story.stack.publish_asset("a2", {"title": "Another"}, "de-de")
    story.stack.unpublish_entry("article", "e3", "de-de")
    story.stack.delete_entry("author", "e1", "de-de")
    story.stack.delete_entry("author", "never there")
    story.sync()


def assets_that_go_and_a_type_deleted_and_made_again(story: Story) -> None:
    story.stack.unpublish_asset("a1", "en-us")
    story.stack.delete_asset("a2", "de-de")
    story.stack.delete_content_type("article")
    story.sync()
    if not story.place.has_nested_lists:
        assert story.rows("SELECT count(*) FROM {}", "article__parts") == [(0,)]
    story.stack.create_content_type("article", MODELS["article"])
    fields = {"title": "Back", "parts": [{"heading": "h", "notes": ["n"]}]}
    story.stack.publish_entry("article", "e1", fields, "en-us")
    story.sync()


def a_worker_that_lost_its_disk(story: Story) -> None:
    shutil.rmtree(story.target.folder)
    story.stack.delete_entry("author", "e2")
    assert story.sync().events == {"entry_deleted": 2}


def a_table_dropped_by_somebody(story: Story) -> None:
    dropped = ["author"] if story.place.has_nested_lists else ["article__parts", "author"]
    with story.target.pipeline().destination_client() as client:
        client.drop_tables(*dropped, delete_schema=False)  # type: ignore[attr-defined]
    recreated = story.sync().recreated
    assert sorted(recreated) == dropped, recreated


def everything_read_anew(story: Story) -> None:
    story.stack.delete_entry("author", "e3")
    story.stack.tokens.forget()
    summary = story.sync()
    assert (summary.invalid_tokens, summary.recreated) == (1, [])
    story.stack.publish_entry("author", "e3", {"title": "Anew"}, "en-us")
    run.resync(story.target)
    story.assert_equal()


def what_content_teams_ask(story: Story) -> None:
    pipeline = story.target.pipeline()
    settings = load_local_settings()
    queries = {view.name: view.query for view in views_of(pipeline, settings)}
    for view, wanted in answers_of(story.stack).items():
        columns = ", ".join(wanted.columns)
        if story.place.has_nested_lists:  # no views in a lake: whoever reads it asks by the query
            query = f"SELECT {columns} FROM ({queries[view]}) AS asked"
            found = pipeline.dataset().query(query, "duckdb").fetchall()
        else:
            found = story.rows(f"SELECT {columns} FROM {{}}", view)
        assert set(map(tuple, found)) == wanted.rows, view
        assert len(found) == len(wanted.rows), view


def what_is_told_of_it_all(story: Story) -> None:
    status = run.status(story.target)
    assert status.sync_state is not None
    assert status.row_counts["entries"] == len(story.stack.published_entries())
    outcomes = story.rows("SELECT DISTINCT outcome FROM {}", "sync_runs")
    assert outcomes == [("ok",)]
    (twice,) = story.rows("SELECT count(*) - count(DISTINCT _dlt_id) FROM {}", "sync_events")
    assert twice == (0,)
    drift = list(check(story.target))
    assert [each.exit_code for each in drift] == [0] * len(drift), drift


CHAPTERS: tuple[Callable[[Story], None], ...] = (
    odd_values,
    lists_shrink_and_grow,
    fields_nobody_knew_and_values_that_do_not_fit,
    removals_of_every_kind,
    assets_that_go_and_a_type_deleted_and_made_again,
    a_worker_that_lost_its_disk,
    a_table_dropped_by_somebody,
    everything_read_anew,
    what_content_teams_ask,
    what_is_told_of_it_all,
)
