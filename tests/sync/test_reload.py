"""Reloads by dlt's own means, of a stack that changed since the last load."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt._workspace.cli._pipeline_command_helpers import drop_pipeline
from dlt._workspace.cli.echo import always_choose
from dlt.pipeline.exceptions import PipelineStepFailed

from contentstack_source import contentstack_source
from contentstack_source.errors import WorkingFolderError
from contentstack_source.runs import run
from contentstack_source.simulator import Stack
from contentstack_source.source import sync_source
from contentstack_source.source.configuration import load_settings
from contentstack_source.source.run_context import RunContext
from tests.support.harness import Job
from tests.support.params import by_default


class Script:
    """A script of a dlt user: a pipeline, and `run` with the source."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job = job
        self.folder = folder
        self.day = 0

    def pipeline(self, **chosen: Any) -> dlt.Pipeline:
        arguments = {"dataset_name": "contentstack", **chosen}
        made: dlt.Pipeline = dlt.pipeline(
            "contentstack",
            pipelines_dir=str(self.folder / "dlt"),
            destination=self.job.warehouse.destination,
            **arguments,
        )
        return made

    @property
    def spool_folder(self) -> Path:
        """Return the folder of stored pages; a run that loaded them leaves it empty."""
        return self.folder / "dlt" / ".contentstack.spool"

    def edit(self) -> None:
        self.day += 1
        stack = self.job.stack
        stack.delete_entry("article", f"e{self.day}")
        stack.publish_entry("author", "e4", {"title": f"Of day {self.day}"})
        stack.publish_asset(f"a{self.day + 1}", {"title": "Another picture"})
        stack.delete_asset(f"a{self.day}")

    def assert_equal(self) -> None:
        self.job.assert_equal()
        assert not self.spool_folder.exists()


@pytest.fixture
def script(synced_job: Job, tmp_path: Path) -> Script:
    """The first day is loaded."""
    synced_job.behavior.delta = "log"
    return Script(synced_job, tmp_path)


@pytest.mark.integration
def test_tables_equal_the_stack_after_a_nightly_refresh(script: Script) -> None:
    refreshes: tuple[Any, ...] = ("drop_sources", "drop_resources", "drop_data")
    for refresh in refreshes:
        script.edit()
        script.job.stack.publish_entry("author", "e1", {"title": "Again"})
        script.pipeline().run(contentstack_source(), refresh=refresh)
        script.assert_equal()


@pytest.mark.parametrize("disposition", by_default({"replace"}, ("replace", "append", "merge")))
@pytest.mark.parametrize("given", ["to run", "to the resources"])
def test_a_write_disposition_set_by_the_user_changes_nothing(
    script: Script, disposition: Any, given: str
) -> None:
    script.edit()
    source = contentstack_source()
    if given == "to run":
        script.pipeline().run(source, write_disposition=disposition)
    else:
        for each in source.resources.values():
            each.apply_hints(write_disposition=disposition)
        script.pipeline().run(source)
    script.assert_equal()


FOLDERS: dict[str, Callable[[Script], Any]] = {
    "kept": lambda script: script.pipeline(),
    "deleted": lambda script: shutil.rmtree(script.folder / "dlt"),
    "dropped by dlt": lambda script: script.pipeline().drop(),
}


