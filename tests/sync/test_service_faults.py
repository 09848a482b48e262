"""Service faults, end to end: the tables equal the stack in the end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from contentstack_source.errors import FailedError, PaginationLoopError
from contentstack_source.simulator import Fault, Stack
from tests.support.harness import Job
from tests.support.hooked_behavior import HookedBehavior
from tests.support.params import by_default

ATTEMPTS = 3
ASSETS = 250  # three pages
INIT, PAGE, DELTA, MODEL = "init", "pagination_token", "sync_token", "content types"
FIRST_SYNC = [INIT, PAGE, PAGE, MODEL, DELTA]


@pytest.fixture
def stack() -> Stack:
    """A stack of assets, loaded page by page; few tables keep loads fast."""
    stack = Stack()
    for number in range(ASSETS):
        stack.publish_asset(f"a{number}", {"title": f"Picture {number}"})
    return stack


@pytest.fixture
def behavior() -> HookedBehavior:
    return HookedBehavior()


@pytest.fixture
def job(job: Job, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", str(ATTEMPTS))
    return job


def fail(job: Job, error: type[FailedError] = FailedError) -> str:
    with pytest.raises(error) as caught:
        job.run()
    assert caught.value.exit_code == 1
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def reset(job: Job) -> None:
    """Remove all faults, and count requests from zero."""
    job.server.behavior = HookedBehavior()
    job.server.clear()


def hooks(job: Job) -> HookedBehavior:
    assert isinstance(job.behavior, HookedBehavior)
    return job.behavior


def asked(job: Job) -> list[str]:
    """Return the kind of each request."""
    kinds = (INIT, PAGE, DELTA)
    queries = [request.query for request in job.server.requests]
    return [next((kind for kind in kinds if kind in query), MODEL) for query in queries]


def tokens(job: Job, kind: str = PAGE) -> list[str]:
    return [each.query[kind] for each in job.server.requests if kind in each.query]


def logged(job: Job) -> int:
    return len(job.rows("SELECT * FROM sync_events"))


def uids(job: Job) -> set[str]:
    return {uid for (uid,) in job.rows("SELECT uid FROM assets")}


FAULTS = {
    "429 with Retry-After": Fault.rate_limited(1),
    "429": Fault.rate_limited(None),
    "500": Fault.status(500),
    "502": Fault.status(502),
    "503": Fault.status(503),
    "504": Fault.status(504),
    "a dropped connection": Fault.dropped(),
    "a truncated body": Fault.truncated(),
    "half of the JSON": Fault.half_json(),
    "HTML": Fault.html(),
}


@pytest.mark.parametrize(
    "fault",
    by_default({"429 with Retry-After", "503", "a dropped connection", "half of the JSON"}, FAULTS),
)
def test_a_permanent_fault_ends_the_run_and_a_temporary_one_is_retried(
    job: Job, fault: Fault
) -> None:
    job.behavior.next_faults(Fault.none(), *[fault] * 100)
    assert job.server.base_url in fail(job)
    assert asked(job) == [INIT] + [PAGE] * ATTEMPTS
    assert not Path(job.file).exists() or "assets" not in job.tables()

    (rejected_token,) = set(tokens(job))
    reset(job)
    job.behavior.next_faults(Fault.none(), fault)
    started = time.monotonic()
    assert job.sync().retries == 1
    # No stored page is requested again; after stored pages it requests later changes.
    assert asked(job) == [PAGE, PAGE, PAGE, DELTA, MODEL, DELTA]
    assert tokens(job)[0] == rejected_token
    assert time.monotonic() - started >= (fault.retry_after or 0)


def test_a_temporary_422_is_retried(job: Job) -> None:
    job.behavior.next_faults(Fault.none(), Fault.transient_422())
    summary = job.sync()
    assert (summary.retries, summary.invalid_tokens) == (1, 0)
    assert asked(job) == [INIT, PAGE, PAGE, PAGE, MODEL, DELTA]


def test_a_permanent_422_is_one_error_and_the_next_run_ends_equal(job: Job) -> None:
    job.behavior.next_faults(Fault.none(), *[Fault.transient_422()] * 100)
    fail(job)
    assert hooks(job).seen == 1 + 2 * ATTEMPTS  # the rejected page, and the pass started again
    reset(job)
    job.sync()
    assert asked(job) == FIRST_SYNC


def test_a_fault_while_reading_the_content_model_costs_no_page(job: Job) -> None:
    job.behavior.next_faults(*[Fault.none()] * 3, *[Fault.status(503)] * 100)
    fail(job)
    assert asked(job) == [INIT, PAGE, PAGE] + [MODEL] * ATTEMPTS
    reset(job)
    job.sync()
    assert asked(job) == [DELTA, MODEL, DELTA]


def test_a_fault_after_the_load_loses_nothing(job: Job) -> None:
    job.behavior.next_faults(*[Fault.none()] * 4, *[Fault.status(503)] * 100)
    fail(job)
    job.assert_equal()
    reset(job)
    job.sync()
    assert asked(job) == [DELTA]


def test_a_late_page_is_requested_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", "0.3")
    job.behavior.next_faults(Fault.none(), Fault.slow(0.8))
    assert job.sync().retries == 1


@pytest.mark.integration
def test_retries_of_an_always_late_service_are_limited(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", "0.3")
    hooks(job).before(2, lambda: setattr(job.behavior, "answer_seconds", 0.8))
    fail(job)
    assert hooks(job).seen == 1 + ATTEMPTS
    time.sleep(0.8)  # the last late answer
    reset(job)
    job.sync()
    assert asked(job) == [PAGE, PAGE, DELTA, MODEL, DELTA]


def test_an_empty_page_is_not_the_end(job: Job) -> None:
    job.behavior.empty_pages = True
    assert job.sync().pages == 5


def test_a_duplicate_event_counts_once(job: Job) -> None:
    job.behavior.duplicate_events = True
    job.sync()
    assert logged(job) == ASSETS


def test_a_page_served_twice_under_two_tokens_counts_once(job: Job) -> None:
    def serve_it_twice() -> None:
        whole, number = job.stack.tokens.pages[next(iter(job.stack.tokens.pages))]
        whole.pages.insert(number, whole.pages[number])

    hooks(job).before(2, serve_it_twice)
    job.sync()
    assert asked(job) == [INIT, PAGE, PAGE, PAGE, MODEL, DELTA]
    assert logged(job) == ASSETS


def test_a_page_that_leads_to_itself_stops_the_run_and_the_next_one_ends_equal(job: Job) -> None:
    job.behavior.repeat_pagination_token = True
    fail(job, PaginationLoopError)
    assert asked(job) == [INIT, PAGE]
    reset(job)
    job.sync()


@pytest.mark.integration
def test_a_stale_cached_response_is_corrected_by_the_next_run(job: Job) -> None:
    job.sync()
    job.stack.delete_asset("a7")
    job.stack.publish_asset("a8", {"title": "Replaced"})
    job.behavior.stale_deltas = 1
    job.run()
    assert "a7" in uids(job)
    assert job.sync().events == {"asset_deleted": 1, "asset_published": 1}


def test_an_edit_that_invalidates_the_next_page_restarts_a_first_sync(job: Job) -> None:
    job.behavior.invalidate_pagination_on_publish = True
    hooks(job).before(3, lambda: job.stack.delete_asset("a7"))
    summary = job.sync()
    assert summary.invalid_tokens == 1
    assert asked(job) == [INIT, PAGE, *[PAGE] * ATTEMPTS, *FIRST_SYNC]


def test_an_edit_that_invalidates_the_next_page_restarts_from_the_last_sync_token(
    job: Job,
) -> None:
    job.sync()
    job.server.clear()
    for number in range(150):
        job.stack.publish_asset(f"a{number}", {"title": "Replaced"})
    job.behavior.invalidate_pagination_on_publish = True
    hooks(job).before(2, lambda: job.stack.delete_asset("a200"))
    summary = job.sync()
    assert (summary.passes, summary.invalid_tokens) == (1, 1)
    assert asked(job) == [DELTA, *[PAGE] * ATTEMPTS, DELTA, PAGE, MODEL, DELTA]
    assert len(set(tokens(job, DELTA)[:2])) == 1


def test_stored_pages_are_dropped_when_an_edit_invalidates_the_next_page(job: Job) -> None:
    job.behavior.invalidate_pagination_on_publish = True
    job.behavior.next_faults(Fault.none(), Fault.none(), *[Fault.status(503)] * ATTEMPTS)
    fail(job)
    job.stack.delete_asset("a7")
    job.server.clear()
    assert job.sync().invalid_tokens == 1
    assert asked(job) == [*[PAGE] * ATTEMPTS, *FIRST_SYNC]


def test_an_invalid_sync_token_starts_a_full_sync_that_deletes_missing_rows(job: Job) -> None:
    job.sync()
    job.stack.delete_asset("a7")
    job.stack.unpublish_asset("a8", "en-us")
    job.stack.publish_asset("a9", {"title": "Replaced"})
    job.stack.tokens.forget()
    job.server.clear()
    summary = job.sync()
    assert summary.invalid_tokens == 1
    assert asked(job) == [DELTA] * ATTEMPTS + FIRST_SYNC
    assert not uids(job) & {"a7", "a8"}
    job.stack.delete_asset("a9")
    assert job.sync().events == {"asset_deleted": 1}


@pytest.mark.integration
def test_a_full_sync_with_start_from_deletes_no_missing_rows(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__START_FROM", "2026-01-01T00:00:00.000Z")
    job.sync()
    job.stack.delete_asset("a7")
    job.stack.publish_asset("a9", {"title": "Replaced"})
    job.stack.tokens.forget()
    assert job.run().invalid_tokens == 1
    assert "a7" in uids(job)
    job.stack.delete_asset("a8")
    assert job.run().events == {"asset_deleted": 1}
    assert uids(job) == {f"a{number}" for number in range(ASSETS)} - {"a8"}
