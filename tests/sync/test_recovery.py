"""Recovery: one run at a time, and the destination is the source of truth."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.target import Target
from contentstack_source.errors import ConcurrentRunError, UnknownTablesError
from contentstack_source.runs import locks, recovery, run
from contentstack_source.source import contentstack_source
from tests.support.harness import COMMAND, Job
from tests.support.warehouses import in_duckdb


def another_host(job: Job, folder: Path) -> Target:
    return replace(job.target, pipelines_dir=str(folder))


def slow_run(job: Job, folder: Path) -> tuple[Pipeline, str | None]:
    """Return a run of another host that has not loaded yet, and the state it began with.

    Editors went on since.
    """
    slow = another_host(job, folder).pipeline()
    confirmed = recovery.trust_destination(slow)
    job.stack.publish_entry("author", "e1", {"title": "Old"})
    slow.extract(contentstack_source())
    slow.normalize()
    job.stack.publish_entry("author", "e1", {"title": "New"})
    return slow, confirmed


def start_elsewhere(job: Job, folder: Path) -> subprocess.Popen[str]:
    """Start the real command with another working folder, like another host."""
    return subprocess.Popen(
        [*COMMAND, "sync", "--pipelines-dir", str(folder)],
        env=os.environ | {"DESTINATION__DUCKDB__CREDENTIALS": job.file},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_second_run_names_the_holder_of_the_lock_and_ends(synced_job: Job) -> None:
    with locks.one_run_at_a_time(synced_job.target):
        with pytest.raises(ConcurrentRunError, match=r"process \d+ since 20\d\d-") as failure:
            run.sync(synced_job.target)
        assert failure.value.exit_code == 1
    synced_job.sync()


def test_a_lock_of_a_dead_process_blocks_no_run(synced_job: Job) -> None:
    code = (
        "import sys, time\n"
        "from contentstack_source.runs import locks\n"
        "from contentstack_source.destinations.target import Target\n"
        "with locks.one_run_at_a_time(Target(pipelines_dir=sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(synced_job.target.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(ConcurrentRunError):
            run.sync(synced_job.target)
        holder.kill()
    time.sleep(0.1)
    synced_job.sync()


@pytest.mark.integration
def test_a_slow_run_from_another_host_does_not_overwrite_a_quick_one(
    synced_job: Job, tmp_path: Path
) -> None:
    slow, confirmed = slow_run(synced_job, tmp_path / "slow")
    synced_job.sync()
    with (
        pytest.raises(ConcurrentRunError, match="since this one began; nothing was loaded"),
        locks.alone_at_destination(slow, confirmed),
    ):
        slow.load()
    assert not slow.has_pending_data
    synced_job.sync()


@pytest.mark.integration
def test_no_run_loads_between_the_check_and_the_load_of_another(
    synced_job: Job, tmp_path: Path
) -> None:
    slow, confirmed = slow_run(synced_job, tmp_path / "slow")
    with locks.alone_at_destination(slow, confirmed):
        with start_elsewhere(synced_job, tmp_path / "quick") as quick:
            output, _ = quick.communicate(timeout=60)
        slow.load()
    assert (quick.returncode, len(output.splitlines())) == (1, 1), output
    with start_elsewhere(synced_job, tmp_path / "quick") as quick:
        output, _ = quick.communicate(timeout=60)
    assert quick.returncode == 0, output
    synced_job.assert_equal()


def test_a_lost_working_folder_needs_no_resync(synced_job: Job) -> None:
    shutil.rmtree(synced_job.target.folder)
    synced_job.stack.delete_entry("author", "e1")
    assert synced_job.sync().events == {"entry_deleted": 2}


def test_a_pending_load_of_a_failed_run_is_replaced(synced_job: Job) -> None:
    synced_job.stack.publish_entry("author", "e1", {"title": "Extracted, never loaded"})
    pipeline = synced_job.target.pipeline()
    pipeline.extract(contentstack_source())
    pipeline.normalize()
    synced_job.stack.publish_entry("author", "e1", {"title": "Later"})
    synced_job.sync()


def test_a_package_left_in_a_new_folder_does_no_harm(synced_job: Job) -> None:
    shutil.rmtree(synced_job.target.folder)
    synced_job.stack.publish_entry("author", "e1", {"title": "Extracted, never loaded"})
    synced_job.target.pipeline().extract(contentstack_source())
    synced_job.stack.publish_entry("author", "e1", {"title": "Later"})
    synced_job.sync()


def test_a_destination_restored_from_an_older_backup_catches_up(
    synced_job: Job, tmp_path: Path
) -> None:
    shutil.copy(synced_job.file, tmp_path / "backup.duckdb")
    synced_job.stack.delete_entry("author", "e1")
    synced_job.sync()
    shutil.copy(tmp_path / "backup.duckdb", synced_job.file)
    synced_job.stack.publish_entry("author", "e2", {"title": "After the restore"})
    synced_job.sync()


LOST = ["article", "article__parts", "entries", "sync_events", "sync_rejects", "sync_runs"]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("folder", "tables"),
    [
        ("kept", [*LOST, "_dlt_pipeline_state", "_dlt_loads", "_dlt_version"]),
        ("lost", [*LOST, "_dlt_pipeline_state", "_dlt_loads"]),
    ],
)
def test_a_lost_table_is_recreated_and_all_tables_are_reloaded(
    synced_job: Job, folder: str, tables: list[str]
) -> None:
    synced_job.stack.emit_raw({"type": "unknown"})  # for a row in sync_rejects
    synced_job.stack.delete_entry("author", "e1")
    synced_job.run()
    for lost in tables:
        synced_job.execute(f"DROP TABLE contentstack.{lost}")
        synced_job.stack.publish_entry("author", "e2", {"title": f"Without {lost}"}, "en-us")
        if folder == "lost":
            shutil.rmtree(synced_job.target.folder)
        recreated = synced_job.sync().recreated
        assert lost in recreated
        assert not {*recreated} & {*tables} - {lost}, "recreated by an earlier run"
    assert not synced_job.sync().recreated


def test_a_working_folder_that_lost_its_schema_is_replaced(synced_job: Job) -> None:
    (schema,) = synced_job.target.folder.glob("contentstack/schemas/*.json")
    schema.unlink()
    synced_job.execute("DROP TABLE contentstack._dlt_loads")
    synced_job.stack.delete_entry("author", "e1")
    assert synced_job.sync().recreated == ["_dlt_loads"]


@pytest.mark.parametrize("folder", ["kept", "lost"])
def test_all_tables_lost_in_an_existing_schema_are_reloaded(synced_job: Job, folder: str) -> None:
    for table in synced_job.tables():
        synced_job.execute(f'DROP TABLE contentstack."{table}"')
    if folder == "lost":
        shutil.rmtree(synced_job.target.folder)
    synced_job.sync()


@pytest.mark.integration
@pytest.mark.parametrize("lost", [["_dlt_version"], ["_dlt_version", "_dlt_pipeline_state"]])
def test_tables_without_dlts_schema_are_refused_and_not_changed(
    synced_job: Job, lost: list[str]
) -> None:
    """A worker without its folder cannot know what to delete from them."""
    for table in lost:
        synced_job.execute(f"DROP TABLE contentstack.{table}")
    shutil.rmtree(synced_job.target.folder)
    before = Path(synced_job.file).read_bytes()
    for command in (run.sync, run.resync):
        with pytest.raises(UnknownTablesError, match=r"assets.*Drop the dataset") as refused:
            command(synced_job.target)
        assert refused.value.exit_code == 2
    assert Path(synced_job.file).read_bytes() == before
    synced_job.execute("DROP SCHEMA contentstack CASCADE")
    synced_job.sync()


def test_a_dropped_dataset_is_reloaded(synced_job: Job) -> None:
    synced_job.execute("DROP SCHEMA contentstack CASCADE")
    synced_job.sync()


@pytest.mark.integration
def test_an_interrupted_first_load_leaves_no_duplicates(synced_job: Job, tmp_path: Path) -> None:
    """Tables were filled, the run was killed before its state was written; editors continued."""
    with in_duckdb(tmp_path / "broken") as warehouse:
        target = Target(warehouse.destination, pipelines_dir=str(tmp_path / "broken" / "dlt"))
    broken = Job(synced_job.server, warehouse, target)
    broken.sync()
    for table in ("_dlt_pipeline_state", "_dlt_loads"):
        broken.execute(f"DELETE FROM contentstack.{table}")
    shutil.rmtree(broken.target.folder)
    synced_job.stack.delete_content_type("author")
    broken.sync()
    counts = broken.rows(
        "SELECT (SELECT count(*) FROM content_types),"
        " (SELECT count(*) - count(DISTINCT _dlt_id) FROM sync_events)"
    )
    assert counts == [(1, 0)]
