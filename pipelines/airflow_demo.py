"""`make airflow`: the demo stack, and its tables as assets in a real Airflow, until Ctrl-C.

Everything is in a temporary folder on this machine, which is deleted at the end.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Final

import requests

from pipelines.simulated_stack import simulated_stack

DAG_FILE: Final = Path(__file__).with_name("airflow_dag.py")
USER: Final = "admin"
_USUAL_PORT: Final = 8080
_START_UP_SECONDS: Final = 300.0
_SECONDS_BETWEEN_EDITS: Final = 12.0
_SECONDS_BETWEEN_RUNS: Final = 60.0


class NotStartedError(Exception):
    """Airflow ended, or did not start in time.

    Args:
        log_end: the end of its log.
    """

    def __init__(self, log_end: str) -> None:
        super().__init__(f"Airflow did not start.\n{log_end}")


@dataclass(frozen=True)
class Airflow:
    """A running Airflow.

    Attributes:
        address: of its pages and its API.
        password: of `USER`.
        warehouse: the DuckDB file that its tasks load into.
        headers: authenticate requests to the API.
    """

    address: str
    password: str
    warehouse: Path
    headers: dict[str, str]

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the answer of the API."""
        return self._ask("GET", path)

    def begin(self) -> None:
        """Make the pool, and unpause the DAGs.

        Only once the API is up: a task that cannot reach it fails.
        """
        self._ask("POST", "pools", {"name": "contentstack", "slots": 1})
        for dag_id in ("contentstack_marts", "contentstack"):
            self._ask("PATCH", f"dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str) -> str:
        """Start a run, as a webhook would, and return its id."""
        run = self._ask("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})
        return str(run["dag_run_id"])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        url = f"{self.address}/api/v2/{path}"
        answer = requests.request(method, url, json=body, headers=self.headers, timeout=30)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def airflow_for(stack: Mapping[str, str], home: Path) -> Iterator[Airflow]:
    """Run Airflow with the DAGs of this folder, fed by a stack, until the block ends.

    Args:
        stack: the settings of a stack by name: base_url, api_key, delivery_token, environment.
        home: an empty folder for all that Airflow writes.

    Raises:
        NotStartedError: it did not start.
    """
    (home / "dags").mkdir()
    shutil.copy(DAG_FILE, home / "dags")
    password, port = secrets.token_urlsafe(9), _free_port(_USUAL_PORT)
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({USER: password}), "utf-8")
    address, warehouse = f"http://localhost:{port}", home / "warehouse.duckdb"
    log = home / "standalone.log"
    env = {**os.environ, **_environment(home, port), **_of_stack(stack, warehouse)}
    env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] = str(passwords)
    with log.open("wb") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=env,
            stdout=log_file,
            stderr=log_file,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # its children outlive it, so all are stopped as a group
        )
    try:
        headers = _log_in(process, address, password, log)
        airflow = Airflow(address, password, warehouse, headers)
        airflow.begin()
        yield airflow
    finally:
        _end(process)


def _environment(home: Path, port: int) -> dict[str, str]:
    logs = str(_free_port()), str(_free_port())
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "true",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://localhost:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": logs[0],
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": logs[1],
    }


def _of_stack(stack: Mapping[str, str], warehouse: Path) -> dict[str, str]:
    connection = {
        "conn_type": "generic",
        "login": stack["api_key"],
        "password": stack["delivery_token"],
        "extra": {"environment": stack["environment"], "base_url": stack["base_url"]},
    }
    return {
        "AIRFLOW_CONN_CONTENTSTACK_DEFAULT": json.dumps(connection),
        "DESTINATION__DUCKDB__CREDENTIALS": str(warehouse),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }


def _log_in(
    process: subprocess.Popen[bytes], address: str, password: str, log: Path
) -> dict[str, str]:
    """Wait for Airflow, and return the headers that authenticate requests."""
    login = {"username": USER, "password": password}
    until = time.monotonic() + _START_UP_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with suppress(requests.RequestException, KeyError):
            health = requests.get(f"{address}/api/v2/monitor/health", timeout=5).json()
            token = requests.post(f"{address}/auth/token", json=login, timeout=5).json()
            headers = {"Authorization": f"Bearer {token['access_token']}"}
            dag = requests.get(f"{address}/api/v2/dags/contentstack", headers=headers, timeout=5)
            if health["scheduler"]["status"] == "healthy" and dag.ok:
                return headers
        time.sleep(0.5)
    raise NotStartedError(log.read_text("utf-8", errors="replace")[-2000:])


def _end(process: subprocess.Popen[bytes]) -> None:
    for each in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, each)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)


def _free_port(wanted: int = 0) -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return _free_port()
        return int(probe.getsockname()[1])


def main() -> None:
    """Run the demo: editors publish, and the DAG follows."""
    is_ready = Event()
    with (
        TemporaryDirectory(prefix="airflow_demo_") as home,
        suppress(KeyboardInterrupt),
    ):
        print("Airflow is starting, which takes half a minute …", flush=True)
        with (
            simulated_stack(_SECONDS_BETWEEN_EDITS, is_ready) as stack,
            airflow_for(stack, Path(home)) as airflow,
        ):
            print(f"Assets:   {airflow.address}/assets")
            print(f"Login:    {USER} / {airflow.password}")
            print(f"Tables:   {airflow.warehouse}")
            print("Ctrl-C ends all of it. Meanwhile editors publish:", flush=True)
            is_ready.set()
            while True:
                time.sleep(_SECONDS_BETWEEN_RUNS)
                print("  The DAG is triggered.", flush=True)
                airflow.trigger("contentstack")


if __name__ == "__main__":
    main()
