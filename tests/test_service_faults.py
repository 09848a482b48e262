"""Service faults, end to end: the tables equal the stack in the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.errors import FailedError, PaginationLoopError
from contentstack_source.runs import run
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Behavior, Fault, Server, Stack, serve
from tests.oracle import assert_equal

ATTEMPTS = 3
ASSETS = 250  # three pages
INIT, PAGE, DELTA, MODEL = "init", "pagination_token", "sync_token", "content types"
FIRST_SYNC = [INIT, PAGE, PAGE, MODEL, DELTA]


class HookedBehavior(Behavior):
    """Service behavior with an action just before a request is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.acts: dict[int, Callable[[], None]] = {}

    def before(self, request: int, act: Callable[[], None]) -> None:
        """Run an action before the given next request is answered."""
        self.acts[self.seen + request] = act

    def next_fault(self) -> Fault:
        self.seen += 1
        self.acts.pop(self.seen, lambda: None)()
        return super().next_fault()


@dataclass
class Job:
    """A stack of assets, loaded page by page; few tables keep loads fast."""

    stack: Stack
    server: Server
    behavior: HookedBehavior
    target: Target
    file: str

    def sync(self) -> RunSummary:
        summary = run.sync(self.target)
        assert_equal(self.file, self.stack)
        return summary

    def fail(self, error: type[FailedError] = FailedError) -> str:
        with pytest.raises(error) as caught:
            run.sync(self.target)
        assert caught.value.exit_code == 1
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value)

    def reset(self) -> None:
        """Remove all faults, and count requests from zero."""
        self.behavior = HookedBehavior()
        self.server.behavior = self.behavior
        self.server.clear()

    def asked(self) -> list[str]:
        """Return the kind of each request."""
        kinds = (INIT, PAGE, DELTA)
        queries = [request.query for request in self.server.requests]
        return [next((kind for kind in kinds if kind in query), MODEL) for query in queries]

    def tokens(self, kind: str = PAGE) -> list[str]:
        return [each.query[kind] for each in self.server.requests if kind in each.query]

    def logged(self) -> int:
        return len(self.sql("SELECT * FROM contentstack.sync_events"))

    def uids(self) -> set[str]:
        return {uid for (uid,) in self.sql("SELECT uid FROM contentstack.assets")}

    def tables(self) -> set[str]:
        return {name for (name,) in self.sql("SELECT table_name FROM duckdb_tables()")}

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.file, read_only=True) as con:
            return con.execute(query).fetchall()


@pytest.fixture
def job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]
) -> Iterator[Job]:
    stack, behavior = Stack(), HookedBehavior()
    for number in range(ASSETS):
        stack.publish_asset(f"a{number}", {"title": f"Picture {number}"})
    file = str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack, behavior) as server:
        configure(stack, server)
        monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", str(ATTEMPTS))
        yield Job(stack, server, behavior, target, file)


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


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_permanent_fault_ends_the_run_and_a_temporary_one_is_retried(
    job: Job, fault: Fault
) -> None:
    job.behavior.next_faults(Fault.none(), *[fault] * 100)
    assert job.server.base_url in job.fail()
    assert job.asked() == [INIT] + [PAGE] * ATTEMPTS
    assert not Path(job.file).exists() or "assets" not in job.tables()

    (rejected_token,) = set(job.tokens())
    job.reset()
    job.behavior.next_faults(Fault.none(), fault)
    started = time.monotonic()
    assert job.sync().retries == 1
    # No stored page is requested again; after stored pages it requests later changes.
    assert job.asked() == [PAGE, PAGE, PAGE, DELTA, MODEL, DELTA]
    assert job.tokens()[0] == rejected_token
    assert time.monotonic() - started >= (fault.retry_after or 0)


def test_a_temporary_422_is_retried(job: Job) -> None:
    job.behavior.next_faults(Fault.none(), Fault.transient_422())
    summary = job.sync()
    assert (summary.retries, summary.invalid_tokens) == (1, 0)
    assert job.asked() == [INIT, PAGE, PAGE, PAGE, MODEL, DELTA]


def test_a_permanent_422_is_one_error_and_the_next_run_ends_equal(job: Job) -> None:
    job.behavior.next_faults(Fault.none(), *[Fault.transient_422()] * 100)
    job.fail()
    assert job.behavior.seen == 1 + 2 * ATTEMPTS  # the rejected page, and the pass started again
    job.reset()
    job.sync()
    assert job.asked() == FIRST_SYNC


def test_a_fault_while_reading_the_content_model_costs_no_page(job: Job) -> None:
    job.behavior.next_faults(*[Fault.none()] * 3, *[Fault.status(503)] * 100)
    job.fail()
    assert job.asked() == [INIT, PAGE, PAGE] + [MODEL] * ATTEMPTS
    job.reset()
    job.sync()
    assert job.asked() == [DELTA, MODEL, DELTA]


def test_a_fault_after_the_load_loses_nothing(job: Job) -> None:
    job.behavior.next_faults(*[Fault.none()] * 4, *[Fault.status(503)] * 100)
    job.fail()
    assert_equal(job.file, job.stack)
    job.reset()
    job.sync()
    assert job.asked() == [DELTA]


