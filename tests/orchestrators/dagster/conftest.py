"""These tests run in a separate virtual environment, without the fixtures of the other tests."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from contentstack_source.simulator import Server, Stack, serve
from tests.support.harness import configure
from tests.support.oracle import assert_equal
from tests.support.own_folders import in_own_folders, prepare_folders
from tests.support.paths import ROOT
from tests.support.small_stack import filled_stack

DEFINITIONS = ROOT / "pipelines" / "dagster_defs.py"


@dataclass
class Result:
    """What a run of Dagster did.

    Attributes:
        success: whether it succeeded.
        metadata: by materialised table; numbers and text unchanged.
        checks: whether each check passed, by table and name.
        failure: the error of the run.
        tries: how often the run was tried.
    """

    success: bool
    metadata: dict[str, dict[str, Any]]
    checks: dict[tuple[str, str], bool]
    failure: str = ""
    tries: int = 1


@dataclass
class Location:
    """A code location with its instance and its stack."""

    stack: Stack
    server: Server
    file: str
    instance: dg.DagsterInstance
    defs: dg.Definitions = field(init=False)

    def load(self) -> None:
        """Load the file that users copy, as Dagster does."""
        spec = importlib.util.spec_from_file_location("dagster_defs", DEFINITIONS)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.defs = module.defs

    def sync(self, **options: Any) -> Result:
        """Run the job, and compare the tables if it went well."""
        result = run_job(self.defs, self.instance, "contentstack", **options)
        if result.success:
            assert_equal(self.file, self.stack)
        return result

    def check(self) -> Any:
        """Evaluate the sensor once."""
        return check(self.defs, self.instance)

    def tick(self) -> Any:
        """Evaluate the schedule once."""
        now = datetime.now(timezone.utc)
        context = dg.build_schedule_context(
            instance=self.instance,
            scheduled_execution_time=now,
            repository_def=self.defs.get_repository_def(),
        )
        return self.defs.resolve_schedule_def("contentstack_schedule").evaluate_tick(context)

    def sql(self, statement: str) -> None:
        with duckdb.connect(self.file) as con:
            con.execute(statement)


def run_job(
    defs: dg.Definitions, instance: dg.DagsterInstance, name: str, **options: Any
) -> Result:
    job = defs.resolve_job_def(name)
    done = job.execute_in_process(instance=instance, raise_on_error=False, **options)
    made = [each.step_materialization_data.materialization for each in _made(done)]
    failures = [e for e in done.all_events if e.event_type_value == "STEP_FAILURE"]
    retries = [e for e in done.all_events if e.event_type_value == "STEP_RESTARTED"]
    return Result(
        done.success,
        {
            m.asset_key.path[-1]: {name: value.value for name, value in m.metadata.items()}
            for m in made
        },
        {
            (each.asset_key.path[-1], each.check_name): each.passed
            for each in done.get_asset_check_evaluations()
        },
        " ".join(_description(each) for each in failures),
        1 + len(retries),
    )


def check(defs: dg.Definitions, instance: dg.DagsterInstance) -> Any:
    context = dg.build_sensor_context(instance=instance, definitions=defs)
    return defs.resolve_sensor_def("contentstack_changes").evaluate_tick(context)


def _made(done: Any) -> list[Any]:
    return [e for e in done.all_events if e.event_type_value == "ASSET_MATERIALIZATION"]


def _description(event: Any) -> str:
    error = event.step_failure_data.user_failure_data
    return error.description if error else str(event.step_failure_data.error)


def pytest_configure() -> None:
    """Runs before any worker starts: all of them share these folders."""
    prepare_folders()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test work in its own folder, and fail if it wrote elsewhere."""
    with in_own_folders(tmp_path, monkeypatch):
        yield


@pytest.fixture
def location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Location]:
    with located(tmp_path, monkeypatch, filled_stack()) as found:
        yield found


@contextmanager
def located(folder: Path, monkeypatch: pytest.MonkeyPatch, stack: Stack) -> Iterator[Location]:
    """Serve a stack, configure the source as a user would, and load the definitions."""
    file = str(folder / "warehouse.duckdb")
    monkeypatch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", file)
    with serve(stack) as server, dg.instance_for_test() as instance:
        configure(monkeypatch, server)
        location = Location(stack, server, file, instance)
        location.load()
        yield location
