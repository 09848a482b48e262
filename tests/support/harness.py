"""The harness of the end-to-end tests: a served stack, and a job or a command that syncs it.

Both are configured as a user would: by the environment alone.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from click.testing import CliRunner

from contentstack_source.cli.main import main
from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.runs.rebuild import rebuild
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Behavior, Server, Stack, serve
from tests.support.oracle import assert_equal, assert_equal_at
from tests.support.snapshots import differences, snapshot_of
from tests.support.warehouses import MakesWarehouse, Warehouse, in_duckdb

COMMAND: Final = [sys.executable, "-m", "contentstack_source.cli.main"]
DATASET: Final = "contentstack"
_TIMEOUT_SECONDS: Final = 300.0


def settings_of(server: Server) -> dict[str, str]:
    """Return the settings of the source for the stack of a server."""
    stack = server.stack
    return {
        "api_key": stack.api_key,
        "delivery_token": stack.delivery_token,
        "environment": stack.environment,
        "base_url": server.base_url,
    }


def environment_of(server: Server, pipeline_name: str = "") -> dict[str, str]:
    """Return the same settings as environment variables, for one pipeline if it is named."""
    prefix = f"{pipeline_name.upper()}__" if pipeline_name else ""
    return {
        f"{prefix}SOURCES__CONTENTSTACK__{name.upper()}": value
        for name, value in settings_of(server).items()
    }


def read_rows(file: str, sql: str, dataset: str = DATASET) -> list[tuple[Any, ...]]:
    """Run a query in a DuckDB file; a table needs no schema, and instants are in UTC."""
    with duckdb.connect(file, read_only=True) as con:
        con.execute(f"SET search_path = '{dataset}'; SET TimeZone = 'UTC'")
        return con.execute(sql).fetchall()


@dataclass
class Served:
    """A stack, and the server that serves it."""

    server: Server

    @property
    def stack(self) -> Stack:
        return self.server.stack

    @property
    def behavior(self) -> Behavior:
        return self.server.behavior


@dataclass
class Job(Served):
    """A scheduled job in this process: a served stack and a destination."""

    warehouse: Warehouse
    target: Target

    @property
    def file(self) -> str:
        """The DuckDB file of the tables."""
        assert self.warehouse.file
        return self.warehouse.file

    def run(self) -> RunSummary:
        """Sync, without a look at the tables."""
        return run.sync(self.target)

    def sync(self) -> RunSummary:
        """Sync, and compare every table with the stack."""
        summary = self.run()
        self.assert_equal()
        return summary

    def assert_equal(self) -> None:
        if self.warehouse.file:
            assert_equal(self.warehouse.file, self.stack)
        else:
            assert_equal_at(self.warehouse, self.stack)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query in the dialect of DuckDB; tables are named without a schema."""
        if self.warehouse.file:
            return read_rows(self.warehouse.file, sql)
        dataset = self.target.pipeline().dataset()
        return [tuple(row) for row in dataset.query(sql, "duckdb").fetchall()]

    def at(self, sql: str, name: str) -> list[tuple[Any, ...]]:
        """Run SQL of the destination with the name of a table or view in place of `{}`."""
        with self.target.pipeline().sql_client() as client:
            found = client.execute_sql(sql.format(client.make_qualified_table_name(name)))
            return [tuple(row) for row in found or ()]

    def view(self, name: str, columns: str, where: str = "1 = 1") -> list[tuple[Any, ...]]:
        """Read a view, which dlt's schema does not know."""
        return self.at(f"SELECT {columns} FROM {{}} WHERE {where}", name)

    def execute(self, *statements: str) -> None:
        """Change the DuckDB file by hand."""
        with duckdb.connect(self.file) as con:
            with suppress(duckdb.CatalogException):  # there may be no dataset
                con.execute(f"SET search_path = '{DATASET}'")
            for statement in statements:
                con.execute(statement)

    def tables(self) -> list[str]:
        """Return the tables of the dataset in the DuckDB file, those of dlt too."""
        with duckdb.connect(self.file, read_only=True) as con:
            sql = f"SELECT table_name FROM duckdb_tables() WHERE schema_name = '{DATASET}'"
            return [name for (name,) in con.execute(sql).fetchall()]

    def assert_rebuild_changes_nothing(self) -> None:
        before, asked = snapshot_of(self.warehouse), len(self.server.requests)
        rebuild(self.target)
        assert differences(before, snapshot_of(self.warehouse)) == []
        assert len(self.server.requests) == asked


MakesJob = Callable[..., Job]


@contextmanager
def making_jobs(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[MakesJob]:
    """Yield a function that makes a job from a stack, a destination, and settings by name."""
    with ExitStack() as exit_stack:

        def make(
            stack: Stack,
            make_warehouse: MakesWarehouse = in_duckdb,
            behavior: Behavior | None = None,
            **settings: str,
        ) -> Job:
            warehouse = exit_stack.enter_context(make_warehouse(folder))
            server = exit_stack.enter_context(serve(stack, behavior or Behavior()))
            configure(patch, server, **settings)
            target = Target(warehouse.destination, pipelines_dir=str(folder / "dlt"))
            return Job(server, warehouse, target)

        yield make


def configure(
    patch: pytest.MonkeyPatch, server: Server, pipeline_name: str = "", **settings: str
) -> None:
    """Put the settings of a stack into the environment, and others by name."""
    for name, value in environment_of(server, pipeline_name).items():
        patch.setenv(name, value)
    for name, value in settings.items():
        patch.setenv(f"SOURCES__CONTENTSTACK__{name}", value)


@dataclass
class Command(Served):
    """The real command in a folder of its own; its output must not contain a secret."""

    folder: Path

    @property
    def file(self) -> str:
        """The DuckDB file of the tables."""
        return str(self.folder / "contentstack_warehouse.duckdb")

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start the command; its output is piped unless the options say otherwise."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [*COMMAND, *arguments], cwd=self.folder, text=True, **(pipes | options)
        )

    def complete(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process to its end."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
        self.assert_no_secret_in(done.stdout + done.stderr)
        return done

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        """Run the command in this process, which is in its folder, and return its output."""
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == exit_code, done.output
        self.assert_no_secret_in(done.output)
        return done.output

    def assert_no_secret_in(self, output: str) -> None:
        assert self.stack.delivery_token not in output
        assert self.stack.api_key not in output

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return read_rows(self.file, sql)

    def assert_equal(self) -> None:
        assert_equal(self.file, self.stack)