def test_a_late_page_is_requested_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", "0.3")
    job.behavior.next_faults(Fault.none(), Fault.slow(0.8))
    assert job.sync().retries == 1


def test_retries_of_an_always_late_service_are_limited(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", "0.3")
    job.behavior.before(2, lambda: setattr(job.behavior, "answer_seconds", 0.8))
    job.fail()
    assert job.behavior.seen == 1 + ATTEMPTS
    time.sleep(0.8)  # the last late answer
    job.reset()
    job.sync()
    assert job.asked() == [PAGE, PAGE, DELTA, MODEL, DELTA]


def test_an_empty_page_is_not_the_end(job: Job) -> None:
    job.behavior.empty_pages = True
    assert job.sync().pages == 5


def test_a_duplicate_event_counts_once(job: Job) -> None:
    job.behavior.duplicate_events = True
    job.sync()
    assert job.logged() == ASSETS


def test_a_page_served_twice_under_two_tokens_counts_once(job: Job) -> None:
    def serve_it_twice() -> None:
        whole, number = job.stack.tokens.pages[next(iter(job.stack.tokens.pages))]
        whole.pages.insert(number, whole.pages[number])

    job.behavior.before(2, serve_it_twice)
    job.sync()
    assert job.asked() == [INIT, PAGE, PAGE, PAGE, MODEL, DELTA]
    assert job.logged() == ASSETS


def test_a_page_that_leads_to_itself_stops_the_run_and_the_next_one_ends_equal(job: Job) -> None:
    job.behavior.repeat_pagination_token = True
    job.fail(PaginationLoopError)
    assert job.asked() == [INIT, PAGE]
    job.reset()
    job.sync()


def test_a_stale_cached_response_is_corrected_by_the_next_run(job: Job) -> None:
    job.sync()
    job.stack.delete_asset("a7")
    job.stack.publish_asset("a8", {"title": "Replaced"})
    job.behavior.stale_deltas = 1
    run.sync(job.target)
    assert "a7" in job.uids()
    assert job.sync().events == {"asset_deleted": 1, "asset_published": 1}


def test_an_edit_that_invalidates_the_next_page_restarts_a_first_sync(job: Job) -> None:
    job.behavior.invalidate_pagination_on_publish = True
    job.behavior.before(3, lambda: job.stack.delete_asset("a7"))
    summary = job.sync()
    assert summary.invalid_tokens == 1
    assert job.asked() == [INIT, PAGE, *[PAGE] * ATTEMPTS, *FIRST_SYNC]


def test_an_edit_that_invalidates_the_next_page_restarts_from_the_last_sync_token(
    job: Job,
) -> None:
    job.sync()
    job.server.clear()
    for number in range(150):
        job.stack.publish_asset(f"a{number}", {"title": "Replaced"})
    job.behavior.invalidate_pagination_on_publish = True
    job.behavior.before(2, lambda: job.stack.delete_asset("a200"))
    summary = job.sync()
    assert (summary.passes, summary.invalid_tokens) == (1, 1)
    assert job.asked() == [DELTA, *[PAGE] * ATTEMPTS, DELTA, PAGE, MODEL, DELTA]
    assert len(set(job.tokens(DELTA)[:2])) == 1


def test_stored_pages_are_dropped_when_an_edit_invalidates_the_next_page(job: Job) -> None:
    job.behavior.invalidate_pagination_on_publish = True
    job.behavior.next_faults(Fault.none(), Fault.none(), *[Fault.status(503)] * ATTEMPTS)
    job.fail()
    job.stack.delete_asset("a7")
    job.server.clear()
    assert job.sync().invalid_tokens == 1
    assert job.asked() == [*[PAGE] * ATTEMPTS, *FIRST_SYNC]


def test_an_invalid_sync_token_starts_a_full_sync_that_deletes_missing_rows(job: Job) -> None:
    job.sync()
    job.stack.delete_asset("a7")
    job.stack.unpublish_asset("a8", "en-us")
    job.stack.publish_asset("a9", {"title": "Replaced"})
    job.stack.tokens.forget()
    job.server.clear()
    summary = job.sync()
    assert summary.invalid_tokens == 1
    assert job.asked() == [DELTA] * ATTEMPTS + FIRST_SYNC
    assert not job.uids() & {"a7", "a8"}
    job.stack.delete_asset("a9")
    assert job.sync().events == {"asset_deleted": 1}


def test_a_full_sync_with_start_from_deletes_no_missing_rows(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__START_FROM", "2026-01-01T00:00:00.000Z")
    job.sync()
    job.stack.delete_asset("a7")
    job.stack.publish_asset("a9", {"title": "Replaced"})
    job.stack.tokens.forget()
    assert run.sync(job.target).invalid_tokens == 1
    assert "a7" in job.uids()
    job.stack.delete_asset("a8")
    assert run.sync(job.target).events == {"asset_deleted": 1}
    assert job.uids() == {f"a{number}" for number in range(ASSETS)} - {"a8"}
