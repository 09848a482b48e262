"""Fixtures of several folders: folders of the test's own, a served stack, a job and a command."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from rich.console import Console

from contentstack_source.cli.demo import run_demo
from contentstack_source.dashboard.demo_data import FOLDER
from contentstack_source.simulator import Behavior, Server, Stack, serve
from tests.support import harness
from tests.support.harness import Command, Job, MakesJob, making_jobs
from tests.support.killed_command import KilledCommand
from tests.support.own_folders import in_own_folders, prepare_folders
from tests.support.paths import ROOT
from tests.support.prepared import PreparedJob, prepared_job
from tests.support.small_stack import filled_stack

pytest_plugins = ["tests.support.loaded_rows"]

INTEGRATION = {"destinations", "orchestrators", "readers"}
"""Folders of tests that need more than `make test` installs."""

# The same examples every time: randomness belongs in the long tests and the soak test.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_configure() -> None:
    """Runs before any worker starts: all of them share these folders."""
    prepare_folders()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of whole folders as integration tests."""
    for item in items:
        if item.path.relative_to(ROOT / "tests").parts[0] in INTEGRATION:
            item.add_marker(pytest.mark.integration)


def pytest_collection_finish() -> None:
    """Let the garbage collector skip what was imported: each run of a job collects garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test work and write in its own folder, and fail if it wrote elsewhere."""
    with in_own_folders(tmp_path, monkeypatch):
        yield


@pytest.fixture(autouse=True)
def _quiet_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.01")


@pytest.fixture
def stack() -> Stack:
    """A small stack with everything published; many test files have their own."""
    return filled_stack()


@pytest.fixture
def behavior() -> Behavior:
    """The default behavior of the service; some test files have their own."""
    return Behavior()


@pytest.fixture
def server(stack: Stack, behavior: Behavior) -> Iterator[Server]:
    with serve(stack, behavior) as server:
        yield server


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], None]:
    """Configure the source as a user would, by the environment."""
    return lambda server: harness.configure(monkeypatch, server)


@pytest.fixture
def make_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakesJob]:
    """Make a job, see `tests.support.harness`."""
    with making_jobs(tmp_path, monkeypatch) as make:
        yield make


@pytest.fixture
def job(make_job: MakesJob, stack: Stack, behavior: Behavior) -> Job:
    """A job into DuckDB that has not run yet."""
    return make_job(stack, behavior=behavior)


@pytest.fixture(scope="session")
def _prepared(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., PreparedJob]]:
    """Sync the small stack once for each choice of settings."""
    with ExitStack() as serving:

        @cache
        def prepared(**settings: str) -> PreparedJob:
            folder = tmp_path_factory.mktemp("prepared")
            return serving.enter_context(prepared_job(folder, filled_stack(), **settings))

        yield prepared


@pytest.fixture
def make_synced_job(
    _prepared: Callable[..., PreparedJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MakesJob:
    """Make a job of the small stack into DuckDB that has run once with these settings."""
    return lambda **settings: _prepared(**settings).copied_to(tmp_path, monkeypatch)


@pytest.fixture
def synced_job(make_synced_job: MakesJob) -> Job:
    """A job of the small stack into DuckDB that has run once."""
    return make_synced_job()


@pytest.fixture
def command(tmp_path: Path, server: Server, configure: Callable[[Server], None]) -> Command:
    """The real command in a folder of its own, configured and not run yet."""
    configure(server)
    return Command(server, tmp_path / "work")


@pytest.fixture
def killed_command(
    tmp_path: Path, server: Server, configure: Callable[[Server], None]
) -> KilledCommand:
    """The command `sync`, configured as above, which a test may kill."""
    configure(server)
    return KilledCommand(server, tmp_path / "work")


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small demo: `demo-data/demo.duckdb` is in it."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt_data"))
        run_demo(Console(file=io.StringIO()), entries=300, folder=str(folder / FOLDER))
    return folder
