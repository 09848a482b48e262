"""SIGTERM, as every scheduler sends it: end what must not be cut, and leave.

While dlt normalizes and loads it handles signals itself, and finishes the current load. At all
other times nothing is under way that the next run would not do again or go on with.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dlt.common.exceptions import SignalReceivedException


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Raise what dlt raises for a signal, instead of ending the process at once.

    Raises:
        SignalReceivedException: SIGTERM came; a second one cuts short what the first one waits for.
    """
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    raise SignalReceivedException(number)
