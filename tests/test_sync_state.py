"""The sync state: read from dlt's state, or ignored."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

import pytest

from contentstack_source.destinations.state import SyncState, parse_sync_state
from contentstack_source.source import sync_source
from contentstack_source.source.configuration import load_settings
from contentstack_source.source.run_context import RunContext
from tests.harness import MakesJob
from tests.small_stack import filled_stack

STATE = SyncState({"all": "blt1"}, {"environment": "production"}, {"blog": "blog"}, ["en-us"])


def test_a_sync_state_is_read_as_it_was_written() -> None:
    assert parse_sync_state({"sync_state": asdict(STATE)}) == STATE


@pytest.mark.parametrize("state", [{}, {"sync_state": None}, {"position": {"sync_token": "blt1"}}])
def test_the_state_of_another_version_is_ignored(state: dict[str, object]) -> None:
    assert parse_sync_state(state) is None


def test_a_sync_state_with_unknown_keys_is_ignored() -> None:
    assert parse_sync_state({"sync_state": {**asdict(STATE), "more": 1}}) is None


def test_tables_of_an_older_layout_are_reloaded_and_reported(
    make_job: MakesJob,
) -> None:
    job = make_job(filled_stack())
    job.sync()
    pipeline = job.target.pipeline()
    with pipeline.managed_state() as state:
        sources = cast("dict[str, Any]", state)["sources"]
        sync_state = sources["contentstack"]["resources"]["sync"]["sync_state"]
        assert sync_state["table_options"].pop("table_layout") > 1
    context = RunContext()
    pipeline.run(sync_source(load_settings(), context))
    assert context.stats.changed_table_options == ["table_layout"]
    assert context.stats.full_sync_streams == {"all"}
    assert job.sync().passes == 0
