"""End to end: a stack over HTTP, the source, a DuckDB file, and every row compared."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest

from contentstack_source import contentstack_source
from contentstack_source.events import EVENT_TYPES
from contentstack_source.simulator import (
    Behavior,
    Server,
    Stack,
    demo_stack,
    edit,
    editors_at_work,
    serve,
)
from contentstack_source.source import sync_source
from contentstack_source.source.configuration import load_settings
from contentstack_source.source.run_context import RunContext
from contentstack_source.source.stats import PassStats
from tests.oracle import assert_equal
from tests.small_stack import filled_stack


class Load:
    """A pipeline of one test, from a simulated stack into a DuckDB file."""

    def __init__(self, stack: Stack, server: Server, folder: Path) -> None:
        self.stack = stack
        self.server = server
        self.file = str(folder / "warehouse.duckdb")
        self.pipeline = dlt.pipeline(
            "mirror",
            pipelines_dir=str(folder / "dlt"),
            destination=dlt.destinations.duckdb(self.file),
            dataset_name="contentstack",
        )

    def settings(self, **settings: object) -> dict[str, Any]:
        chosen: dict[str, Any] = {
            "api_key": self.stack.api_key,
            "delivery_token": self.stack.delivery_token,
            "environment": self.stack.environment,
            "base_url": self.server.base_url,
        }
        return {**chosen, **settings}

    def source(self, **settings: object) -> dlt.sources.DltSource:
        return contentstack_source(**self.settings(**settings))

    def run(self, **settings: object) -> PassStats:
        context = RunContext()
        self.pipeline.run(sync_source(load_settings(self.settings(**settings)), context))
        return context.stats

    def assert_equal(self) -> None:
        assert_equal(self.file, self.stack)


@pytest.fixture
def behavior() -> Behavior:
    return Behavior()


@pytest.fixture
def load(behavior: Behavior, tmp_path: Path) -> Iterator[Load]:
    """A small stack with everything published."""
    stack = filled_stack()
    with serve(stack, behavior) as server:
        yield Load(stack, server, tmp_path)


@pytest.fixture
def demo(behavior: Behavior, tmp_path: Path) -> Iterator[Load]:
    """The demo's stack: every kind of field."""
    stack = demo_stack(150)
    with serve(stack, behavior) as server:
        yield Load(stack, server, tmp_path)


def test_every_kind_of_field_is_equal_to_the_stack_and_stays_so(demo: Load) -> None:
    first = demo.run()
    demo.assert_equal()
    editors_at_work(demo.stack)
    second = demo.run()
    demo.assert_equal()
    assert (first.full_sync_streams, second.full_sync_streams) == ({"all"}, set())
    assert first.events == {"entry_published": 135, "asset_published": 15}
    assert second.events["content_type_deleted"] == 1


def test_an_unchanged_delta_costs_one_request_and_loads_nothing(load: Load) -> None:
    load.run()
    load.server.clear()
    source = load.source()
    info = load.pipeline.run(source)
    assert not info.loads_ids
    assert len(load.server.requests) == 1


def test_the_source_has_a_resource_per_event_type_and_three_more(load: Load) -> None:
    assert set(load.source().resources) == {*EVENT_TYPES, "content_types", "sync_events", "sync"}


@pytest.mark.parametrize("order", ["newest_first", "oldest_first", "shuffled"])
def test_tables_follow_random_edits_in_any_order_of_events(
    demo: Load, behavior: Behavior, order: Any
) -> None:
    behavior.order, behavior.delta = order, "log"
    rng = random.Random(order)
    demo.run()
    for _ in range(100):
        edit(demo.stack, rng)
    demo.run()
    demo.assert_equal()


@pytest.mark.parametrize(
    "switch",
    [
        "asset_without_content_type_uid",
        "counts_when_empty",
        "entry_deleted_with_content_type",
    ],
)
def test_tables_follow_the_stack_under_every_service_behavior(
    load: Load, behavior: Behavior, switch: str
) -> None:
    setattr(behavior, switch, True)
    load.run()
    load.assert_equal()
    load.stack.publish_asset("a1", {"title": "Another picture"})
    load.stack.delete_content_type("article")
    load.run()
    load.assert_equal()
    assert not load.run().has_moved


def test_a_row_without_publish_details_has_the_locale_of_its_content(
    load: Load, behavior: Behavior
) -> None:
    behavior.missing_publish_details = True
    load.run()
    rows = load.pipeline.dataset()("SELECT content_type_uid, uid, locale FROM entries").fetchall()
    assert sorted(rows) == sorted(load.stack.published_entries())


@pytest.mark.parametrize("delete_data", ["with_title", "no_locale"])
def test_deletes_of_every_form_delete_the_same_rows(
    load: Load, behavior: Behavior, delete_data: Any
) -> None:
    behavior.delete_data = delete_data
    load.run()
    rng = random.Random(delete_data)
    keys = rng.sample(load.stack.published_keys(), 8)
    for content_type_uid, uid, locale in keys[:4]:
        if content_type_uid == "sys_assets":
            load.stack.unpublish_asset(uid, locale)
        else:
            load.stack.unpublish_entry(content_type_uid, uid, locale)
    for content_type_uid, uid, _ in keys[4:]:
        if content_type_uid == "sys_assets":
            load.stack.delete_asset(uid)
        else:
            load.stack.delete_entry(content_type_uid, uid)
    load.run()
    load.assert_equal()


def test_a_content_type_deleted_and_recreated_has_only_later_entries(
    load: Load,
) -> None:
    load.run()
    load.stack.delete_content_type("article")
    load.stack.create_content_type("article", [{"uid": "title", "data_type": "text"}])
    load.stack.publish_entry("article", "blt_again", {"title": "Again", "flag": True})
    load.run()
    load.assert_equal()


def test_a_worker_without_its_disk_reads_the_token_from_the_destination(
    load: Load, tmp_path: Path
) -> None:
    load.run()
    load.stack.delete_entry("article", "e1")
    moved = Load(load.stack, load.server, tmp_path)
    moved.pipeline = dlt.pipeline(
        "mirror",
        pipelines_dir=str(tmp_path / "another_machine"),
        destination=dlt.destinations.duckdb(load.file),
        dataset_name="contentstack",
    )
    report = moved.run()
    assert not report.full_sync_streams
    moved.assert_equal()


@pytest.mark.parametrize("refresh", ["drop_sources", "drop_resources", "drop_data"])
def test_refreshing_a_resource_starts_a_full_sync(load: Load, refresh: Any) -> None:
    load.run()
    load.pipeline.run(load.source(), refresh=refresh)
    load.assert_equal()


def test_a_forbidden_content_model_is_replaced_by_inferred_types(
    load: Load, behavior: Behavior
) -> None:
    behavior.content_types_forbidden = True
    report = load.run()
    assert "403" in report.model_error
    assert report.drift.without_model == ["article", "author"]
    load.assert_equal()


def test_the_stats_of_a_pass_show_merges_and_batch_size(load: Load) -> None:
    first = load.run()
    load.stack.publish_entry("author", "e1", {"title": "Again"}, "en-us")
    second = load.run()
    assert (first.merges, second.merges) == (False, True)
    assert first.largest_batch_bytes > second.largest_batch_bytes > 0
