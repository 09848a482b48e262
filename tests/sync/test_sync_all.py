"""The command `sync --all`: three stacks, one process each; one that fails stops no other."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from contentstack_source.orchestration.sync_all import Outcome, worst_exit_code
from contentstack_source.simulator import Fault, Server, serve
from tests.support.harness import COMMAND
from tests.support.oracle import assert_equal
from tests.support.small_stack import filled_stack

NAMES = ("shop", "blog", "docs")


@dataclass
class Fleet:
    folder: Path
    servers: dict[str, Server]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, "sync", "--all", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sync(self, *arguments: str) -> tuple[int, str, str]:
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=200)
        for server in self.servers.values():
            assert server.stack.delivery_token not in out + err
        return process.returncode, out, err

    def assert_equal(self, *names: str) -> None:
        for name in names:
            file = str(self.folder / f"{name}_warehouse.duckdb")
            assert_equal(file, self.servers[name].stack, name)


@pytest.fixture
def fleet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]
) -> Iterator[Fleet]:
    with ExitStack() as serving:
        servers = {name: serving.enter_context(serve(filled_stack())) for name in NAMES}
        text = ""
        for number, (name, server) in enumerate(servers.items()):
            configure(server)  # for the settings that all share
            server.stack.delete_entry("article", f"e{number + 1}")
            monkeypatch.setenv(f"STACKS__{name.upper()}__API_KEY", server.stack.api_key)
            token = server.stack.delivery_token
            monkeypatch.setenv(f"STACKS__{name.upper()}__DELIVERY_TOKEN", token)
            text += f'[[stacks]]\nname = "{name}"\nbase_url = "{server.base_url}"\n\n'
        (tmp_path / "stacks.toml").write_text(text)
        monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
        yield Fleet(tmp_path, servers)


@pytest.mark.integration
def test_a_stack_that_fails_stops_no_other(fleet: Fleet) -> None:
    fleet.servers["blog"].behavior.next_faults(*[Fault.status(503)] * 9)
    exit_code, out, err = fleet.sync()
    assert exit_code == 1
    head, *rows = out.splitlines()
    assert head.split()[:3] == ["stack", "outcome", "events"]
    assert [row.split()[:3] for row in rows if row[0] != " "] == [
        ["shop", "ok", "12"],
        ["blog", "failed", "0"],
        ["docs", "ok", "12"],
    ]
    assert "blog: Error: No good answer" in err
    fleet.assert_equal("shop", "docs")


@pytest.mark.integration
def test_stacks_that_share_a_duckdb_file_wait_for_each_other_and_a_refused_one_sets_the_exit_code(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(fleet.folder / "all.duckdb")
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", file)
    monkeypatch.delenv("STACKS__DOCS__API_KEY")
    exit_code, out, _ = fleet.sync("--max-parallel", "3", "--json")
    lines = {line["pipeline_name"]: line for line in map(json.loads, out.splitlines())}
    assert {name: line["exit_code"] for name, line in lines.items()} == {
        "shop": 0,
        "blog": 0,
        "docs": 2,
    }
    assert "stacks.docs" in lines["docs"]["error"]
    assert exit_code == 2
    for name in ("shop", "blog"):
        assert_equal(file, fleet.servers[name].stack, name)


@pytest.mark.long
def test_sigterm_stops_all_runs_and_the_next_run_ends_equal(fleet: Fleet) -> None:
    for server in fleet.servers.values():
        server.behavior.answer_seconds = 2.0
    with fleet.start("--max-parallel", "3") as process:
        until = time.monotonic() + 100
        while not all(server.requests for server in fleet.servers.values()):
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _, output = process.communicate(timeout=100)
    assert process.returncode == 143, output
    assert output.count("Error: Stopped by SIGTERM. Run again") == 3
    assert "Error: Stopped by SIGTERM, and every run with it." in output
    for server in fleet.servers.values():
        server.behavior.answer_seconds = 0.0
    assert fleet.sync()[0] == 0
    fleet.assert_equal(*NAMES)


@pytest.mark.parametrize("options", [["--dataset", "d"], ["--stack", "shop"]])
def test_options_that_the_file_sets_are_refused(fleet: Fleet, options: list[str]) -> None:
    exit_code, _, output = fleet.sync(*options)
    assert exit_code == 2
    assert "does not go with --all" in output


def test_the_worst_exit_code_counts() -> None:
    def worst(*exit_codes: int) -> int:
        return worst_exit_code([Outcome("shop", each, {}) for each in exit_codes])

    assert [worst(0, 0), worst(0, 1), worst(1, 2, -9), worst(0, -9), worst(143)] == [0, 1, 2, 1, 1]
