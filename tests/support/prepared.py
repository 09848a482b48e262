"""A job that has run once, copied for each test instead of made for each."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.simulator import Behavior, Server, Stack
from tests.support.harness import Job, configure, making_jobs
from tests.support.warehouses import duckdb_warehouse


@dataclass(frozen=True)
class PreparedJob:
    """A served stack whose first sync is in a DuckDB file; the server stays on its port."""

    folder: Path
    server: Server
    stack: Stack
    settings: Mapping[str, str]

    def copied_to(self, folder: Path, patch: pytest.MonkeyPatch) -> Job:
        """Return a job of its own, with the same past."""
        shutil.copy(self.folder / "warehouse.duckdb", folder)
        shutil.copytree(self.folder / "dlt", folder / "dlt")
        self.server.stack, self.server.behavior = copy_of(self.stack), Behavior()
        self.server.clear()
        configure(patch, self.server, **self.settings)
        warehouse = duckdb_warehouse(folder)
        target = Target(warehouse.destination, pipelines_dir=str(folder / "dlt"))
        return Job(self.server, warehouse, target)


@contextmanager
def prepared_job(folder: Path, stack: Stack, **settings: str) -> Iterator[PreparedJob]:
    """Sync a stack once with these settings, and serve it until the block ends."""
    with pytest.MonkeyPatch.context() as patch, making_jobs(folder, patch) as make:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt_data"))
        job = make(stack, **settings)
        job.sync()
        patch.undo()
        yield PreparedJob(folder, job.server, stack, settings)


def copy_of(stack: Stack) -> Stack:
    """Return a stack with the same content, log and tokens."""
    made = copy.copy(stack)
    made.__dict__ = copy.deepcopy({k: v for k, v in vars(stack).items() if k != "lock"})
    made.lock = RLock()
    return made
