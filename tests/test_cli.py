"""The command line: its output and its exit codes."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contentstack_source.simulator import Behavior, Fault, Server, Stack, serve
from tests.oracle import assert_equal
from tests.small_stack import filled_stack

COMMAND = [sys.executable, "-m", "contentstack_source.cli.main"]


@dataclass
class Shell:
    """A working folder with a configured stack; runs the real command in a separate process."""

    folder: Path
    stack: Stack
    behavior: Behavior
    server: Server

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        output = done.stdout + done.stderr
        assert done.returncode == exit_code, output
        assert self.stack.delivery_token not in output
        assert self.stack.api_key not in output
        return output

    @property
    def file(self) -> str:
        return str(self.folder / "contentstack_warehouse.duckdb")


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]
) -> Iterator[Shell]:
    stack, behavior = filled_stack(), Behavior()
    with serve(stack, behavior) as server:
        configure(stack, server)
        monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt_data"))
        monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
        yield Shell(tmp_path, stack, behavior, server)


def test_sync_loads_the_stack_and_prints_a_summary(shell: Shell) -> None:
    output = shell.run("sync")
    assert_equal(shell.file, shell.stack)
    assert "entry_published" in output
    assert "article__parts" in output
    assert "Up to date: 1 pass, 3 requests in" in output
    assert "Nothing changed: 1 request in" in shell.run("sync")


def test_status_prints_the_sync_state(shell: Shell) -> None:
    assert "Nothing has been synced yet" in shell.run("status")
    shell.run("sync")
    output = shell.run("status")
    for expected in ("production", "sync token", "last moved", "12 entry_published", "article"):
        assert expected in output


def test_a_resync_repairs_rows_changed_in_the_tables(shell: Shell) -> None:
    import duckdb

    shell.run("sync")
    with duckdb.connect(shell.file) as con:
        con.execute("DELETE FROM contentstack.article WHERE locale = 'en-us'")
        con.execute("UPDATE contentstack.author SET uid = 'e9', _dlt_id = 'x' WHERE uid = 'e1'")
    assert "Up to date: 1 pass" in shell.run("resync")
    assert_equal(shell.file, shell.stack)


def test_check_prints_one_line_per_check(shell: Shell) -> None:
    output = shell.run("check")
    assert [line[:2] for line in output.splitlines()] == ["ok"] * 6
    assert "14 published items in environment production" in output
    assert "2 content types readable" in output
    assert "nothing synced yet" in output


def test_check_reports_a_content_model_it_may_not_read(shell: Shell) -> None:
    shell.behavior.content_types_forbidden = True
    assert "types will be inferred from the data" in shell.run("check")


def test_a_missing_secret_is_refused_with_the_place_to_put_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN")
    for command in ("sync", "check"):
        output = shell.run(command, exit_code=2)
        assert "delivery_token" in output
        assert ".dlt/secrets.toml" in output
        assert "Traceback" not in output


def test_a_wrong_key_and_a_wrong_token_are_refused(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN", "cswrong")
    output = shell.run("sync", exit_code=2)
    assert "The service rejected the delivery token" in output
    assert "cswrong" not in output
    monkeypatch.setenv("SOURCES__CONTENTSTACK__API_KEY", "bltwrong")
    output = shell.run("sync", exit_code=2)
    assert "region" in output
    assert "bltwrong" not in output


def test_a_service_that_is_down_ends_the_run_with_1_and_the_next_run_succeeds(shell: Shell) -> None:
    shell.behavior.next_faults(*[Fault.status(503)] * 2)
    output = shell.run("sync", exit_code=1)
    assert "Error: No good answer after all retries" in output
    assert "Traceback" not in output
    shell.run("sync")
    assert_equal(shell.file, shell.stack)


def test_another_filter_is_refused_before_anything_is_written(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.run("sync")
    before = Path(shell.file).read_bytes()
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", "en-us")
    output = shell.run("sync", exit_code=2)
    assert "locale (none) -> en-us" in output
    assert "resync" in output
    assert Path(shell.file).read_bytes() == before


def test_debug_shows_the_trace(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__REGION", "mars")
    monkeypatch.delenv("SOURCES__CONTENTSTACK__BASE_URL")
    assert "region 'mars' is not one of Contentstack's" in shell.run("sync", exit_code=2)
    done = subprocess.run(
        [*COMMAND, "sync", "--debug"], cwd=shell.folder, capture_output=True, check=False
    )
    assert b"Traceback" in done.stderr


def test_a_terminal_shows_a_progress_bar(shell: Shell) -> None:
    for number in range(300):
        shell.stack.publish_asset(f"more{number}", {})
    shell.behavior.answer_seconds = 0.2
    terminal, inside = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*COMMAND, "sync"], cwd=shell.folder, stderr=inside, stdout=subprocess.DEVNULL, env=env
    ) as process:
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


def test_the_simulator_serves_a_stack_and_reports_a_port_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [*COMMAND, "simulate", "--entries", "30"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(4):
            name, _, value = process.stdout.readline().decode().partition("=")
            monkeypatch.setenv(f"SOURCES__CONTENTSTACK__{name.strip().upper()}", value.strip())
        done = subprocess.run([*COMMAND, "check"], cwd=tmp_path, capture_output=True, check=False)
        assert b"30 published items" in done.stdout
        taken = subprocess.run([*command, "--port", str(port)], capture_output=True, check=False)
        process.terminate()
    assert taken.returncode == 1
    assert b"Choose another --port" in taken.stderr
