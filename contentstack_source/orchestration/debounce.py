"""Debounces webhooks: a burst of them triggers one sync."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic


class Debouncer:
    """Turns any number of triggers into one sync, once they have stopped for a while.

    Args:
        debounce_seconds: pause after the last trigger.
        max_wait_seconds: longest wait after the first trigger.
    """

    def __init__(self, debounce_seconds: float, max_wait_seconds: float) -> None:
        self._debounce_seconds = debounce_seconds
        self._max_wait_seconds = max_wait_seconds
        self._triggered = asyncio.Event()
        self._first = self._last = 0.0

    @property
    def is_triggered(self) -> bool:
        """Return whether a trigger came since the last sync was due."""
        return self._triggered.is_set()

    def trigger(self) -> None:
        """Ask for a sync."""
        self._last = monotonic()
        if not self._triggered.is_set():
            self._first = self._last
        self._triggered.set()

    async def wait_until_due(self, timeout_seconds: float) -> None:
        """Return when a sync is due; a trigger from then on asks for another sync.

        Args:
            timeout_seconds: without any trigger, a sync is due after so long.
        """
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._triggered.wait(), timeout_seconds)
        while (pause := self._due() - monotonic()) > 0:  # noqa: ASYNC110 - time is waited for
            await asyncio.sleep(pause)
        self._triggered.clear()

    def _due(self) -> float:
        if not self._triggered.is_set():
            return 0.0
        return min(self._last + self._debounce_seconds, self._first + self._max_wait_seconds)
