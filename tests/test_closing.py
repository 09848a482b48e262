"""The closing line: one line of JSON a run, well or badly ended; and logs that are all JSON."""

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
from tests.mirror import assert_equal
from tests.reference import codes, tables_of
from tests.small import filled_stack

COMMAND = [sys.executable, "-m", "contentstack_source.cli.main", "sync", "--json"]


@dataclass
class Job:
    """The command in a folder of its own, with logs as JSON."""

    folder: Path
    stack: Stack
    behavior: Behavior

    def sync(self) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
        """Return the exit code, the closing line, and the lines of the log."""
        done = subprocess.run(
            COMMAND, cwd=self.folder, capture_output=True, text=True, check=False, timeout=100
        )
        (line,) = done.stdout.splitlines()
        for secret in (self.stack.api_key, self.stack.delivery_token):
            assert secret not in done.stdout + done.stderr
        return done.returncode, json.loads(line), [*map(json.loads, done.stderr.splitlines())]

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


def test_a_run_ends_with_one_line_that_tells_all_of_it(job: Job) -> None:
    exit_code, line, _ = job.sync()
    assert_equal(job.file, job.stack)
    assert (exit_code, line["outcome"], line["exit_code"], line["error"]) == (0, "ok", 0, None)
    assert line["events"] == {"entry_published": 12, "asset_published": 2}
    assert (line["rows_upserted"], line["requests"], line["retries"]) == (14, 3, 0)
    assert line["row_counts"]["article"] == 6
    with duckdb.connect(job.file, read_only=True) as con:
        newest = "SELECT strftime(max(event_at), '%Y-%m-%dT%H:%M:%S') FROM contentstack.sync_events"
        assert line["newest_event_at"][:19] == con.execute(newest).fetchall()[0][0]
        tokens = "SELECT token_before, token_after FROM contentstack.sync_runs"
        assert con.execute(tokens).fetchall() == [(line["token_before"], line["token_after"])]
    ended = datetime.fromisoformat(line["ended_at"].replace("Z", "+00:00"))
    newest_at = datetime.fromisoformat(line["newest_event_at"].replace("Z", "+00:00"))
    assert line["lag_seconds"] == pytest.approx((ended - newest_at).total_seconds(), abs=0.01)


def test_a_failed_run_has_its_closing_line_too_and_its_log_is_all_json(job: Job) -> None:
    job.behavior.next_faults(*[Fault.status(503)] * 2)
    exit_code, line, log = job.sync()
    assert (exit_code, line["exit_code"], line["outcome"]) == (1, 1, "failed")
    assert line["error"].startswith("No good answer after all retries")
    assert line["newest_event_at"] is line["lag_seconds"] is None
    assert log[-1]["level"] == "ERROR"
    assert log[-1]["msg"] == line["error"]


def test_a_refused_run_has_its_closing_line_too(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", "")
    monkeypatch.delenv("SOURCES__CONTENTSTACK__ENVIRONMENT")
    exit_code, line, _ = job.sync()
    assert (exit_code, line["exit_code"], line["outcome"]) == (2, 2, "refused")
    assert "environment" in line["error"]


def test_the_lag_is_the_age_of_the_newest_event_when_the_run_ended() -> None:
    now = datetime.now(timezone.utc)
    summary = RunSummary(newest_event_at=now - timedelta(minutes=5))
    line = json.loads(json_result(Target(), now, summary, CredentialsError("No", "Mend it.")))
    assert line["lag_seconds"] == pytest.approx(300, abs=5)
    assert (line["outcome"], line["error"]) == ("refused", "No. Mend it.")


def test_the_newest_event_is_that_of_all_passes() -> None:
    now = datetime.now(timezone.utc)
    summary = RunSummary()
    for instant in (None, now, now - timedelta(hours=1), None):
        summary.add(PassStats(newest_event_at=instant))
    assert summary.newest_event_at == now


def test_progress_goes_into_the_log_where_that_is_json(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    terminal = Console(force_terminal=True)
    assert isinstance(collector_for(terminal), BarCollector)
    monkeypatch.setenv("RUNTIME__LOG_FORMAT", "JSON")
    monkeypatch.setattr("contentstack_source.cli.progress._SECONDS_BETWEEN_LINES", 0.0)
    collector = collector_for(terminal)
    assert isinstance(collector, LineCollector)
    monkeypatch.setattr(log.LOGGER, "propagate", False)  # or it is heard twice
    log.LOGGER.addHandler(caplog.handler)
    try:
        collector.update("Pages", 3, total=4)
    finally:
        log.LOGGER.removeHandler(caplog.handler)
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [
        (logging.INFO, "Fetching pages: 3 of 4")
    ]


def test_the_keys_of_the_closing_line_are_documented() -> None:
    documented = [key for row in tables_of("JSON result")[0] for key in codes(row["Key"])]
    line = json_result(Target(), datetime.now(timezone.utc), RunSummary())
    assert documented == list(json.loads(line))
