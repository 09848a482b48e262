"""Many stacks: one partition per stack, with its own credentials, dataset and pipeline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contentstack_source.dagster import contentstack_definitions
from contentstack_source.destinations.target import Target
from contentstack_source.simulator import serve
from tests.orchestrators.dagster.conftest import Location, Result, check, run_job
from tests.support.harness import configure
from tests.support.oracle import assert_equal
from tests.support.small_stack import small_stack

STACKS = {
    name: Target(dataset=f"cms_{name}", pipeline_name=f"cms_{name}") for name in ("here", "there")
}


@pytest.fixture
def there(location: Location, monkeypatch: pytest.MonkeyPatch) -> Iterator[Location]:
    """Add a second stack; each has its credentials under its pipeline's name."""
    stack = small_stack()
    stack.create_content_type("page", [{"uid": "title", "data_type": "text"}])
    stack.publish_entry("page", "p1", {"title": "Home"}, "en-us")
    for name in ("API_KEY", "DELIVERY_TOKEN", "ENVIRONMENT", "BASE_URL"):
        monkeypatch.delenv(f"SOURCES__CONTENTSTACK__{name}")
    configure(monkeypatch, location.server, "cms_here")
    with serve(stack) as server:
        configure(monkeypatch, server, "cms_there")
        location.defs = contentstack_definitions(STACKS)
        yield Location(stack, server, location.file, location.instance)


def sync(location: Location, name: str) -> Result:
    return run_job(location.defs, location.instance, "contentstack", partition_key=name)


def test_each_partition_syncs_its_stack_into_its_dataset(
    location: Location, there: Location
) -> None:
    here = sync(location, "here")
    assert here.success, here.failure
    assert here.metadata["article"]["dagster/table_name"] == "cms_here.article"
    assert {name for _, name in here.checks} == {
        "unique_keys_here",
        "no_orphans_here",
        "fresh_here",
    }
    other = sync(location, "there")
    assert other.success, other.failure
    assert "article" not in other.metadata
    assert_equal(location.file, location.stack, "cms_here")
    assert_equal(location.file, there.stack, "cms_there")


@pytest.mark.usefixtures("there")
def test_the_assets_are_those_of_all_stacks(location: Location) -> None:
    tables = {key.path[-1] for key in location.defs.resolve_all_asset_keys()}
    assert {"article", "author", "page"} <= tables


def test_the_sensor_and_the_schedule_request_one_run_per_stack(
    location: Location, there: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [each.partition_key for each in check(location.defs, location.instance).run_requests]
    assert asked == ["here", "there"]
    sync(location, "here")
    sync(location, "there")
    assert check(location.defs, location.instance).skip_message == (
        "here: nothing new; there: nothing new"
    )
    there.stack.delete_entry("page", "p1")
    monkeypatch.setenv("CMS_HERE__SOURCES__CONTENTSTACK__BASE_URL", "http://127.0.0.1:9/v3")
    asked = [each.partition_key for each in check(location.defs, location.instance).run_requests]
    assert asked == ["there"]
    asked = [each.partition_key for each in location.tick().run_requests]
    assert asked == ["here", "there"]


@pytest.mark.usefixtures("there")
def test_the_checks_job_checks_every_stack(location: Location) -> None:
    sync(location, "here")
    sync(location, "there")
    location.sql("DELETE FROM cms_here.article WHERE uid = 'e1'")
    result = run_job(location.defs, location.instance, "contentstack_checks")
    assert {name for (_, name), passed in result.checks.items() if not passed} == {
        "no_orphans_here"
    }
    assert ("page", "unique_keys_there") in result.checks
