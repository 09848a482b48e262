"""A real Airflow: scheduler, database and API, as `make airflow` starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from contentstack_source.simulator import serve
from pipelines.airflow_demo import Airflow, airflow_for
from tests.support.harness import settings_of
from tests.support.oracle import assert_equal
from tests.support.paths import ROOT
from tests.support.small_stack import filled_stack

MOST_SECONDS = 240.0


def states(airflow: Airflow, dag_id: str) -> list[str]:
    runs = airflow.get(f"dags/{dag_id}/dagRuns")["dag_runs"]
    return [each["state"] for each in runs if each["run_type"] != "scheduled"]


def wait_for_successes(airflow: Airflow, dag_id: str, count: int) -> None:
    until = time.monotonic() + MOST_SECONDS
    while (found := states(airflow, dag_id)) != ["success"] * count:
        assert time.monotonic() < until, found
        time.sleep(1)


@pytest.mark.long
def test_the_scheduler_syncs_and_runs_the_mart_on_changes_only(tmp_path: Path) -> None:
    stack = filled_stack()
    with serve(stack) as server, airflow_for(settings_of(server), tmp_path) as airflow:
        for runs, marts in ((1, 1), (2, 1), (3, 2)):
            if runs == 3:
                stack.delete_entry("author", "e1")
            airflow.trigger("contentstack")
            wait_for_successes(airflow, "contentstack", runs)
            wait_for_successes(airflow, "contentstack_marts", marts)
        time.sleep(10)  # a mart too many would come now
        assert states(airflow, "contentstack_marts") == ["success"] * 2
    assert_equal(str(airflow.warehouse), stack)
    with duckdb.connect(str(airflow.warehouse), read_only=True) as con:
        authors = con.execute(
            "SELECT sum(entries) FROM contentstack_marts.published_by_type"
            " WHERE content_type_uid = 'author'"
        ).fetchone()
    assert authors == (4,)


@pytest.mark.long
def test_the_demo_starts_and_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines.airflow_demo"]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        output = [demo.stdout.readline() for _ in range(5)]
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=60) == 0
    assert output[1].startswith("Assets:   http://localhost:")
    assert output[2].startswith("Login:    admin / ")
    assert list(tmp_path.iterdir()) == []
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(tmp_path) not in running.stdout
