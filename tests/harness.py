"""A stack, a server and a destination, set up as a user would: by settings alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.runs.rebuild import rebuild
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Behavior, Server, Stack, serve
from tests.destinations import MakesWarehouse, Warehouse, in_duckdb
from tests.oracle import assert_equal_at
from tests.snapshots import differences, snapshot_of


@dataclass
class Job:
    """A stack and its destination; the service sends every event, not only the last."""

    stack: Stack
    behavior: Behavior
    server: Server
    warehouse: Warehouse
    target: Target

    def sync(self) -> RunSummary:
        summary = run.sync(self.target)
        assert_equal_at(self.warehouse, self.stack)
        return summary

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        dataset = self.target.pipeline().dataset()
        return [tuple(row) for row in dataset.query(sql, "duckdb").fetchall()]

    def view(self, name: str, columns: str, where: str = "1 = 1") -> list[tuple[Any, ...]]:
        """Read a view, which dlt's schema does not know."""
        with self.target.pipeline().sql_client() as client:
            view = client.make_qualified_table_name(name)
            found = client.execute_sql(f"SELECT {columns} FROM {view} WHERE {where}")
            return [tuple(row) for row in found or ()]

    def assert_rebuild_changes_nothing(self) -> None:
        before, asked = snapshot_of(self.warehouse), len(self.server.requests)
        rebuild(self.target)
        assert differences(before, snapshot_of(self.warehouse)) == []
        assert len(self.server.requests) == asked


MakesJob = Callable[..., Job]


@contextmanager
def making_jobs(
    folder: Path, configure: Callable[[Stack, Server], None], patch: pytest.MonkeyPatch
) -> Iterator[MakesJob]:
    """Yield a function that makes a job from a stack, a destination, and settings by name."""
    with ExitStack() as exit_stack:

        def make(stack: Stack, make_warehouse: MakesWarehouse = in_duckdb, **settings: str) -> Job:
            behavior = Behavior(delta="log")
            warehouse = exit_stack.enter_context(make_warehouse(folder))
            server = exit_stack.enter_context(serve(stack, behavior))
            configure(stack, server)
            for name, value in settings.items():
                patch.setenv(f"SOURCES__CONTENTSTACK__{name}", value)
            target = Target(warehouse.destination, pipelines_dir=str(folder / "dlt"))
            return Job(stack, behavior, server, warehouse, target)

        yield make
