"""The command line: its output and its exit codes."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
from pathlib import Path

import pytest

from contentstack_source.simulator import Fault
from tests.support.harness import COMMAND, Command


@pytest.fixture(autouse=True)
def _few_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")


def test_sync_loads_the_stack_and_prints_a_summary(command: Command) -> None:
    output = command.run("sync")
    command.assert_equal()
    assert "entry_published" in output
    assert "article__parts" in output
    assert "Up to date: 1 pass, 3 requests in" in output
    assert "Nothing changed: 1 request in" in command.run("sync")


def test_status_prints_the_sync_state(command: Command) -> None:
    assert "Nothing has been synced yet" in command.run("status")
    command.run("sync")
    output = command.run("status")
    for expected in ("production", "sync token", "last moved", "12 entry_published", "article"):
        assert expected in output


@pytest.mark.integration
def test_a_resync_repairs_rows_changed_in_the_tables(command: Command) -> None:
    import duckdb

    command.run("sync")
    with duckdb.connect(command.file) as con:
        con.execute("DELETE FROM contentstack.article WHERE locale = 'en-us'")
        con.execute("UPDATE contentstack.author SET uid = 'e9', _dlt_id = 'x' WHERE uid = 'e1'")
    assert "Up to date: 1 pass" in command.run("resync")
    command.assert_equal()


def test_check_prints_one_line_per_check(command: Command) -> None:
    output = command.run("check")
    assert [line[:2] for line in output.splitlines()] == ["ok"] * 6
    assert "14 published items in environment production" in output
    assert "2 content types readable" in output
    assert "nothing synced yet" in output


def test_check_reports_a_content_model_it_may_not_read(command: Command) -> None:
    command.behavior.content_types_forbidden = True
    assert "types will be inferred from the data" in command.run("check")


def test_a_missing_secret_is_refused_with_the_place_to_put_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN")
    for name in ("sync", "check"):
        output = command.run(name, exit_code=2)
        assert "delivery_token" in output
        assert ".dlt/secrets.toml" in output
        assert "Traceback" not in output


def test_a_wrong_key_and_a_wrong_token_are_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN", "cswrong")
    output = command.run("sync", exit_code=2)
    assert "The service rejected the delivery token" in output
    assert "cswrong" not in output
    monkeypatch.setenv("SOURCES__CONTENTSTACK__API_KEY", "bltwrong")
    output = command.run("sync", exit_code=2)
    assert "region" in output
    assert "bltwrong" not in output


def test_a_service_that_is_down_ends_the_run_with_1_and_the_next_run_succeeds(
    command: Command,
) -> None:
    command.behavior.next_faults(*[Fault.status(503)] * 2)
    output = command.run("sync", exit_code=1)
    assert "Error: No good answer after all retries" in output
    assert "Traceback" not in output
    command.run("sync")
    command.assert_equal()


def test_another_filter_is_refused_before_anything_is_written(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.run("sync")
    before = Path(command.file).read_bytes()
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", "en-us")
    output = command.run("sync", exit_code=2)
    assert "locale (none) -> en-us" in output
    assert "resync" in output
    assert Path(command.file).read_bytes() == before


def test_debug_shows_the_trace(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__REGION", "mars")
    monkeypatch.delenv("SOURCES__CONTENTSTACK__BASE_URL")
    assert "region 'mars' is not one of Contentstack's" in command.run("sync", exit_code=2)
    assert "Traceback" in command.complete("sync", "--debug").stderr


@pytest.mark.integration
def test_a_terminal_shows_a_progress_bar(command: Command) -> None:
    for number in range(300):
        command.stack.publish_asset(f"more{number}", {})
    command.behavior.answer_seconds = 0.2
    terminal, inside = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with command.start("sync", stdout=subprocess.DEVNULL, stderr=inside, env=env) as process:
        os.close(inside)
        shown = b""
        while True:
            try:
                chunk = os.read(terminal, 4096)
            except OSError:  # the command ended
                break
            shown += chunk
    os.close(terminal)
    assert process.returncode == 0
    assert b"Fetching pages" in shown
    assert b"/4" in shown


@pytest.mark.integration
def test_the_simulator_serves_a_stack_and_reports_a_port_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate = [*COMMAND, "simulate", "--entries", "30"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([*simulate, "--port", str(port)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(4):
            name, _, value = process.stdout.readline().decode().partition("=")
            monkeypatch.setenv(f"SOURCES__CONTENTSTACK__{name.strip().upper()}", value.strip())
        done = subprocess.run([*COMMAND, "check"], cwd=tmp_path, capture_output=True, check=False)
        assert b"30 published items" in done.stdout
        taken = subprocess.run([*simulate, "--port", str(port)], capture_output=True, check=False)
        process.terminate()
    assert taken.returncode == 1
    assert b"Choose another --port" in taken.stderr
