"""The stack's own time: every event a little later than the one before, the same on every run."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A prime number of milliseconds, so that the milliseconds of event_at vary as they do on the wire.
STEP = timedelta(milliseconds=1009)


def to_datetime(text: str) -> datetime:
    """Read an ISO instant or date; without an offset it is UTC."""
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def to_wire(moment: datetime) -> str:
    """Write an instant as `YYYY-MM-DDTHH:MM:SS.mmmZ`, in UTC (FACTS 2.8)."""
    text = moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


class Clock:
    """Advances by `STEP` at every tick, or stands still while held."""

    def __init__(self, start: str) -> None:
        """Begin at `start`, an ISO instant."""
        self._now = to_datetime(start)
        self._holds = 0

    @property
    def now(self) -> datetime:
        """Give the instant of the last event."""
        return self._now

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until `moment`; time that has passed stays passed."""
        self._now = max(self._now, moment)

    def tick(self) -> datetime:
        """Give the instant of the next event."""
        if not self._holds:
            self._now += STEP
        return self._now

    @contextmanager
    def held(self) -> Iterator[None]:
        """Give every tick inside the same instant, one step after the last."""
        if not self._holds:
            self._now += STEP
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
