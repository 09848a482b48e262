"""Concurrent iterators: all items and errors arrive, and no thread is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from contentstack_source.concurrency import iterate_concurrently


def count(name: str, most: int) -> Iterator[tuple[str, int]]:
    for number in range(most):
        yield name, number


def test_all_items_arrive_and_each_source_keeps_its_order() -> None:
    jobs = [partial(count, name, 50) for name in "abcdef"]
    with iterate_concurrently(jobs, workers=3, ahead=2) as arrived:
        seen = list(arrived)
    assert sorted(seen) == [(name, number) for name in "abcdef" for number in range(50)]
    for name in "abcdef":
        assert [number for each, number in seen if each == name] == list(range(50))


def test_without_sources_nothing_arrives() -> None:
    nothing: list[Callable[[], Iterator[int]]] = []
    with iterate_concurrently(nothing, workers=3, ahead=1) as arrived:
        assert list(arrived) == []


def test_sources_run_concurrently() -> None:
    meeting = threading.Barrier(3, timeout=10)

    def meet() -> Iterator[int]:
        yield meeting.wait()

    with iterate_concurrently([meet] * 3, workers=3, ahead=1) as arrived:
        assert sorted(arrived) == [0, 1, 2]


def test_an_error_of_a_source_is_raised_and_the_others_stop() -> None:
    def fail() -> Iterator[tuple[str, int]]:
        yield "failing", 0
        message = "the line is dead"
        raise ConnectionError(message)

    jobs: list[Callable[[], Iterator[tuple[str, int]]]] = [partial(count, "endless", 10**9), fail]
    before = threading.active_count()
    with (
        pytest.raises(ConnectionError, match="the line is dead"),
        iterate_concurrently(jobs, workers=2, ahead=1) as arrived,
    ):
        for _ in arrived:
            pass
    assert threading.active_count() == before


def test_a_caller_that_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with iterate_concurrently(
        [partial(count, "endless", 10**9)] * 2, workers=2, ahead=1
    ) as arrived:
        assert next(arrived)
    assert threading.active_count() == before


def test_no_more_items_are_buffered_than_configured() -> None:
    made = []

    def make() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with iterate_concurrently([make], workers=1, ahead=4) as arrived:
        assert next(arrived) == 0
        time.sleep(0.3)
        assert len(made) <= 6  # four are buffered, one was taken, one is held by its thread
