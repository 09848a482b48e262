"""A dataset has one owner: other pipelines and sources are refused until they take over."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from contentstack_source import contentstack_source
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import DatasetOwnedError
from contentstack_source.runs import locks, recovery, run
from contentstack_source.runs.check import check
from contentstack_source.runs.rebuild import rebuild
from contentstack_source.source import sync_source
from contentstack_source.source.configuration import load_settings
from contentstack_source.source.run_context import RunContext
from tests.support.harness import COMMAND, Job, MakesJob
from tests.support.oracle import assert_equal_at
from tests.support.small_stack import filled_stack
from tests.support.snapshots import differences, snapshot_of
from tests.support.warehouses import MakesWarehouse, at


def other_target(job: Job) -> Target:
    return replace(job.target, pipeline_name="other")


def other_script(job: Job) -> dlt.Pipeline:
    return other_target(job).pipeline()


def run_script(job: Job, source: Any) -> None:
    """Run a source by dlt alone, and raise its own error."""
    with one_line_errors():
        other_script(job).run(source)


WAYS: dict[str, Callable[[Job], Any]] = {
    "sync": lambda job: run.sync(other_target(job)),
    "resync": lambda job: run.resync(other_target(job)),
    "rebuild": lambda job: rebuild(other_target(job)),
    "dlt": lambda job: run_script(job, contentstack_source()),
    "dlt with a filter": lambda job: run_script(job, contentstack_source(locale="de-de")),
    "dlt with a clone": lambda job: run_script(job, contentstack_source.clone(name="b")()),
}


@at("duckdb", "postgres", "delta")
def test_a_second_pipeline_is_refused_before_any_sync_request_or_write(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    job = make_job(filled_stack(), make_warehouse, HISTORY="true")
    job.sync()
    job.stack.delete_entry("author", "e1")
    before, asked = snapshot_of(job.warehouse), len(job.server.requests)
    for way in WAYS.values():
        with pytest.raises(DatasetOwnedError) as refused:
            way(job)
        assert refused.value.exit_code == 2
        message = str(refused.value)
        assert "Dataset contentstack is kept by pipeline contentstack; pipeline other" in message
        assert "another --dataset" in message
        assert "resync --take-over --dataset contentstack --pipeline-name other" in message
    assert differences(before, snapshot_of(job.warehouse)) == []
    assert len(job.server.requests) == asked
    job.sync()


def test_the_check_names_the_owner_of_the_dataset(synced_job: Job) -> None:
    (finding,) = [each for each in check(other_target(synced_job)) if each.name == "destination"]
    assert finding.exit_code == 2
    assert "kept by pipeline contentstack" in finding.message
    assert {each.exit_code for each in check(synced_job.target)} == {0}


@pytest.mark.usefixtures("synced_job")
def test_the_command_of_another_pipeline_ends_with_2_and_one_line(tmp_path: Path) -> None:
    options = ["--pipeline-name", "other", "--pipelines-dir", str(tmp_path / "dlt")]
    ended = subprocess.run(
        [*COMMAND, "sync", *options],
        env=os.environ | {"DESTINATION__DUCKDB__CREDENTIALS": str(tmp_path / "warehouse.duckdb")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert "kept by pipeline contentstack" in ended.stderr


@pytest.mark.integration
@at("duckdb", "postgres", "delta")
def test_a_take_over_replaces_the_content_and_refuses_the_former_owner(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    job = make_job(filled_stack(), make_warehouse)
    job.sync()
    job.stack.delete_content_type("author")
    run.resync(other_target(job), take_over=True)
    assert_equal_at(job.warehouse, job.stack)
    with pytest.raises(DatasetOwnedError, match="kept by pipeline other; pipeline contentstack"):
        run.sync(job.target)
    with pytest.raises(PipelineStepFailed, match="kept by pipeline other"):
        job.target.pipeline().run(contentstack_source())
    job.stack.delete_entry("article", "e1")
    run.sync(other_target(job))
    assert_equal_at(job.warehouse, job.stack)
    run.resync(job.target, take_over=True)
    assert_equal_at(job.warehouse, job.stack)
    with pytest.raises(DatasetOwnedError, match="kept by pipeline contentstack"):
        run.sync(other_target(job))
    job.stack.delete_entry("article", "e2")
    job.sync()


@pytest.mark.integration
def test_an_owner_stays_owner_after_its_own_reload(synced_job: Job) -> None:
    run.resync(other_target(synced_job), take_over=True)
    for uid in ("e1", "e2"):
        synced_job.stack.delete_entry("article", uid)
        other_script(synced_job).run(contentstack_source(), refresh="drop_sources")
        (count,) = synced_job.rows("SELECT count(*) FROM entries")
        assert count == (len(synced_job.stack.published_entries()),)
    with pytest.raises(DatasetOwnedError):
        run.sync(synced_job.target)


@pytest.mark.integration
def test_two_pipelines_of_one_dataset_are_both_refused_until_one_takes_over(
    make_job: MakesJob,
) -> None:
    """The state that an earlier version left: each has its own tables, and some are shared."""
    job = make_job(filled_stack())
    job.stack.create_content_type("page", [{"uid": "title", "data_type": "text"}])
    job.stack.publish_entry("page", "p1", {"title": "A page"})
    for pipeline, uid in ((job.target.pipeline(), "author"), (other_script(job), "page")):
        settings = load_settings({"content_type_uid": uid})
        pipeline.run(sync_source(settings, RunContext(loads_once=True)))
    for target in (job.target, other_target(job)):
        with pytest.raises(DatasetOwnedError):
            run.sync(target)
    job.stack.delete_content_type("page")
    run.resync(job.target, take_over=True)
    assert_equal_at(job.warehouse, job.stack)
    with pytest.raises(DatasetOwnedError):
        run.sync(other_target(job))


@pytest.mark.integration
def test_two_clones_of_one_pipeline_have_a_dataset_each(make_job: MakesJob) -> None:
    job = make_job(filled_stack())
    one, two = contentstack_source.clone(name="one"), contentstack_source.clone(name="two")

    def pipeline(dataset: str) -> dlt.Pipeline:
        return replace(job.target, dataset=dataset).pipeline()

    pipeline("first").run(one())
    pipeline("second").run(two())
    job.stack.delete_entry("article", "e1")
    pipeline("first").run(one())
    pipeline("second").run(two())
    for dataset in ("first", "second"):
        counts = dict(pipeline(dataset).dataset().row_counts(table_names=["entries"]).fetchall())
        assert counts == {"entries": len(job.stack.published_entries())}


@pytest.mark.parametrize("how", ["one after the other", "in one run"])
def test_two_clones_in_one_dataset_are_refused(make_job: MakesJob, how: str) -> None:
    job = make_job(filled_stack())
    one, two = contentstack_source.clone(name="one"), contentstack_source.clone(name="two")
    runs: list[Any] = [[one(), two()]]
    if how == "one after the other":
        job.target.pipeline().run(one())
        runs = [two()]
    for each in runs:
        with pytest.raises(PipelineStepFailed) as failure:
            job.target.pipeline().run(each)
        assert isinstance(failure.value.exception, DatasetOwnedError)
        assert "pipeline contentstack, source one" in str(failure.value.exception)


@pytest.mark.integration
def test_two_concurrent_first_runs_do_not_both_load(make_job: MakesJob) -> None:
    job = make_job(filled_stack())
    slow = other_script(job)
    confirmed = recovery.trust_destination(slow)
    recovery.refuse_other_owner(slow)
    slow.extract(contentstack_source())
    slow.normalize()
    job.sync()
    with pytest.raises(DatasetOwnedError), locks.alone_at_destination(slow, confirmed):
        slow.load()
    assert not slow.has_pending_data
    job.sync()


@pytest.mark.integration
def test_a_dataset_copied_to_another_name_is_independent(synced_job: Job) -> None:
    with synced_job.target.pipeline().sql_client() as client:
        tables = [
            name
            for (name,) in client.execute_sql(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'contentstack'"
            )
            or ()
        ]
        client.execute_sql("CREATE SCHEMA copied")
        for name in tables:
            client.execute_sql(f'CREATE TABLE copied."{name}" AS FROM contentstack."{name}"')
    copied = replace(synced_job.target, dataset="copied")
    for _ in range(2):
        synced_job.stack.delete_entry("article", "e1")
        run.sync(copied)
        counts = dict(copied.pipeline().dataset().row_counts(table_names=["entries"]).fetchall())
        assert counts == {"entries": len(synced_job.stack.published_entries())}
        synced_job.stack.delete_entry("author", "e1")
        synced_job.sync()


@pytest.mark.integration
def test_a_dataset_of_other_sources_is_not_refused(make_job: MakesJob) -> None:
    """Other dlt sources may share a dataset."""
    job = make_job(filled_stack())
    other_script(job).run([{"a": 1}], table_name="theirs")
    job.run()
    assert_equal_at(job.warehouse, job.stack)
    other_script(job).run([{"a": 2}], table_name="theirs")
    job.stack.delete_entry("article", "e1")
    job.run()
    assert_equal_at(job.warehouse, job.stack)
