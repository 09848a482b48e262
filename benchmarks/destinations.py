"""Load the same stack into several destinations, one after the other, and print a table.

    python -m benchmarks.destinations 100000

PostgreSQL is the server of the tests, or the one of DESTINATION__POSTGRES__CREDENTIALS.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.host import Host, host
from benchmarks.measure import Limits, measure
from tests.support.own_folders import prepare_folders
from tests.support.servers.postgres import postgres

_LIMITS = Limits(600, 8000)
_COMMAND = (sys.executable, "-m", "contentstack_source.cli.main")
_WHERE = {
    "DuckDB": {"name": "duckdb"},
    "PostgreSQL": {"name": "postgres"},
    "Delta": {"name": "filesystem", "table_format": "delta"},
    "Iceberg": {"name": "filesystem", "table_format": "iceberg"},
}
_MOST_CHANGES = 1000
_POSTGRES = "DESTINATION__POSTGRES__CREDENTIALS"


@dataclass(frozen=True)
class Run:
    """One run of the command: wall-clock seconds, processor seconds, and peak memory."""

    destination: str
    task: str
    seconds: float
    processor_seconds: float
    memory_mb: float


def runs(server: Host, entries: int) -> Iterator[Run]:
    """Sync, sync again, sync what changed and resync, into one destination after another."""
    os.environ.update(server.settings)
    for title, where in _WHERE.items():
        if title == "PostgreSQL" and not _has_postgres():
            continue
        with tempfile.TemporaryDirectory() as folder:
            for task, command in _commands(server, min(_MOST_CHANGES, entries // 4)):
                yield _measured(Path(folder), title, where, task, command)


def main(entries: int) -> None:
    print("| destination | run | seconds | of a processor | MB |\n|---|---|---:|---:|---:|")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with host(entries) as server:
        for run in runs(server, entries):
            seconds = f"{run.seconds:.1f} | {run.processor_seconds:.1f}"
            print(f"| {run.destination} | {run.task} | {seconds} | {run.memory_mb:,.0f} |")
            sys.stdout.flush()


def _has_postgres() -> bool:
    """Start the server of the tests, unless another one is configured."""
    if _POSTGRES not in os.environ:
        prepare_folders()
        try:
            os.environ[_POSTGRES] = postgres("bench")
        except pytest.skip.Exception:  # it can be installed by root only
            return False
    return True


def _commands(server: Host, changes: int) -> Iterator[tuple[str, str]]:
    yield "first", "sync"
    yield "nothing changed", "sync"
    server.send(f"change {changes} 1")
    yield f"{changes:,} changed", "sync"
    yield "resync", "resync"


def _measured(folder: Path, title: str, where: dict[str, str], task: str, command: str) -> Run:
    os.environ["DESTINATION__FILESYSTEM__TABLE_FORMAT"] = where.get("table_format", "")
    os.environ["DESTINATION__FILESYSTEM__BUCKET_URL"] = f"file://{folder}/lake"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = measure(
        [(*_COMMAND, command, "--destination", where["name"], "--pipelines-dir", "dlt")],
        folder,
        _LIMITS,
    )
    if done.stopped or done.failed:
        raise RuntimeError((folder / "stderr.txt").read_text("utf-8"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(title, task, done.seconds, processor, done.memory_mb)


if __name__ == "__main__":
    main(int(sys.argv[1]))