@pytest.mark.integration
@pytest.mark.parametrize("refresh", [None, "drop_sources"])
@pytest.mark.parametrize(
    ("folder", "restores"), [*((each, "true") for each in FOLDERS), ("deleted", "false")]
)
def test_tables_equal_the_stack_in_any_state_of_the_working_folder(
    script: Script, folder: str, refresh: Any, restores: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without restoring, dlt does not know the tables: a deleted type must leave no rows."""
    monkeypatch.setenv("RESTORE_FROM_DESTINATION", restores)
    monkeypatch.setenv("SOURCES__CONTENTSTACK__MAX_DELETED_SHARE", "1")
    script.edit()
    script.job.stack.delete_content_type("author")
    FOLDERS[folder](script)
    script.pipeline().run(contentstack_source(), refresh=refresh)
    script.assert_equal()
    script.job.stack.delete_entry("article", "e2")
    script.pipeline().run(contentstack_source())
    script.assert_equal()


@pytest.mark.integration
def test_a_second_dataset_is_filled_and_a_folder_of_another_dataset_is_refused(
    script: Script,
) -> None:
    script.edit()
    second = script.pipeline(dataset_name="second")
    second.run(contentstack_source())
    assert row_counts(second) == row_counts_of(script.job.stack)
    script.edit()
    first = script.pipeline()
    asked = len(script.job.server.requests)
    with pytest.raises(PipelineStepFailed) as failure:
        first.run(contentstack_source())
    assert isinstance(failure.value.exception, WorkingFolderError)
    assert failure.value.exception.exit_code == 2
    assert "pipeline.drop()" in str(failure.value.exception)
    assert len(script.job.server.requests) == asked
    first.drop()
    first.run(contentstack_source())
    script.assert_equal()


@pytest.mark.integration
def test_a_dataset_that_another_source_uses_is_filled(script: Script) -> None:
    """The dataset and dlt's tables exist, so dlt trusts its working folder."""
    other = dlt.pipeline(
        "other",
        pipelines_dir=str(script.folder / "dlt"),
        destination=dlt.destinations.duckdb(script.job.file),
        dataset_name="second",
    )
    other.run([{"a": 1}], table_name="theirs")
    script.edit()
    second = script.pipeline(dataset_name="second")
    second.run(contentstack_source())
    assert row_counts(second) == row_counts_of(script.job.stack)


@pytest.mark.integration
def test_a_dataset_restored_from_a_backup_is_refused_by_a_run_of_dlt_alone(script: Script) -> None:
    shutil.copy(script.job.file, script.folder / "backup.duckdb")
    script.edit()
    script.pipeline().run(contentstack_source())
    shutil.copy(script.folder / "backup.duckdb", script.job.file)
    with pytest.raises(PipelineStepFailed, match="restored from a backup"):
        script.pipeline().run(contentstack_source())
    script.pipeline().drop()
    script.pipeline().run(contentstack_source())
    script.assert_equal()


@pytest.mark.integration
def test_each_dataset_of_dev_mode_is_filled(script: Script) -> None:
    script.edit()
    pipeline = script.pipeline(dev_mode=True)
    pipeline.run(contentstack_source())
    assert pipeline.dataset_name != "contentstack"
    assert row_counts(pipeline) == row_counts_of(script.job.stack)
    assert not script.spool_folder.exists()


@pytest.mark.integration
@pytest.mark.parametrize(
    "dropped",
    [
        {"drop_all": True},
        {"resources": ["asset_published"]},
        {"state_paths": "*", "state_only": True},
        {"resources": ["entry_published"], "state_only": True},
    ],
    ids=str,
)
def test_tables_and_state_dropped_by_dlt_come_back(script: Script, dropped: dict[str, Any]) -> None:
    script.edit()
    with always_choose(always_choose_default=False, always_choose_value=True):
        drop_pipeline(script.pipeline(), **dropped)
    script.pipeline().run(contentstack_source())
    script.assert_equal()


def test_a_run_continues_from_pages_of_a_run_killed_long_ago(script: Script) -> None:
    """All pages of a pass are stored but not loaded: a single run makes the tables equal."""
    for reads in (run.sync, lambda target: target.pipeline().run(contentstack_source())):
        script.job.stack.publish_entry("author", "e1", {"title": "Read, and never loaded"})
        die_before_loading(script)
        assert script.spool_folder.exists()
        script.edit()
        reads(script.job.target)
        script.assert_equal()


@pytest.mark.integration
@pytest.mark.parametrize("partition_by", [None, "content_type"])
def test_nothing_of_a_loaded_pass_stays_on_disk(
    script: Script, monkeypatch: pytest.MonkeyPatch, partition_by: str | None
) -> None:
    if partition_by:
        monkeypatch.setenv("SOURCES__CONTENTSTACK__PARTITION_BY", partition_by)
        run.resync(script.job.target)
        script.assert_equal()
    for command in (run.sync, run.resync, run.sync):
        script.edit()
        command(script.job.target)
        script.assert_equal()
    script.edit()
    script.pipeline().run(contentstack_source())
    script.assert_equal()


def die_before_loading(script: Script) -> None:
    """Kill a run of the command between its pages and its load."""
    pipeline = script.job.target.pipeline()
    pipeline.sync_destination()
    pipeline.extract(sync_source(load_settings(), RunContext(loads_once=True)))
    pipeline.abort_packages()
    pipeline.drop()


def row_counts(pipeline: dlt.Pipeline) -> dict[str, int]:
    found = dict(pipeline.dataset().row_counts(table_names=["entries", "assets"]).fetchall())
    return {name: count for name, count in found.items() if count}


def row_counts_of(stack: Stack) -> dict[str, int]:
    found = {"entries": len(stack.published_entries()), "assets": len(stack.published_assets())}
    return {name: count for name, count in found.items() if count}
