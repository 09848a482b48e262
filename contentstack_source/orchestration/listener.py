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
from contentstack_source.orchestration.subprocess_run import Ended, run_child
from contentstack_source.orchestration.webhook_app import Door, basic_auth
from contentstack_source.source import contentstack_source, settings_of

_SECTION: Final = "sources.contentstack.listen"
_WORDS: Final = {0: "ok", RefusedError.exit_code: "refused"}


@dataclass(frozen=True)
class Rhythm:
    """When to sync, in seconds.

    Attributes:
        cool_off_seconds: a burst of webhooks is over when none came for so long.
        longest_wait_seconds: a sync begins at the latest so long after the first of a burst.
        retry_seconds: pause after a sync that failed; doubled each time it fails again.
        at_least_every_seconds: a sync without any webhook: one may have been lost.
    """

    cool_off_seconds: float = 5.0
    longest_wait_seconds: float = 60.0
    retry_seconds: float = 10.0
    at_least_every_seconds: float = 3600.0

    def pause(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row."""
        pause = self.retry_seconds * 2.0 ** min(failures - 1, 30)
        return min(pause, self.at_least_every_seconds)


@dataclass
class Syncs:
    """Syncs one after the other, for ever.

    Attributes:
        run: does one.
        rhythm: when.
        bell: is rung for one.
        failures: in a row, those worth another try.
        is_running: one is under way.
        last: what probes are told of the last one.
    """

    run: Callable[[], Any]
    rhythm: Rhythm
    bell: Debouncer
    failures: int = 0
    is_running: bool = False
    last: dict[str, Any] = field(default_factory=lambda: {"outcome": None, "ended_at": None})

    async def go_on(self) -> None:
        """Sync when due. The first time at once: nobody listened until now."""
        while True:
            self.is_running = True
            ended: Ended = await self.run()
            self.is_running = False
            self._note(ended.exit_code)
            if self.failures:
                await asyncio.sleep(self.rhythm.pause(self.failures))
                await self.bell.answer(0)
            else:
                await self.bell.answer(self.rhythm.at_least_every_seconds)

    def health(self) -> dict[str, Any]:
        """Return what probes are told: how the last sync ended, and what is to come."""
        return {
            **self.last,
            "failures_in_a_row": self.failures,
            "is_syncing": self.is_running,
            "is_sync_due": self.bell.is_rung or bool(self.failures),
        }

    def _note(self, exit_code: int) -> None:
        outcome = _WORDS.get(exit_code, "failed")
        self.failures = self.failures + 1 if outcome == "failed" else 0
        self.last = {"outcome": outcome, "ended_at": datetime.now(timezone.utc).isoformat()}


def listen(
    host: str,
    port: int,
    arguments: Sequence[str],
    tell: Callable[[str], None],
    close: Callable[[str], object],
) -> None:
    """Serve until SIGTERM or SIGINT; a sync under way is then told to stop, and waited for.

    Args:
        host: address to listen at.
        port: port to listen at.
        arguments: of `contentstack-source sync`.
        tell: takes a line of the log.
        close: takes what a sync says at its end.

    Raises:
        SettingsError: no secret is configured that webhooks must know; or the address is taken.
        FailedError: syncs cannot be begun any more.
    """
    with one_line_errors():
        api_key = settings_of(contentstack_source()).api_key
    headers, rhythm = secret_headers(), configured_rhythm()
    broken: list[BaseException] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        task = asyncio.ensure_future(syncs.go_on())
        task.add_done_callback(lambda done: _give_up(done, server, broken))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task

    async def sync() -> Ended:
        ended = await run_child(["sync", *arguments], tell)
        if ended.out:
            close(ended.out.rstrip())
        return ended

    syncs = Syncs(sync, rhythm, Debouncer(rhythm.cool_off_seconds, rhythm.longest_wait_seconds))
    door = Door(headers, api_key, syncs.bell.ring, syncs.health, lifespan)
    server = uvicorn.Server(uvicorn.Config(door.application(), log_config=None, access_log=False))
    with _bound(host, port) as bound:
        tell(f"Listening at http://{host}:{bound.getsockname()[1]}/webhook")
        server.run(sockets=[bound])
    if broken:
        what = f"No sync can be begun: {type(broken[0]).__name__}: {broken[0]}"
        raise FailedError(what, "Start it again.")


def secret_headers() -> dict[str, str]:
    """Return the headers that a webhook must bring, from dlt's configuration.

    Raises:
        SettingsError: none is configured, or half of one.
    """
    told = {
        name: _configured(name) for name in ("username", "password", "header_name", "header_value")
    }
    for one, other in (("username", "password"), ("header_name", "header_value")):
        if bool(told[one]) != bool(told[other]):
            what = f"Of {one} and {other} in [{_SECTION}] only one is there"
            raise SettingsError(what, "Give both, or none.")
    headers = {}
    if told["username"]:
        headers["authorization"] = basic_auth(told["username"], told["password"])
    if told["header_name"]:
        headers[told["header_name"].lower()] = told["header_value"]
    if not headers:
        what = f"No secret is configured in [{_SECTION}], so anybody could ask for syncs"
        todo = "Put username and password, or header_name and header_value, there."
        raise SettingsError(what, todo)
    return headers


def configured_rhythm() -> Rhythm:
    """Return when to sync, from dlt's configuration.

    Raises:
        SettingsError: a value is no number of seconds.
    """
    values = {}
    for name, default in vars(Rhythm()).items():
        text = _configured(name) or str(default)
        try:
            values[name] = float(text)
        except ValueError:
            values[name] = -1.0
        if not values[name] > 0:
            what = f"{name} {text!r} in [{_SECTION}] is no number of seconds above 0"
            raise SettingsError(what, "Write it like 5.")
    return Rhythm(**values)


def _configured(name: str) -> str:
    value: Any = dlt.secrets.get(f"{_SECTION}.{name}")
    return "" if value is None else str(value)


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        what = f"Port {port} at {host} cannot be used ({error.strerror})"
        raise SettingsError(what, "Choose another --port or --host.") from None


def _give_up(
    done: asyncio.Future[None], server: uvicorn.Server, broken: list[BaseException]
) -> None:
    if done.cancelled():
        return
    error = done.exception()
    if error is not None:
        broken.append(error)
        server.should_exit = True
