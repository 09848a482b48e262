"""Recovery: one run at a time, and the destination is the source of truth."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dlt
import duckdb
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.errors import ConcurrentRunError, UnknownTablesError
from contentstack_source.runs import locks, recovery, run
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Stack, serve
from contentstack_source.source import contentstack_source
from tests.oracle import assert_equal
from tests.small_stack import filled_stack

SYNC = [sys.executable, "-m", "contentstack_source.cli.main", "sync"]


@dataclass
class Job:
    """A scheduled job: a stack and its destination."""

    stack: Stack
    target: Target
    file: str

    def sync(self) -> RunSummary:
        summary = run.sync(self.target)
        assert_equal(self.file, self.stack)
        return summary

    def another_host(self, folder: Path) -> Target:
        return replace(self.target, pipelines_dir=str(folder))

    def start_elsewhere(self, folder: Path) -> subprocess.Popen[str]:
        """Start the real command with another working folder, like another host."""
        return subprocess.Popen(
            [*SYNC, "--pipelines-dir", str(folder)],
            env=os.environ | {"DESTINATION__DUCKDB__CREDENTIALS": self.file},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def sql(self, statement: str) -> None:
        with duckdb.connect(self.file) as con:
            con.execute(statement)

    def tables(self) -> list[str]:
        with duckdb.connect(self.file, read_only=True) as con:
            sql = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'contentstack'"
            return [name for (name,) in con.execute(sql).fetchall()]


@pytest.fixture
def job(tmp_path: Path, configure: Callable[..., None]) -> Iterator[Job]:
    stack = filled_stack()
    file = str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack) as server:
        configure(stack, server)
        job = Job(stack, target, file)
        job.sync()
        yield job


def test_a_second_run_names_the_holder_of_the_lock_and_ends(job: Job) -> None:
    with locks.one_run_at_a_time(job.target):
        with pytest.raises(ConcurrentRunError, match=r"process \d+ since 20\d\d-") as failure:
            run.sync(job.target)
        assert failure.value.exit_code == 1
    job.sync()


def test_a_lock_of_a_dead_process_blocks_no_run(job: Job) -> None:
    code = (
        "import sys, time\n"
        "from contentstack_source.runs import locks\n"
        "from contentstack_source.destinations.target import Target\n"
        "with locks.one_run_at_a_time(Target(pipelines_dir=sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(job.target.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(ConcurrentRunError):
            run.sync(job.target)
        holder.kill()
    time.sleep(0.1)
    job.sync()


def test_a_slow_run_from_another_host_does_not_overwrite_a_quick_one(
    job: Job, tmp_path: Path
) -> None:
    slow = job.another_host(tmp_path / "slow").pipeline()
    confirmed = recovery.trust_destination(slow)
    job.stack.publish_entry("author", "e1", {"title": "Old"})
    slow.extract(contentstack_source())
    slow.normalize()
    job.stack.publish_entry("author", "e1", {"title": "New"})
    job.sync()
    with (
        pytest.raises(ConcurrentRunError, match="since this one began; nothing was loaded"),
        locks.alone_at_destination(slow, confirmed),
    ):
        slow.load()
    assert not slow.has_pending_data
    job.sync()


def test_no_run_loads_between_the_check_and_the_load_of_another(job: Job, tmp_path: Path) -> None:
    slow = job.another_host(tmp_path / "slow").pipeline()
    confirmed = recovery.trust_destination(slow)
    job.stack.publish_entry("author", "e1", {"title": "Old"})
    slow.extract(contentstack_source())
    slow.normalize()
    job.stack.publish_entry("author", "e1", {"title": "New"})
    with locks.alone_at_destination(slow, confirmed):
        with job.start_elsewhere(tmp_path / "quick") as quick:
            output, _ = quick.communicate(timeout=60)
        slow.load()
    assert (quick.returncode, len(output.splitlines())) == (1, 1), output
    with job.start_elsewhere(tmp_path / "quick") as quick:
        output, _ = quick.communicate(timeout=60)
    assert quick.returncode == 0, output
    assert_equal(job.file, job.stack)


def test_a_lost_working_folder_needs_no_resync(job: Job) -> None:
    shutil.rmtree(job.target.folder)
    job.stack.delete_entry("author", "e1")
    assert job.sync().events == {"entry_deleted": 2}


def test_a_pending_load_of_a_failed_run_is_replaced(job: Job) -> None:
    job.stack.publish_entry("author", "e1", {"title": "Extracted, never loaded"})
    pipeline = job.target.pipeline()
    pipeline.extract(contentstack_source())
    pipeline.normalize()
    job.stack.publish_entry("author", "e1", {"title": "Later"})
    job.sync()


def test_a_package_left_in_a_new_folder_does_no_harm(job: Job) -> None:
    shutil.rmtree(job.target.folder)
    job.stack.publish_entry("author", "e1", {"title": "Extracted, never loaded"})
    job.target.pipeline().extract(contentstack_source())
    job.stack.publish_entry("author", "e1", {"title": "Later"})
    job.sync()


def test_a_destination_restored_from_an_older_backup_catches_up(job: Job, tmp_path: Path) -> None:
    shutil.copy(job.file, tmp_path / "backup.duckdb")
    job.stack.delete_entry("author", "e1")
    job.sync()
    shutil.copy(tmp_path / "backup.duckdb", job.file)
    job.stack.publish_entry("author", "e2", {"title": "After the restore"})
    job.sync()


LOST = ["article", "article__parts", "entries", "sync_events", "sync_rejects", "sync_runs"]


@pytest.mark.parametrize(
    ("lost", "folder"),
    [
        *((lost, "kept") for lost in LOST),
        *((lost, "lost") for lost in LOST),
        ("_dlt_pipeline_state", "kept"),
        ("_dlt_pipeline_state", "lost"),
        ("_dlt_loads", "kept"),
        ("_dlt_loads", "lost"),
        ("_dlt_version", "kept"),
    ],
)
def test_a_lost_table_is_recreated_and_all_tables_are_reloaded(
    job: Job, lost: str, folder: str
) -> None:
    job.stack.emit_raw({"type": "unknown"})  # for a row in sync_rejects
    run.sync(job.target)
    job.sql(f"DROP TABLE contentstack.{lost}")
    job.stack.delete_entry("author", "e1")
    if folder == "lost":
        shutil.rmtree(job.target.folder)
    assert lost in job.sync().recreated
    assert not job.sync().recreated


@pytest.mark.parametrize("folder", ["kept", "lost"])
def test_all_tables_lost_in_an_existing_schema_are_reloaded(job: Job, folder: str) -> None:
    for table in job.tables():
        job.sql(f'DROP TABLE contentstack."{table}"')
    if folder == "lost":
        shutil.rmtree(job.target.folder)
    job.sync()


@pytest.mark.parametrize("lost", [["_dlt_version"], ["_dlt_version", "_dlt_pipeline_state"]])
def test_tables_without_dlts_schema_are_refused_and_not_changed(job: Job, lost: list[str]) -> None:
    """A worker without its folder cannot know what to delete from them."""
    for table in lost:
        job.sql(f"DROP TABLE contentstack.{table}")
    shutil.rmtree(job.target.folder)
    before = Path(job.file).read_bytes()
    for command in (run.sync, run.resync):
        with pytest.raises(UnknownTablesError, match=r"assets.*Drop the dataset") as refused:
            command(job.target)
        assert refused.value.exit_code == 2
    assert Path(job.file).read_bytes() == before
    job.sql("DROP SCHEMA contentstack CASCADE")
    job.sync()


def test_a_dropped_dataset_is_reloaded(job: Job) -> None:
    job.sql("DROP SCHEMA contentstack CASCADE")
    job.sync()


def test_an_interrupted_first_load_leaves_no_duplicates(job: Job, tmp_path: Path) -> None:
    """Tables were filled, the run was killed before its state was written; editors continued."""
    file = str(tmp_path / "broken.duckdb")
    broken = Job(
        job.stack,
        Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "broken")),
        file,
    )
    broken.sync()
    for table in ("_dlt_pipeline_state", "_dlt_loads"):
        broken.sql(f"DELETE FROM contentstack.{table}")
    shutil.rmtree(broken.target.folder)
    job.stack.delete_content_type("author")
    broken.sync()
    with duckdb.connect(file, read_only=True) as con:
        counts = con.execute(
            "SELECT (SELECT count(*) FROM contentstack.content_types),"
            " (SELECT count(*) - count(DISTINCT _dlt_id) FROM contentstack.sync_events)"
        ).fetchone()
    assert counts == (1, 0)
