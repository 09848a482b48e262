"""Iterators side by side, each on a thread, and what they yield in one iterator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Condition, Thread
from typing import Final, Generic, TypeVar

_Each = TypeVar("_Each")
_Source = Callable[[], Iterable[_Each]]

_JOIN_SECONDS: Final = 10.0


def _one(_: object) -> int:
    return 1


@contextmanager
def iterate_concurrently(
    sources: Sequence[_Source[_Each]],
    *,
    workers: int,
    ahead: int,
    size: Callable[[_Each], int] = _one,
) -> Iterator[Iterator[_Each]]:
    """Give an iterator of what the sources yield, as it comes; each keeps its own order.

    On leaving, the threads are stopped and joined.

    Args:
        sources: called on the thread that iterates what they return.
        workers: threads at most.
        ahead: how much may wait for the caller before the threads do; one thing always may.
        size: of a thing, in the unit of `ahead`; without it, things are counted.

    Raises:
        BaseException: the first that a source raised; the others stop after what they are at.
    """
    pool = _ThreadPool(sources, ahead, size)
    threads = [Thread(target=pool.work, daemon=True) for _ in range(min(workers, len(sources)))]
    pool.working = len(threads)
    for thread in threads:
        thread.start()
    try:
        yield pool.arrivals()
    finally:
        pool.stop()
        for thread in threads:  # one may wait for an answer; it is not waited for for ever
            thread.join(_JOIN_SECONDS)


class _ThreadPool(Generic[_Each]):
    def __init__(
        self, sources: Sequence[_Source[_Each]], ahead: int, size: Callable[[_Each], int]
    ) -> None:
        self.working = 0
        self._sources = deque(sources)
        self._ahead, self._size = ahead, size
        self._arrived: deque[_Each] = deque()
        self._waiting_size = 0
        self._error: BaseException | None = None
        self._is_over = False
        self._changed = Condition()

    def arrivals(self) -> Iterator[_Each]:
        """Yield what comes until no thread is at work."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._arrived or self._error or not self.working)
                if self._error:
                    raise self._error
                if not self._arrived:
                    return
                each = self._arrived.popleft()
                self._waiting_size -= self._size(each)
                self._changed.notify_all()
            yield each

    def stop(self) -> None:
        """Let no thread begin anything more."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def work(self) -> None:
        """Go through sources until none is left."""
        error: BaseException | None = None
        try:
            while source := self._next_source():
                self._work_through(source)
        except BaseException as raised:  # noqa: BLE001 - raised again where the caller is
            error = raised
        with self._changed:
            self._error = self._error or error
            self.working -= 1
            self._changed.notify_all()

    def _next_source(self) -> _Source[_Each] | None:
        with self._changed:
            return self._sources.popleft() if self._sources and not self._is_over else None

    def _work_through(self, source: _Source[_Each]) -> None:
        for each in source():
            with self._changed:
                size = self._size(each)
                self._changed.wait_for(partial(self._need_not_wait, size))
                if self._is_over:
                    return
                self._arrived.append(each)
                self._waiting_size += size
                self._changed.notify_all()

    def _need_not_wait(self, size: int) -> bool:
        has_room = not self._arrived or self._waiting_size + size <= self._ahead
        return has_room or self._is_over
