"""One scenario with every kind of event, for any destination.

After each step a run ends, and the tables are compared with the stack.
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
from tests.destinations import Warehouse
from tests.oracle import assert_equal_at
from tests.oracle_references import expected_views
from tests.small_stack import MODELS, filled_stack

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
"""Text that a file format or an SQL dialect may misread."""


@dataclass
class Scenario:
    """A stack and its destination.

    Attributes:
        place: where the tables are.
        target: the same for a run.
    """

    warehouse: Warehouse
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
        assert_equal_at(self.warehouse, self.stack)

    def rows(self, sql: str, table: str) -> list[tuple[Any, ...]]:
        """Run a query with the table in place of `{}`."""
        with self.target.pipeline().sql_client() as client:
            found = client.execute_sql(sql.format(client.make_qualified_table_name(table)))
            return [tuple(row) for row in found or ()]


def odd_values(scenario: Scenario) -> None:
    for number, odd_text in enumerate(ODD_TEXTS):
        text = odd_text[: scenario.warehouse.most_bytes]
        fields = {"title": text, "notes": [text, text], "rich": {"type": "doc", "children": [text]}}
        scenario.stack.publish_entry("author", f"odd{number}", {"born": None, **fields}, "en-us")
    numbers = {"rating": 1e300, "counts": [0, -1, 2**53, 2**63 - 1, 2**64 - 1, 0.1, 1e-300]}
    scenario.stack.publish_entry("article", "numbers", {"title": "Numbers", **numbers}, "en-us")
    instants = {"born": "1969-07-20T22:17:40.123456+02:00"}
    scenario.stack.publish_entry("author", "instant", {"title": "Instant", **instants}, "en-us")
    assert scenario.sync().rejects == 0


def lists_shrink_and_grow(scenario: Scenario) -> None:
    parts = [{"heading": "only", "notes": []}, {"heading": "", "notes": ["a", "b", "c"]}]
    scenario.stack.publish_entry("article", "e1", {"title": "Shorter", "parts": parts[:1]}, "en-us")
    scenario.stack.publish_entry("article", "e2", {"title": "None"}, "en-us")
    scenario.stack.publish_entry("article", "e3", {"title": "More", "parts": parts * 3}, "de-de")
    assert scenario.sync().rows_upserted == 3


def unknown_fields_and_mismatched_values(scenario: Scenario) -> None:
    fields = {"title": 5, "rating": "five stars", "invented": True, "seo": {"depth": {"er": 1}}}
    scenario.stack.publish_entry("article", "e1", fields, "en-us")
    scenario.stack.publish_entry("author", "e1", {"title": "A", "born": "long ago"}, "en-us")
    summary = scenario.sync()
    assert {"article.invented", "article.seo__depth__er"} <= summary.unknown.keys()
    assert {"article.rating__v_text", "author.born__v_text"} <= summary.variants.keys()


def deletes_of_every_kind(scenario: Scenario) -> None:
    scenario.behavior.delete_data = "no_locale"
    scenario.stack.unpublish_entry("article", "e1", "en-us")
    scenario.stack.delete_entry("article", "e2")
    scenario.stack.delete_asset("a1")
    scenario.sync()
    scenario.behavior.delete_data = "uid_locale"
    scenario.stack.publish_asset("a1", {"title": "Again", "tags": ["t"]}, "en-us")
    scenario.stack.publish_asset("a2", {"title": "Another"}, "de-de")
    scenario.stack.unpublish_entry("article", "e3", "de-de")
    scenario.stack.delete_entry("author", "e1", "de-de")
    scenario.stack.delete_entry("author", "never published")
    scenario.sync()


def deleted_assets_and_a_recreated_type(scenario: Scenario) -> None:
    scenario.stack.unpublish_asset("a1", "en-us")
    scenario.stack.delete_asset("a2", "de-de")
    scenario.stack.delete_content_type("article")
    scenario.sync()
    if not scenario.warehouse.has_nested_lists:
        assert scenario.rows("SELECT count(*) FROM {}", "article__parts") == [(0,)]
    scenario.stack.create_content_type("article", MODELS["article"])
    fields = {"title": "Back", "parts": [{"heading": "h", "notes": ["n"]}]}
    scenario.stack.publish_entry("article", "e1", fields, "en-us")
    scenario.sync()


def a_lost_working_folder(scenario: Scenario) -> None:
    shutil.rmtree(scenario.target.folder)
    scenario.stack.delete_entry("author", "e2")
    assert scenario.sync().events == {"entry_deleted": 2}


def a_dropped_table(scenario: Scenario) -> None:
    dropped = ["author"] if scenario.warehouse.has_nested_lists else ["article__parts", "author"]
    with scenario.target.pipeline().destination_client() as client:
        client.drop_tables(*dropped, delete_schema=False)  # type: ignore[attr-defined]
    recreated = scenario.sync().recreated
    assert sorted(recreated) == dropped, recreated


def full_syncs(scenario: Scenario) -> None:
    scenario.stack.delete_entry("author", "e3")
    scenario.stack.tokens.forget()
    summary = scenario.sync()
    assert (summary.invalid_tokens, summary.recreated) == (1, [])
    scenario.stack.publish_entry("author", "e3", {"title": "Again"}, "en-us")
    run.resync(scenario.target)
    scenario.assert_equal()


def reference_views(scenario: Scenario) -> None:
    pipeline = scenario.target.pipeline()
    settings = load_local_settings()
    queries = {view.name: view.query for view in views_of(pipeline, settings)}
    for view, wanted in expected_views(scenario.stack).items():
        columns = ", ".join(wanted.columns)
        if scenario.warehouse.has_nested_lists:  # a lake has no views: readers run the query
            query = f"SELECT {columns} FROM ({queries[view]}) AS expected"
            found = pipeline.dataset().query(query, "duckdb").fetchall()
        else:
            found = scenario.rows(f"SELECT {columns} FROM {{}}", view)
        assert set(map(tuple, found)) == wanted.rows, view
        assert len(found) == len(wanted.rows), view


def status_log_and_checks(scenario: Scenario) -> None:
    status = run.status(scenario.target)
    assert status.sync_state is not None
    assert status.row_counts["entries"] == len(scenario.stack.published_entries())
    outcomes = scenario.rows("SELECT DISTINCT outcome FROM {}", "sync_runs")
    assert outcomes == [("ok",)]
    (twice,) = scenario.rows("SELECT count(*) - count(DISTINCT _dlt_id) FROM {}", "sync_events")
    assert twice == (0,)
    drift = list(check(scenario.target))
    assert [each.exit_code for each in drift] == [0] * len(drift), drift


STEPS: tuple[Callable[[Scenario], None], ...] = (
    odd_values,
    lists_shrink_and_grow,
    unknown_fields_and_mismatched_values,
    deletes_of_every_kind,
    deleted_assets_and_a_recreated_type,
    a_lost_working_folder,
    a_dropped_table,
    full_syncs,
    reference_views,
    status_log_and_checks,
)
