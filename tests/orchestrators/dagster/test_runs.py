"""Runs of the job: the tables follow the stack, and Dagster gets what changed."""

from __future__ import annotations

import time

import dagster as dg
import pytest

from contentstack_source.dagster import contentstack_definitions
from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.simulator import Fault
from tests.orchestrators.dagster.conftest import Location, run_job

EVERY_TABLE = {
    "article",
    "assets",
    "author",
    "content_types",
    "entries",
    "sync_events",
    "sync_runs",
}


def test_each_run_materialises_the_tables_it_changed(
    location: Location,
) -> None:
    first = location.sync()
    assert first.metadata.keys() == EVERY_TABLE
    location.stack.delete_entry("author", "e1")
    assert location.sync().metadata.keys() == EVERY_TABLE - {"article", "assets"}
    assert location.sync().metadata.keys() == {"sync_runs"}


def test_a_materialisation_has_rows_lists_events_and_the_lag(
    location: Location,
) -> None:
    first = location.sync().metadata
    assert first["article"]["dagster/row_count"] == 6
    assert first["article"]["dagster/table_name"] == "contentstack.article"
    assert first["article"]["lists"]["article__parts"] == 7
    assert "rating" in {each.name for each in first["article"]["dagster/column_schema"].columns}
    assert first["entries"]["events"] == {"entry_published": 12}
    assert first["sync_events"]["events"] == {"asset_published": 2, "entry_published": 12}
    assert first["sync_runs"]["rows_upserted"] == 14
    location.stack.unpublish_entry("author", "e1", "de-de")
    author = location.sync().metadata["author"]
    assert author["events"] == {"entry_unpublished": 1}
    assert author["dagster/row_count"] == 5
    assert author["newest_event"] > first["author"]["newest_event"]
    assert author["lag_seconds"] == pytest.approx(time.time() - author["newest_event"], abs=60)


def test_every_table_is_materialised_after_a_run_outside_dagster(location: Location) -> None:
    location.sync()
    location.stack.delete_entry("author", "e1")
    run.sync(Target())
    assert location.sync().metadata.keys() == EVERY_TABLE
    assert location.sync().metadata.keys() == {"sync_runs"}


def test_a_run_of_one_asset_loads_and_materialises_all(location: Location) -> None:
    result = location.sync(asset_selection=[dg.AssetKey(["contentstack", "author"])])
    assert result.metadata.keys() == EVERY_TABLE


def test_a_new_content_type_is_loaded_and_materialised_before_the_location_reloads(
    location: Location,
) -> None:
    location.sync()
    location.stack.create_content_type("page", [{"uid": "title", "data_type": "text"}])
    location.stack.publish_entry("page", "p1", {"title": "Home"}, "en-us")
    key = dg.AssetKey(["contentstack", "page"])
    assert location.sync().metadata["page"]["dagster/row_count"] == 1
    assert key not in location.defs.resolve_all_asset_keys()
    location.load()
    assert key in location.defs.resolve_all_asset_keys()


def test_a_refused_run_fails_at_once_and_shows_no_secret(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN", "cs_wrong")
    result = location.sync()
    assert not result.success
    assert result.tries == 1
    assert "The service rejected the delivery token" in result.failure
    assert "Traceback" not in result.failure
    assert "cs_wrong" not in result.failure


def test_a_dataset_of_another_pipeline_is_refused_at_once(location: Location) -> None:
    run.sync(Target(pipeline_name="other", destination=Target().pipeline().destination))
    asked = len(location.server.requests)
    result = location.sync()
    assert not result.success
    assert result.tries == 1
    assert "is kept by pipeline other" in result.failure
    assert "resync --take-over" in result.failure
    paths = {each.path for each in location.server.requests[asked:]}
    assert not any("sync" in path for path in paths)


def test_a_run_is_retried_after_an_outage(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    defs = contentstack_definitions(
        {"contentstack": Target()}, retries=dg.RetryPolicy(max_retries=1, delay=0.01)
    )
    location.server.behavior.next_faults(Fault.status(503), Fault.status(503))
    result = run_job(defs, location.instance, "contentstack")
    assert not result.success
    assert result.tries == 2
    assert "503" in result.failure
    location.server.behavior.next_faults(Fault.status(503))
    assert run_job(defs, location.instance, "contentstack").success
