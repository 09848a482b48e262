"""The debouncer: a burst is one sync, and no trigger is lost."""

from __future__ import annotations

import asyncio
import time

import pytest

from contentstack_source.orchestration.debounce import Debouncer


async def trigger_every(debouncer: Debouncer, seconds: float, times: int) -> None:
    for _ in range(times):
        debouncer.trigger()
        await asyncio.sleep(seconds)


async def seconds_until_due(debouncer: Debouncer, timeout_seconds: float = 10.0) -> float:
    started = time.monotonic()
    await asyncio.wait_for(debouncer.wait_until_due(timeout_seconds), 20)
    return time.monotonic() - started


def test_a_burst_is_due_once_when_it_is_over() -> None:
    async def scenario() -> tuple[float, bool]:
        debouncer = Debouncer(debounce_seconds=0.3, max_wait_seconds=60)
        burst = asyncio.ensure_future(trigger_every(debouncer, 0.05, 10))
        after = await seconds_until_due(debouncer)
        await burst
        return after, debouncer.is_triggered

    after, is_triggered = asyncio.run(scenario())
    assert after >= 0.75
    assert not is_triggered


def test_an_endless_burst_is_due_after_max_wait_seconds() -> None:
    async def scenario() -> tuple[float, bool]:
        debouncer = Debouncer(debounce_seconds=5, max_wait_seconds=0.3)
        burst = asyncio.ensure_future(trigger_every(debouncer, 0.05, 20))
        after = await seconds_until_due(debouncer)
        await burst
        return after, debouncer.is_triggered

    after, is_triggered = asyncio.run(scenario())
    assert 0.25 <= after < 5
    assert is_triggered  # triggers after that need another sync


def test_a_sync_is_due_without_a_trigger_after_the_timeout() -> None:
    debouncer = Debouncer(debounce_seconds=60, max_wait_seconds=60)
    assert asyncio.run(seconds_until_due(debouncer, 0.1)) == pytest.approx(0.1, abs=2)


def test_a_trigger_before_the_wait_is_not_lost() -> None:
    async def scenario() -> float:
        debouncer = Debouncer(debounce_seconds=0.1, max_wait_seconds=60)
        debouncer.trigger()
        return await seconds_until_due(debouncer)

    assert asyncio.run(scenario()) < 5
