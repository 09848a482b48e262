"""The JSON result: one line per run, successful or not; and logs that are all JSON."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from contentstack_source import log
from contentstack_source.cli.progress import BarCollector, LineCollector, collector_for
from contentstack_source.destinations.target import Target
from contentstack_source.errors import CredentialsError
from contentstack_source.runs.json_result import json_result
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Behavior, Fault, Stack, serve
from contentstack_source.source.stats import PassStats
from tests.oracle import assert_equal
from tests.reference import codes, tables_of
from tests.small_stack import filled_stack

COMMAND = [sys.executable, "-m", "contentstack_source.cli.main", "sync", "--json"]


@dataclass
class Job:
    """The command in its own folder, with logs as JSON."""

    folder: Path
    stack: Stack
    behavior: Behavior

    def sync(self) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
        """Return the exit code, the JSON result, and the lines of the log."""
        done = subprocess.run(
            COMMAND, cwd=self.folder, capture_output=True, text=True, check=False, timeout=100
        )
        (result,) = done.stdout.splitlines()
        for secret in (self.stack.api_key, self.stack.delivery_token):
            assert secret not in done.stdout + done.stderr
        return done.returncode, json.loads(result), [*map(json.loads, done.stderr.splitlines())]

    @property
    def file(self) -> str:
        return str(self.folder / "contentstack_warehouse.duckdb")


@pytest.fixture
def job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]
) -> Iterator[Job]:
    stack, behavior = filled_stack(), Behavior()
    with serve(stack, behavior) as server:
        configure(stack, server)
        monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt_data"))
        monkeypatch.setenv("RUNTIME__LOG_FORMAT", "JSON")
        monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
        yield Job(tmp_path, stack, behavior)


def test_a_run_prints_its_json_result(job: Job) -> None:
    exit_code, result, _ = job.sync()
    assert_equal(job.file, job.stack)
    assert (exit_code, result["outcome"], result["exit_code"], result["error"]) == (
        0,
        "ok",
        0,
        None,
    )
    assert result["events"] == {"entry_published": 12, "asset_published": 2}
    assert (result["rows_upserted"], result["requests"], result["retries"]) == (14, 3, 0)
    assert result["row_counts"]["article"] == 6
    with duckdb.connect(job.file, read_only=True) as con:
        newest = "SELECT strftime(max(event_at), '%Y-%m-%dT%H:%M:%S') FROM contentstack.sync_events"
        assert result["newest_event_at"][:19] == con.execute(newest).fetchall()[0][0]
        tokens = "SELECT token_before, token_after FROM contentstack.sync_runs"
        assert con.execute(tokens).fetchall() == [(result["token_before"], result["token_after"])]
    ended = datetime.fromisoformat(result["ended_at"].replace("Z", "+00:00"))
    newest_at = datetime.fromisoformat(result["newest_event_at"].replace("Z", "+00:00"))
    assert result["lag_seconds"] == pytest.approx((ended - newest_at).total_seconds(), abs=0.01)


def test_a_failed_run_prints_its_json_result_and_its_log_is_all_json(job: Job) -> None:
    job.behavior.next_faults(*[Fault.status(503)] * 2)
    exit_code, result, log = job.sync()
    assert (exit_code, result["exit_code"], result["outcome"]) == (1, 1, "failed")
    assert result["error"].startswith("No good answer after all retries")
    assert result["newest_event_at"] is result["lag_seconds"] is None
    assert log[-1]["level"] == "ERROR"
    assert log[-1]["msg"] == result["error"]


def test_a_refused_run_prints_its_json_result(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", "")
    monkeypatch.delenv("SOURCES__CONTENTSTACK__ENVIRONMENT")
    exit_code, result, _ = job.sync()
    assert (exit_code, result["exit_code"], result["outcome"]) == (2, 2, "refused")
    assert "environment" in result["error"]


def test_the_lag_is_the_age_of_the_newest_event_when_the_run_ended() -> None:
    now = datetime.now(timezone.utc)
    summary = RunSummary(newest_event_at=now - timedelta(minutes=5))
    result = json.loads(json_result(Target(), now, summary, CredentialsError("No", "Fix it.")))
    assert result["lag_seconds"] == pytest.approx(300, abs=5)
    assert (result["outcome"], result["error"]) == ("refused", "No. Fix it.")


def test_the_newest_event_is_that_of_all_passes() -> None:
    now = datetime.now(timezone.utc)
    summary = RunSummary()
    for instant in (None, now, now - timedelta(hours=1), None):
        summary.add(PassStats(newest_event_at=instant))
    assert summary.newest_event_at == now


def test_progress_is_logged_if_the_log_is_json(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    terminal = Console(force_terminal=True)
    assert isinstance(collector_for(terminal), BarCollector)
    monkeypatch.setenv("RUNTIME__LOG_FORMAT", "JSON")
    monkeypatch.setattr("contentstack_source.cli.progress._SECONDS_BETWEEN_LINES", 0.0)
    collector = collector_for(terminal)
    assert isinstance(collector, LineCollector)
    monkeypatch.setattr(log.LOGGER, "propagate", False)  # or each message is recorded twice
    log.LOGGER.addHandler(caplog.handler)
    try:
        collector.update("Pages", 3, total=4)
    finally:
        log.LOGGER.removeHandler(caplog.handler)
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [
        (logging.INFO, "Fetching pages: 3 of 4")
    ]


def test_the_keys_of_the_json_result_are_documented() -> None:
    documented = [key for row in tables_of("JSON result")[0] for key in codes(row["Key"])]
    result = json_result(Target(), datetime.now(timezone.utc), RunSummary())
    assert documented == list(json.loads(result))
