"""`contentstack-source listen`: a sync when editors publish, one at a time, whatever happens."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Final

import dlt
import uvicorn
from starlette.applications import Starlette

from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import FailedError, RefusedError, SettingsError
from contentstack_source.orchestration.debounce import Debouncer
from contentstack_source.orchestration.subprocess_run import CompletedRun, run_command
from contentstack_source.orchestration.webhook_app import WebhookApp, basic_auth
from contentstack_source.source.configuration import load_settings

_SECTION: Final = "sources.contentstack.listen"
_WORDS: Final = {0: "ok", RefusedError.exit_code: "refused"}


@dataclass(frozen=True)
class Timing:
    """When to sync, in seconds.

    Attributes:
        debounce_seconds: a burst of webhooks is over when none came for so long.
        max_wait_seconds: a sync begins at the latest so long after the first of a burst.
        retry_delay_seconds: pause after a sync that failed; doubled each time it fails again.
        max_interval_seconds: a sync without any webhook: one may have been lost.
    """

    debounce_seconds: float = 5.0
    max_wait_seconds: float = 60.0
    retry_delay_seconds: float = 10.0
    max_interval_seconds: float = 3600.0

    def pause(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row."""
        pause = self.retry_delay_seconds * 2.0 ** min(failures - 1, 30)
        return min(pause, self.max_interval_seconds)


@dataclass
class Syncs:
    """Syncs one after the other, for ever.

    Attributes:
        run: does one.
        rhythm: when.
        debouncer: is triggered for one.
        failures: in a row, those worth another try.
        is_running: one is under way.
        last: how the last one ended, for probes.
    """

    run: Callable[[], Any]
    timing: Timing
    debouncer: Debouncer
    failures: int = 0
    is_running: bool = False
    last: dict[str, Any] = field(default_factory=lambda: {"outcome": None, "ended_at": None})

    async def run_forever(self) -> None:
        """Sync when due; the first time at once, for webhooks missed until now."""
        while True:
            self.is_running = True
            completed: CompletedRun = await self.run()
            self.is_running = False
            self._note(completed.exit_code)
            if self.failures:
                await asyncio.sleep(self.timing.pause(self.failures))
                await self.debouncer.wait_until_due(0)
            else:
                await self.debouncer.wait_until_due(self.timing.max_interval_seconds)

    def health(self) -> dict[str, Any]:
        """Return the health for probes: how the last sync ended, and what is to come."""
        return {
            **self.last,
            "failures_in_a_row": self.failures,
            "is_syncing": self.is_running,
            "is_sync_due": self.debouncer.is_triggered or bool(self.failures),
        }

    def _note(self, exit_code: int) -> None:
        outcome = _WORDS.get(exit_code, "failed")
        self.failures = self.failures + 1 if outcome == "failed" else 0
        self.last = {"outcome": outcome, "ended_at": datetime.now(timezone.utc).isoformat()}


def listen(
    host: str,
    port: int,
    arguments: Sequence[str],
    log: Callable[[str], None],
    write_result: Callable[[str], object],
) -> None:
    """Serve until SIGTERM or SIGINT; a running sync is then stopped, and waited for.

    Args:
        host: address to listen at.
        port: port to listen at.
        arguments: of `contentstack-source sync`.
        log: takes a line of the log.
        write_result: takes the output of a sync.

    Raises:
        SettingsError: no secret is configured that webhooks must know; or the address is taken.
        FailedError: syncs cannot be started any more.
    """
    with one_line_errors():
        api_key = load_settings().api_key
    headers, timing = secret_headers(), configured_timing()
    broken: list[BaseException] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        task = asyncio.ensure_future(syncs.run_forever())
        task.add_done_callback(lambda done: _give_up(done, server, broken))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task

    async def sync() -> CompletedRun:
        completed = await run_command(["sync", *arguments], log)
        if completed.out:
            write_result(completed.out.rstrip())
        return completed

    syncs = Syncs(sync, timing, Debouncer(timing.debounce_seconds, timing.max_wait_seconds))
    webhook_app = WebhookApp(headers, api_key, syncs.debouncer.trigger, syncs.health, lifespan)
    server = uvicorn.Server(
        uvicorn.Config(webhook_app.application(), log_config=None, access_log=False)
    )
    with _bound(host, port) as bound:
        log(f"Listening at http://{host}:{bound.getsockname()[1]}/webhook")
        server.run(sockets=[bound])
    if broken:
        message = f"No sync can be started: {type(broken[0]).__name__}: {broken[0]}"
        raise FailedError(message, "Start it again.")


def secret_headers() -> dict[str, str]:
    """Return the headers that a webhook must bring, from dlt's configuration.

    Raises:
        SettingsError: none is configured, or half of one.
    """
    values = {
        name: _configured(name) for name in ("username", "password", "header_name", "header_value")
    }
    for one, other in (("username", "password"), ("header_name", "header_value")):
        if bool(values[one]) != bool(values[other]):
            message = f"Of {one} and {other} in [{_SECTION}] only one is there"
            raise SettingsError(message, "Give both, or none.")
    headers = {}
    if values["username"]:
        headers["authorization"] = basic_auth(values["username"], values["password"])
    if values["header_name"]:
        headers[values["header_name"].lower()] = values["header_value"]
    if not headers:
        message = f"No secret is configured in [{_SECTION}], so anyone could trigger syncs"
        hint = "Put username and password, or header_name and header_value, there."
        raise SettingsError(message, hint)
    return headers


def configured_timing() -> Timing:
    """Return when to sync, from dlt's configuration.

    Raises:
        SettingsError: a value is not a number of seconds.
    """
    values = {}
    for name, default in vars(Timing()).items():
        text = _configured(name) or str(default)
        try:
            values[name] = float(text)
        except ValueError:
            values[name] = -1.0
        if not values[name] > 0:
            message = f"{name} {text!r} in [{_SECTION}] is not a number of seconds above 0"
            raise SettingsError(message, "Write it like 5.")
    return Timing(**values)


def _configured(name: str) -> str:
    value: Any = dlt.secrets.get(f"{_SECTION}.{name}")
    return "" if value is None else str(value)


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        message = f"Port {port} at {host} cannot be used ({error.strerror})"
        raise SettingsError(message, "Choose another --port or --host.") from None


def _give_up(
    done: asyncio.Future[None], server: uvicorn.Server, broken: list[BaseException]
) -> None:
    if done.cancelled():
        return
    error = done.exception()
    if error is not None:
        broken.append(error)
        server.should_exit = True
