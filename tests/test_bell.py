"""The bell: a burst is one sync, and nobody who rings is forgotten."""

from __future__ import annotations

import asyncio
import time

import pytest

from contentstack_source.orchestration.debounce import Debouncer


async def ring_every(debouncer: Debouncer, seconds: float, times: int) -> None:
    for _ in range(times):
        debouncer.trigger()
        await asyncio.sleep(seconds)


async def answered_after(debouncer: Debouncer, timeout_seconds: float = 10.0) -> float:
    started = time.monotonic()
    await asyncio.wait_for(debouncer.wait_until_due(timeout_seconds), 20)
    return time.monotonic() - started


def test_a_burst_is_answered_once_when_it_is_over() -> None:
    async def story() -> tuple[float, bool]:
        debouncer = Debouncer(debounce_seconds=0.3, max_wait_seconds=60)
        burst = asyncio.ensure_future(ring_every(debouncer, 0.05, 10))
        after = await answered_after(debouncer)
        await burst
        return after, debouncer.is_triggered

    after, is_triggered = asyncio.run(story())
    assert after >= 0.75
    assert not is_triggered


def test_a_burst_without_end_is_answered_at_the_latest_after_the_longest_wait() -> None:
    async def story() -> tuple[float, bool]:
        debouncer = Debouncer(debounce_seconds=5, max_wait_seconds=0.3)
        burst = asyncio.ensure_future(ring_every(debouncer, 0.05, 20))
        after = await answered_after(debouncer)
        await burst
        return after, debouncer.is_triggered

    after, is_triggered = asyncio.run(story())
    assert 0.25 <= after < 5
    assert is_triggered  # those who rang after the answer want another


def test_without_a_ring_a_sync_is_due_all_the_same() -> None:
    debouncer = Debouncer(debounce_seconds=60, max_wait_seconds=60)
    assert asyncio.run(answered_after(debouncer, 0.1)) == pytest.approx(0.1, abs=2)


def test_a_ring_before_anybody_waits_is_not_lost() -> None:
    async def story() -> float:
        debouncer = Debouncer(debounce_seconds=0.1, max_wait_seconds=60)
        debouncer.trigger()
        return await answered_after(debouncer)

    assert asyncio.run(story()) < 5
