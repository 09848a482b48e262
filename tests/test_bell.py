"""The bell: a burst is one sync, and nobody who rings is forgotten."""

from __future__ import annotations

import asyncio
import time

import pytest

from contentstack_source.orchestration.debounce import Debouncer


async def ring_every(bell: Debouncer, seconds: float, times: int) -> None:
    for _ in range(times):
        bell.ring()
        await asyncio.sleep(seconds)


async def answered_after(bell: Debouncer, at_most_seconds: float = 10.0) -> float:
    started = time.monotonic()
    await asyncio.wait_for(bell.answer(at_most_seconds), 20)
    return time.monotonic() - started


def test_a_burst_is_answered_once_when_it_is_over() -> None:
    async def story() -> tuple[float, bool]:
        bell = Debouncer(cool_off_seconds=0.3, longest_wait_seconds=60)
        burst = asyncio.ensure_future(ring_every(bell, 0.05, 10))
        after = await answered_after(bell)
        await burst
        return after, bell.is_rung

    after, is_rung = asyncio.run(story())
    assert after >= 0.75
    assert not is_rung


def test_a_burst_without_end_is_answered_at_the_latest_after_the_longest_wait() -> None:
    async def story() -> tuple[float, bool]:
        bell = Debouncer(cool_off_seconds=5, longest_wait_seconds=0.3)
        burst = asyncio.ensure_future(ring_every(bell, 0.05, 20))
        after = await answered_after(bell)
        await burst
        return after, bell.is_rung

    after, is_rung = asyncio.run(story())
    assert 0.25 <= after < 5
    assert is_rung  # those who rang after the answer want another


def test_without_a_ring_a_sync_is_due_all_the_same() -> None:
    bell = Debouncer(cool_off_seconds=60, longest_wait_seconds=60)
    assert asyncio.run(answered_after(bell, 0.1)) == pytest.approx(0.1, abs=2)


def test_a_ring_before_anybody_waits_is_not_lost() -> None:
    async def story() -> float:
        bell = Debouncer(cool_off_seconds=0.1, longest_wait_seconds=60)
        bell.ring()
        return await answered_after(bell)

    assert asyncio.run(story()) < 5
