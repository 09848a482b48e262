"""Iterators side by side, each on a thread, and what they yield in one iterator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import Final, Generic, TypeVar

_Each = TypeVar("_Each")

_LOOK_EVERY_SECONDS: Final = 0.1
_LEAVE_SECONDS: Final = 10.0


@dataclass(frozen=True)
class _Failed:
    error: BaseException


class _Done:
    """An iterator's thread has nothing left to do."""


@contextmanager
def abreast(
    sources: Sequence[Callable[[], Iterable[_Each]]], *, workers: int, ahead: int
) -> Iterator[Iterator[_Each]]:
    """Give an iterator of what the sources yield, as it comes; each keeps its own order.

    On leaving, the threads are told to stop, and waited for.

    Args:
        sources: called on the thread that iterates what they return.
        workers: threads at most.
        ahead: how much may wait for the caller before the threads do.

    Raises:
        BaseException: the first that a source raised; the others stop after what they are at.
    """
    crew = _Crew(sources, ahead)
    threads = [Thread(target=crew.work, daemon=True) for _ in range(min(workers, len(sources)))]
    for thread in threads:
        thread.start()
    try:
        yield crew.arrivals(len(threads))
    finally:
        crew.is_over.set()
        for thread in threads:  # one may wait for an answer; it is not waited for for ever
            thread.join(_LEAVE_SECONDS)


class _Crew(Generic[_Each]):
    def __init__(self, sources: Sequence[Callable[[], Iterable[_Each]]], ahead: int) -> None:
        self._sources = deque(sources)
        self._arrived: Queue[_Each | _Failed | _Done] = Queue(ahead)
        self.is_over = Event()

    def arrivals(self, working: int) -> Iterator[_Each]:
        """Yield what comes until no thread of so many is at work."""
        while working:
            each = self._arrived.get()
            if isinstance(each, _Failed):
                raise each.error
            if isinstance(each, _Done):
                working -= 1
            else:
                yield each

    def work(self) -> None:
        """Go through sources until none is left."""
        try:
            while True:
                try:
                    source = self._sources.popleft()
                except IndexError:
                    break
                for each in source():
                    if not self._put(each):
                        return
            self._put(_Done())
        except BaseException as error:  # noqa: BLE001 - raised again where the caller is
            self._put(_Failed(error))

    def _put(self, each: _Each | _Failed | _Done) -> bool:
        """Hand over what has come; False if nobody wants it any more."""
        while not self.is_over.is_set():
            with suppress(Full):
                self._arrived.put(each, timeout=_LOOK_EVERY_SECONDS)
                return True
        return False
