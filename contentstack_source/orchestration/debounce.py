"""The bell that webhooks ring: when a burst of them is worth a sync."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic


class Debouncer:
    """Rung any number of times, it is answered once: when it has been quiet for a while.

    Args:
        cool_off_seconds: so long it must have been quiet.
        longest_wait_seconds: so long after the first ring it is answered at the latest.
    """

    def __init__(self, cool_off_seconds: float, longest_wait_seconds: float) -> None:
        self._cool_off = cool_off_seconds
        self._longest_wait = longest_wait_seconds
        self._rang = asyncio.Event()
        self._first = self._last = 0.0

    @property
    def is_rung(self) -> bool:
        """Tell whether somebody rang since the bell was last answered."""
        return self._rang.is_set()

    def ring(self) -> None:
        """Ask for a sync."""
        self._last = monotonic()
        if not self._rang.is_set():
            self._first = self._last
        self._rang.set()

    async def answer(self, at_most_seconds: float) -> None:
        """Return when a sync is due, and silence the bell: who rings from now on wants another.

        Args:
            at_most_seconds: if nobody rings for so long, a sync is due as well.
        """
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._rang.wait(), at_most_seconds)
        while (pause := self._due() - monotonic()) > 0:  # noqa: ASYNC110 - time is waited for
            await asyncio.sleep(pause)
        self._rang.clear()

    def _due(self) -> float:
        if not self._rang.is_set():
            return 0.0
        return min(self._last + self._cool_off, self._first + self._longest_wait)
