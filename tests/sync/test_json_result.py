"""The JSON result: one line per run, successful or not; and logs that are all JSON."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.errors import CredentialsError
from contentstack_source.runs.json_result import json_result
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Fault
from contentstack_source.source.stats import PassStats
from tests.support.harness import Command
from tests.support.reference import codes, tables_of


@pytest.fixture(autouse=True)
def _logs_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__LOG_FORMAT", "JSON")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")


def sync(command: Command) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """Return the exit code, the JSON result, and the lines of the log."""
    done = command.complete("sync", "--json")
    (result,) = done.stdout.splitlines()
    return done.returncode, json.loads(result), [*map(json.loads, done.stderr.splitlines())]


def test_a_run_prints_its_json_result(command: Command) -> None:
    exit_code, result, _ = sync(command)
    command.assert_equal()
    assert (exit_code, result["outcome"], result["exit_code"], result["error"]) == (
        0,
        "ok",
        0,
        None,
    )
    assert result["events"] == {"entry_published": 12, "asset_published": 2}
    assert (result["rows_upserted"], result["requests"], result["retries"]) == (14, 3, 0)
    assert result["row_counts"]["article"] == 6
    newest = "SELECT strftime(max(event_at), '%Y-%m-%dT%H:%M:%S') FROM sync_events"
    assert result["newest_event_at"][:19] == command.rows(newest)[0][0]
    tokens = "SELECT token_before, token_after FROM sync_runs"
    assert command.rows(tokens) == [(result["token_before"], result["token_after"])]
    ended = datetime.fromisoformat(result["ended_at"].replace("Z", "+00:00"))
    newest_at = datetime.fromisoformat(result["newest_event_at"].replace("Z", "+00:00"))
    assert result["lag_seconds"] == pytest.approx((ended - newest_at).total_seconds(), abs=0.01)


def test_a_failed_run_prints_its_json_result_and_its_log_is_all_json(command: Command) -> None:
    command.behavior.next_faults(*[Fault.status(503)] * 2)
    exit_code, result, log = sync(command)
    assert (exit_code, result["exit_code"], result["outcome"]) == (1, 1, "failed")
    assert result["error"].startswith("No good answer after all retries")
    assert result["newest_event_at"] is result["lag_seconds"] is None
    assert log[-1]["level"] == "ERROR"
    assert log[-1]["msg"] == result["error"]


def test_a_refused_run_prints_its_json_result(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", "")
    monkeypatch.delenv("SOURCES__CONTENTSTACK__ENVIRONMENT")
    exit_code, result, _ = sync(command)
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


def test_the_keys_of_the_json_result_are_documented() -> None:
    documented = [key for row in tables_of("JSON result")[0] for key in codes(row["Key"])]
    result = json_result(Target(), datetime.now(timezone.utc), RunSummary())
    assert documented == list(json.loads(result))
