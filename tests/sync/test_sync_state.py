"""A sync state of another version, end to end."""

from __future__ import annotations

from typing import Any, cast

from contentstack_source.source import sync_source
from contentstack_source.source.configuration import load_settings
from contentstack_source.source.run_context import RunContext
from tests.support.harness import Job


def test_tables_of_an_older_layout_are_reloaded_and_reported(
    synced_job: Job,
) -> None:
    pipeline = synced_job.target.pipeline()
    with pipeline.managed_state() as state:
        sources = cast("dict[str, Any]", state)["sources"]
        sync_state = sources["contentstack"]["resources"]["sync"]["sync_state"]
        assert sync_state["table_options"].pop("table_layout") > 1
    context = RunContext()
    pipeline.run(sync_source(load_settings(), context))
    assert context.stats.changed_table_options == ["table_layout"]
    assert context.stats.full_sync_streams == {"all"}
    assert synced_job.sync().passes == 0
