"""The view unused_assets, end to end."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from contentstack_source.runs import run
from contentstack_source.simulator import Stack, fields
from tests.support.harness import Job, MakesJob
from tests.support.small_stack import address, filled_stack
from tests.support.warehouses import MakesWarehouse, at


def unused(job: Job) -> list[tuple[Any, ...]]:
    return sorted(job.view("unused_assets", "uid, locales"))


@pytest.mark.integration
@at("duckdb", "postgres")
@pytest.mark.parametrize("deletes", ["hard", "soft"])
def test_all_assets_are_unused_until_an_entry_names_them(
    make_job: MakesJob, make_warehouse: MakesWarehouse, deletes: str
) -> None:
    stack = Stack()
    stack.create_content_type("page", [fields.title(), fields.html("html")])
    for uid in ("blt1", "blt2", "blt3"):
        stack.publish_asset(uid, {"title": uid}, "en-us")
    stack.publish_asset("blt1", {"title": "blt1"}, "de-de")
    job = make_job(stack, make_warehouse, DELETES=deletes)
    job.sync()
    assert unused(job) == [("blt1", 2), ("blt2", 1), ("blt3", 1)]

    stack.publish_entry("page", "p1", {"html": f'<img src="{address("blt1")}">'}, "en-us")
    stack.delete_asset("blt3")
    job.sync()
    assert unused(job) == [("blt2", 1)]

    stack.unpublish_entry("page", "p1", "en-us")
    job.sync()
    assert unused(job) == [("blt1", 2), ("blt2", 1)]


@pytest.mark.parametrize(
    "setting", [{"EVENT_TYPES": "asset_published"}, {"ENTRY_REFERENCES": "false"}]
)
def test_unused_assets_does_not_exist_without_references(
    make_job: MakesJob, setting: dict[str, str]
) -> None:
    job = make_job(filled_stack(), **setting)
    assert run.sync(job.target).row_counts["assets"] == 2
    with pytest.raises(DatabaseUndefinedRelation):
        unused(job)
