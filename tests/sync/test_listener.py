"""The command `listen`: real webhooks, and serial syncs into DuckDB."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from contentstack_source.errors import SettingsError
from contentstack_source.orchestration.debounce import Debouncer
from contentstack_source.orchestration.listener import (
    Syncs,
    Timing,
    configured_timing,
    secret_headers,
)
from contentstack_source.simulator import Fault
from tests.support.harness import Command
from tests.support.hooked_behavior import HookedBehavior
from tests.support.reference import REFERENCE, code, tables_of

SECTION = "SOURCES__CONTENTSTACK__LISTEN__"
SECRET = {"X-Secret": "s3cret-of-the-listener"}


@dataclass
class Listener:
    """The real command, with its log read on a thread."""

    command: Command
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + 200
        while not condition():
            assert time.monotonic() < until, self.log
            assert self.process.poll() is None, self.log
            time.sleep(0.1)

    @property
    def url(self) -> str:
        self.wait_until(lambda: bool(self.log))
        (found,) = re.findall(r"http://\S+:\d+", self.log[0])
        return str(found)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.url}/healthz", timeout=10).json()
        return found

    def post(self, headers: dict[str, str]) -> int:
        body = {"event": "publish", "api_key": self.command.stack.api_key}
        url = f"{self.url}/webhook"
        return requests.post(url, json=body, headers=headers, timeout=10).status_code

    def runs(self) -> list[str]:
        found = self.command.rows("SELECT outcome FROM sync_runs ORDER BY ended_at")
        return [outcome for (outcome,) in found]

    def rest(self) -> None:
        """Wait until no sync is running or due."""
        self.wait_until(lambda: not {True} & {*map(self.health().get, BUSY)})


@pytest.fixture
def behavior() -> HookedBehavior:
    return HookedBehavior()


BUSY = ("is_syncing", "is_sync_due")


@pytest.fixture
def listener(command: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    monkeypatch.setenv(f"{SECTION}HEADER_NAME", "X-Secret")
    monkeypatch.setenv(f"{SECTION}HEADER_VALUE", SECRET["X-Secret"])
    monkeypatch.setenv(f"{SECTION}DEBOUNCE_SECONDS", "0.3")
    monkeypatch.setenv(f"{SECTION}RETRY_DELAY_SECONDS", "0.5")
    process = command.start("listen", "--port", "0")
    listener = Listener(command, process)
    reader = threading.Thread(target=listener.read, daemon=True)
    reader.start()
    yield listener
    process.kill()
    process.communicate()
    reader.join(10)


@pytest.mark.integration
def test_webhooks_trigger_syncs_and_the_tables_follow(listener: Listener) -> None:
    listener.rest()
    listener.command.assert_equal()
    assert listener.health()["outcome"] == "ok"

    listener.command.stack.delete_entry("author", "e1")
    assert {listener.post(SECRET) for _ in range(20)} == {202}
    assert listener.health()["is_sync_due"]
    listener.wait_until(lambda: bool(listener.health()["is_syncing"]))
    listener.command.stack.delete_entry("author", "e2")
    assert listener.post(SECRET) == 202  # during a sync: one more follows it
    listener.rest()
    listener.command.assert_equal()
    assert listener.runs() == ["ok"] * 3

    assert listener.post({"X-Secret": "wrong-secret"}) == 401
    assert not listener.health()["is_sync_due"]
    listener.process.send_signal(signal.SIGTERM)
    assert listener.process.wait(200) == -signal.SIGTERM
    assert listener.process.stdout is not None
    output = "".join(listener.log) + listener.process.stdout.read()
    for secret in (*SECRET.values(), "wrong-secret", listener.command.stack.api_key):
        assert secret not in output


@pytest.mark.integration
def test_a_failed_sync_is_retried_and_visible_to_probes(
    listener: Listener,
) -> None:
    listener.rest()
    listener.command.stack.delete_entry("author", "e1")
    listener.command.behavior.next_faults(*[Fault.status(503)] * 2)
    assert listener.post(SECRET) == 202
    listener.wait_until(lambda: listener.health()["failures_in_a_row"] == 1)
    assert listener.health()["outcome"] == "failed"
    listener.rest()
    assert listener.health()["outcome"] == "ok"
    assert listener.runs() == ["ok", "failed", "failed", "ok"]
    listener.command.assert_equal()


@pytest.mark.integration
def test_a_stopped_listener_stops_its_running_sync_cleanly(
    listener: Listener, behavior: HookedBehavior
) -> None:
    listener.rest()
    listener.command.stack.delete_entry("author", "e1")
    behavior.answer_seconds = 3.0
    before = behavior.seen
    assert listener.post(SECRET) == 202
    listener.wait_until(lambda: behavior.seen > before)  # the sync waits for the service
    listener.process.send_signal(signal.SIGTERM)
    assert listener.process.wait(200) == -signal.SIGTERM
    assert "Stopped by SIGTERM" in "".join(listener.log)


def test_retry_delays_grow_up_to_a_limit() -> None:
    timing = Timing(retry_delay_seconds=10, max_interval_seconds=100)
    assert [timing.pause(failures) for failures in (1, 2, 3, 4, 5, 5000)] == [
        *(10, 20, 40, 80, 100, 100)
    ]


def test_a_listener_without_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="No secret is configured"):
        secret_headers()
    monkeypatch.setenv(f"{SECTION}USERNAME", "cms")
    with pytest.raises(SettingsError, match="only one is there"):
        secret_headers()
    monkeypatch.setenv(f"{SECTION}PASSWORD", "p")
    assert secret_headers() == {"authorization": "Basic Y21zOnA="}


@pytest.mark.parametrize("wrong", ["soon", "0", "-1", "nan"])
def test_an_invalid_number_of_seconds_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv(f"{SECTION}DEBOUNCE_SECONDS", wrong)
    with pytest.raises(SettingsError, match="not a number of seconds"):
        configured_timing()


def test_the_settings_of_the_listener_are_documented_with_their_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    documented = {code(row["Setting"]): row["Default"] for row in tables_of("Webhooks")[0]}
    defaults = {name: f"`{seconds:g}`" for name, seconds in vars(Timing()).items()}
    secrets = [name for name in documented if name not in defaults]
    assert documented == dict.fromkeys(secrets, "unset") | defaults
    for name in secrets:
        monkeypatch.setenv(f"{SECTION}{name.upper()}", "x")
    assert secret_headers() == {"authorization": "Basic eDp4", "x": "x"}


def test_the_answer_to_probes_is_documented() -> None:
    async def never() -> None:
        raise AssertionError

    text = REFERENCE.read_text("utf-8")
    for key in Syncs(never, Timing(), Debouncer(1, 1)).health():
        assert f"`{key}`" in text
