"""An Airflow for the tests: in the process, with a temporary database."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contentstack_source.simulator import Server
from tests.support.own_folders import in_own_folders, prepare_folders
from tests.support.paths import ROOT

HOME = Path(tempfile.mkdtemp(prefix="test_airflow_"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
(HOME / "dags").mkdir()
shutil.copy(ROOT / "pipelines" / "airflow_dag.py", HOME / "dags")

# Set before Airflow is imported, which reads these once.
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",  # seconds
    "AIRFLOW__CORE__MAX_TASK_RETRY_DELAY": "1",  # overrides the delay of a task
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__REQUEST_BACKOFF_FACTOR": "0.01",
    "RUNTIME__REQUEST_MAX_ATTEMPTS": "2",
}


@pytest.fixture(scope="session")
def database() -> None:
    """Create Airflow's tables, and the pool of the DAGs."""
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    initdb()
    Pool.create_or_update_pool("contentstack", slots=1, description="", include_deferred=True)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Add a connection to a stack in the environment, as an operator would."""

    def add(
        server: Server,
        conn_id: str = "contentstack_default",
        delivery_token: str | None = None,
        **extra: str,
    ) -> None:
        connection = {
            "conn_type": "generic",
            "login": server.stack.api_key,
            "password": delivery_token or server.stack.delivery_token,
            "extra": {
                "environment": server.stack.environment,
                "base_url": server.base_url,
                **extra,
            },
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))

    return add


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the file of the tables, configured as in dlt."""
    file = str(tmp_path / "warehouse.duckdb")
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", file)
    return file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A scheduler, or its stand-in, could wait without end."""
    for item in items:
        item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test work in its own folder, and fail if it wrote elsewhere."""
    with in_own_folders(tmp_path, monkeypatch):
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Airflow and its dependencies warn a lot; warnings of our file have their own test."""
    prepare_folders()
    config.addinivalue_line("filterwarnings", "ignore")
