"""SIGTERM, as schedulers send it: the next run of the real command continues."""

from __future__ import annotations

import signal
import time
from collections import Counter

import duckdb
import pytest

from contentstack_source.simulator import Server, Stack
from tests.support.killed_command import SIGNS, KilledCommand
from tests.support.small_stack import filled_stack

PHASES = (
    "a page is in flight",
    "all data is extracted",
    "the load package is complete",
    "the load is finished",
)
STOPPED = "Stopped by SIGTERM. Run again: it goes on where this one stopped."


@pytest.fixture
def stack() -> Stack:
    stack = filled_stack()
    for number in range(150):
        stack.publish_asset(f"more{number}", {"title": f"Picture {number}"})
    return stack


def stop(command: KilledCommand, phase: str) -> None:
    """Send SIGTERM in a phase of a run, and check how it ends."""

    def signs() -> set[object]:
        if phase == PHASES[0]:
            return {*range(len(command.server.requests))}
        return {*command.folder.glob(SIGNS[phase])}

    before = signs()
    with command.begin() as process:
        until = time.monotonic() + 200
        while process.poll() is None and not signs() - before:
            assert time.monotonic() < until, phase
            time.sleep(0.001)
        if phase == PHASES[0]:
            time.sleep(0.5)  # the first page has been answered; the next one is slow
        process.send_signal(signal.SIGTERM)
        _, output = process.communicate(timeout=200)
    assert process.returncode == 143, (phase, output)
    assert STOPPED in output.replace("\n", " ")
    assert "Traceback" not in output


def end_equal(command: KilledCommand) -> None:
    exit_code, output = command.finish()
    assert exit_code == 0, output
    command.assert_equal()


@pytest.mark.integration
def test_a_run_stopped_in_any_phase_is_continued(
    killed_command: KilledCommand, server: Server
) -> None:
    server.behavior.answer_seconds = 1.0
    for phase in PHASES:
        server.stack.publish_asset("more0", {"title": phase})
        stop(killed_command, phase)
    server.behavior.answer_seconds = 0.0
    server.stack.delete_content_type("author")
    end_equal(killed_command)
    asked = [each.query for each in server.requests if "sync_token" not in each.query]
    pages = Counter(query.get("pagination_token", "init") for query in asked if "skip" not in query)
    assert pages.pop("init") == 1
    assert set(pages.values()) <= {1, 2}  # the page in flight is requested again


@pytest.mark.long
@pytest.mark.parametrize("phase", PHASES)
def test_the_run_after_a_stopped_one_ends_equal(killed_command: KilledCommand, phase: str) -> None:
    killed_command.server.behavior.answer_seconds = 1.0
    stop(killed_command, phase)
    killed_command.server.behavior.answer_seconds = 0.0
    killed_command.server.stack.delete_entry("article", "e1")
    end_equal(killed_command)


@pytest.mark.integration
def test_a_stopped_run_adds_its_row_to_the_run_log(
    killed_command: KilledCommand, server: Server
) -> None:
    end_equal(killed_command)
    server.stack.publish_asset("late", {"title": "Late"})
    stop(killed_command, "all data is extracted")
    with duckdb.connect(killed_command.file, read_only=True) as con:
        query = "SELECT outcome, error FROM contentstack.sync_runs ORDER BY ended_at"
        assert con.execute(query).fetchall() == [("ok", None), ("failed", STOPPED)]
