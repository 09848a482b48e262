"""End to end: a stack over HTTP, the source, a DuckDB file, and every row compared."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contentstack_source import contentstack_source
from contentstack_source.events import EVENT_TYPES
from contentstack_source.simulator import (
    Behavior,
    demo_stack,
    edit,
    editors_at_work,
)
from contentstack_source.source import sync_source
from contentstack_source.source.configuration import load_settings
from contentstack_source.source.run_context import RunContext
from contentstack_source.source.stats import PassStats
from tests.support.harness import Job, MakesJob
from tests.support.params import by_default


@pytest.fixture
def demo(make_job: MakesJob, behavior: Behavior) -> Job:
    """The demo's stack: every kind of field."""
    return make_job(demo_stack(150), behavior=behavior)


def load(job: Job) -> PassStats:
    """Run one pass as dlt does."""
    context = RunContext()
    job.target.pipeline().run(sync_source(load_settings(), context))
    return context.stats


def test_every_kind_of_field_is_equal_to_the_stack_and_stays_so(demo: Job) -> None:
    first = load(demo)
    demo.assert_equal()
    editors_at_work(demo.stack)
    second = load(demo)
    demo.assert_equal()
    assert (first.full_sync_streams, second.full_sync_streams) == ({"all"}, set())
    assert first.events == {"entry_published": 135, "asset_published": 15}
    assert second.events["content_type_deleted"] == 1


def test_an_unchanged_delta_costs_one_request_and_loads_nothing(synced_job: Job) -> None:
    synced_job.server.clear()
    source = contentstack_source()
    info = synced_job.target.pipeline().run(source)
    assert not info.loads_ids
    assert len(synced_job.server.requests) == 1


@pytest.mark.usefixtures("job")
def test_the_source_has_a_resource_per_event_type_and_three_more() -> None:
    resources = {*EVENT_TYPES, "content_types", "sync_events", "sync"}
    assert set(contentstack_source().resources) == resources


@pytest.mark.parametrize(
    "order",
    by_default({"shuffled"}, ("newest_first", "oldest_first", "shuffled")),
)
def test_tables_follow_random_edits_in_any_order_of_events(synced_job: Job, order: Any) -> None:
    synced_job.behavior.order, synced_job.behavior.delta = order, "log"
    rng = random.Random(order)
    for _ in range(100):
        edit(synced_job.stack, rng)
    load(synced_job)
    synced_job.assert_equal()


@pytest.mark.integration
@pytest.mark.parametrize(
    "switch",
    [
        "asset_without_content_type_uid",
        "counts_when_empty",
        "entry_deleted_with_content_type",
    ],
)
def test_tables_follow_the_stack_under_every_service_behavior(
    job: Job, behavior: Behavior, switch: str
) -> None:
    setattr(behavior, switch, True)
    load(job)
    job.assert_equal()
    job.stack.publish_asset("a1", {"title": "Another picture"})
    job.stack.delete_content_type("article")
    load(job)
    job.assert_equal()
    assert not load(job).has_moved


def test_a_row_without_publish_details_has_the_locale_of_its_content(
    job: Job, behavior: Behavior
) -> None:
    behavior.missing_publish_details = True
    load(job)
    rows = job.rows("SELECT content_type_uid, uid, locale FROM entries")
    assert sorted(rows) == sorted(job.stack.published_entries())


@pytest.mark.parametrize("delete_data", ["with_title", "no_locale"])
def test_deletes_of_every_form_delete_the_same_rows(synced_job: Job, delete_data: Any) -> None:
    synced_job.behavior.delete_data = delete_data
    rng = random.Random(delete_data)
    keys = rng.sample(synced_job.stack.published_keys(), 8)
    for content_type_uid, uid, locale in keys[:4]:
        if content_type_uid == "sys_assets":
            synced_job.stack.unpublish_asset(uid, locale)
        else:
            synced_job.stack.unpublish_entry(content_type_uid, uid, locale)
    for content_type_uid, uid, _ in keys[4:]:
        if content_type_uid == "sys_assets":
            synced_job.stack.delete_asset(uid)
        else:
            synced_job.stack.delete_entry(content_type_uid, uid)
    load(synced_job)
    synced_job.assert_equal()


def test_a_content_type_deleted_and_recreated_has_only_later_entries(
    synced_job: Job,
) -> None:
    synced_job.stack.delete_content_type("article")
    synced_job.stack.create_content_type("article", [{"uid": "title", "data_type": "text"}])
    synced_job.stack.publish_entry("article", "blt_again", {"title": "Again", "flag": True})
    load(synced_job)
    synced_job.assert_equal()


def test_a_worker_without_its_disk_reads_the_token_from_the_destination(
    synced_job: Job, tmp_path: Path
) -> None:
    synced_job.stack.delete_entry("article", "e1")
    target = replace(synced_job.target, pipelines_dir=str(tmp_path / "another_machine"))
    moved = replace(synced_job, target=target)
    report = load(moved)
    assert not report.full_sync_streams
    moved.assert_equal()


@pytest.mark.parametrize(
    "refresh",
    by_default({"drop_resources"}, ("drop_sources", "drop_resources", "drop_data")),
)
def test_refreshing_a_resource_starts_a_full_sync(synced_job: Job, refresh: Any) -> None:
    synced_job.target.pipeline().run(contentstack_source(), refresh=refresh)
    synced_job.assert_equal()


def test_a_forbidden_content_model_is_replaced_by_inferred_types(
    job: Job, behavior: Behavior
) -> None:
    behavior.content_types_forbidden = True
    report = load(job)
    assert "403" in report.model_error
    assert report.drift.without_model == ["article", "author"]
    job.assert_equal()


@pytest.mark.integration
def test_the_stats_of_a_pass_show_merges_and_batch_size(job: Job) -> None:
    first = load(job)
    job.stack.publish_entry("author", "e1", {"title": "Again"}, "en-us")
    second = load(job)
    assert (first.merges, second.merges) == (False, True)
    assert first.largest_batch_bytes > second.largest_batch_bytes > 0
