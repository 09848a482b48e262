"""One scenario with every kind of event, for any destination.

After each step a run ends, and the tables are compared with the stack.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

from contentstack_source.dataset.view_definitions import views_of
from contentstack_source.runs import run
from contentstack_source.runs.check import check
from contentstack_source.runs.summary import RunSummary
from contentstack_source.source.configuration import load_local_settings
from tests.support.harness import Job
from tests.support.oracle_references import expected_views
from tests.support.small_stack import MODELS

Step = Callable[[Job], None]

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


def sync(job: Job) -> RunSummary:
    summary = job.sync()
    assert summary.is_caught_up
    assert not summary.failed_views
    return summary


def odd_values(job: Job) -> None:
    for number, odd_text in enumerate(ODD_TEXTS):
        text = odd_text[: job.warehouse.most_bytes]
        fields = {"title": text, "notes": [text, text], "rich": {"type": "doc", "children": [text]}}
        job.stack.publish_entry("author", f"odd{number}", {"born": None, **fields}, "en-us")
    numbers = {"rating": 1e300, "counts": [0, -1, 2**53, 2**63 - 1, 2**64 - 1, 0.1, 1e-300]}
    job.stack.publish_entry("article", "numbers", {"title": "Numbers", **numbers}, "en-us")
    instants = {"born": "1969-07-20T22:17:40.123456+02:00"}
    job.stack.publish_entry("author", "instant", {"title": "Instant", **instants}, "en-us")
    assert sync(job).rejects == 0


def lists_and_unknown_fields(job: Job) -> None:
    """Lists shrink and grow; fields are unknown, and values do not match their column."""
    parts = [{"heading": "only", "notes": []}, {"heading": "", "notes": ["a", "b", "c"]}]
    job.stack.publish_entry("article", "e1", {"title": "Shorter", "parts": parts[:1]}, "en-us")
    job.stack.publish_entry("article", "e2", {"title": "None"}, "en-us")
    job.stack.publish_entry("article", "e3", {"title": "More", "parts": parts * 3}, "de-de")
    fields = {"title": 5, "rating": "five stars", "invented": True, "seo": {"depth": {"er": 1}}}
    job.stack.publish_entry("article", "e1", fields, "de-de")
    job.stack.publish_entry("author", "e1", {"title": "A", "born": "long ago"}, "en-us")
    summary = sync(job)
    assert summary.rows_upserted == 5
    assert {"article.invented", "article.seo__depth__er"} <= summary.unknown.keys()
    assert {"article.rating__v_text", "author.born__v_text"} <= summary.variants.keys()


def deletes_without_a_locale(job: Job) -> None:
    job.behavior.delete_data = "no_locale"
    job.stack.unpublish_entry("article", "e1", "en-us")
    job.stack.delete_entry("article", "e2")
    job.stack.delete_asset("a1")
    sync(job)


def deletes_with_a_locale_and_a_lost_working_folder(job: Job) -> None:
    job.behavior.delete_data = "uid_locale"
    job.stack.publish_asset("a1", {"title": "Again", "tags": ["t"]}, "en-us")
    job.stack.publish_asset("a2", {"title": "Another"}, "de-de")
    job.stack.unpublish_entry("article", "e3", "de-de")
    job.stack.delete_entry("author", "e1", "de-de")
    job.stack.delete_entry("author", "never published")
    shutil.rmtree(job.target.folder)
    summary = sync(job)
    assert summary.events == {"asset_published": 2, "entry_unpublished": 1, "entry_deleted": 1}


def deleted_assets_and_a_recreated_type(job: Job) -> None:
    job.stack.unpublish_asset("a1", "en-us")
    job.stack.delete_asset("a2", "de-de")
    job.stack.delete_content_type("article")
    sync(job)
    if not job.warehouse.has_nested_lists:
        assert job.at("SELECT count(*) FROM {}", "article__parts") == [(0,)]
    job.stack.create_content_type("article", MODELS["article"])
    fields = {"title": "Back", "parts": [{"heading": "h", "notes": ["n"]}]}
    job.stack.publish_entry("article", "e1", fields, "en-us")
    sync(job)


def a_dropped_table_and_a_resync(job: Job) -> None:
    dropped = ["author"] if job.warehouse.has_nested_lists else ["article__parts", "author"]
    with job.target.pipeline().destination_client() as client:
        client.drop_tables(*dropped, delete_schema=False)  # type: ignore[attr-defined]
    recreated = run.resync(job.target).recreated
    assert sorted(recreated) == dropped, recreated
    job.assert_equal()


def an_invalid_token(job: Job) -> None:
    job.stack.delete_entry("author", "e3")
    job.stack.tokens.forget()
    summary = sync(job)
    assert (summary.invalid_tokens, summary.recreated) == (1, [])


def reference_views(job: Job) -> None:
    pipeline = job.target.pipeline()
    settings = load_local_settings()
    queries = {view.name: view.query for view in views_of(pipeline, settings)}
    for view, wanted in expected_views(job.stack).items():
        columns = ", ".join(wanted.columns)
        if job.warehouse.has_nested_lists:  # a lake has no views: readers run the query
            query = f"SELECT {columns} FROM ({queries[view]}) AS expected"
            found = pipeline.dataset().query(query, "duckdb").fetchall()
        else:
            found = job.at(f"SELECT {columns} FROM {{}}", view)
        assert set(map(tuple, found)) == wanted.rows, view
        assert len(found) == len(wanted.rows), view


def status_log_and_checks(job: Job) -> None:
    status = run.status(job.target)
    assert status.sync_state is not None
    assert status.row_counts["entries"] == len(job.stack.published_entries())
    outcomes = job.at("SELECT DISTINCT outcome FROM {}", "sync_runs")
    assert outcomes == [("ok",)]
    (twice,) = job.at("SELECT count(*) - count(DISTINCT _dlt_id) FROM {}", "sync_events")
    assert twice == (0,)
    drift = list(check(job.target))
    assert [each.exit_code for each in drift] == [0] * len(drift), drift


STEPS: tuple[Step, ...] = (
    odd_values,
    lists_and_unknown_fields,
    deletes_without_a_locale,
    deletes_with_a_locale_and_a_lost_working_folder,
    deleted_assets_and_a_recreated_type,
    a_dropped_table_and_a_resync,
    an_invalid_token,
    reference_views,
    status_log_and_checks,
)
FEW_STEPS: tuple[Step, ...] = (
    odd_values,
    lists_and_unknown_fields,
    deletes_with_a_locale_and_a_lost_working_folder,
    reference_views,
    status_log_and_checks,
)
"""Values of every kind, lists, unknown fields, deletes and a lost working folder."""
