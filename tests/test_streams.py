"""Many streams, one per content type and one of assets: concurrent, and loaded as one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dlt
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.errors import (
    CredentialsError,
    FailedError,
    SettingsChangedError,
    TooManyDeletionsError,
)
from contentstack_source.runs import run
from contentstack_source.runs.summary import RunSummary
from contentstack_source.simulator import Behavior, Fault, Server, Stack, demo_stack, serve
from contentstack_source.simulator.server import Request
from tests.oracle import assert_equal
from tests.small_stack import MODELS, filled_stack

PARTITION_BY = "SOURCES__CONTENTSTACK__PARTITION_BY"
MAX_CONCURRENT = "SOURCES__CONTENTSTACK__MAX_CONCURRENT_REQUESTS"


@dataclass
class Job:
    """A job with many streams."""

    stack: Stack
    server: Server
    target: Target
    file: str

    def sync(self) -> RunSummary:
        summary = run.sync(self.target)
        assert_equal(self.file, self.stack)
        return summary

    def tokens(self) -> dict[str, str]:
        sync_state = run.status(self.target).sync_state
        assert sync_state is not None
        return dict(sync_state.tokens)

    def asked(self) -> list[Request]:
        """Return the sync requests since the last call."""
        requests = [each for each in self.server.requests if each.path.endswith("/sync")]
        self.server.clear()
        return requests


@pytest.fixture
def job(
    tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Job]:
    stack = filled_stack()
    file = str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack, Behavior()) as server:
        configure(stack, server)
        monkeypatch.setenv(PARTITION_BY, "content_type")
        monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
        yield Job(stack, server, target, file)


def test_every_content_type_and_the_assets_have_their_own_stream(job: Job) -> None:
    job.sync()
    assert job.tokens().keys() == {"article", "author", "sys_assets"}
    asked = [each.query for each in job.asked() if "init" in each.query]
    assert sorted(query.get("content_type_uid", "") for query in asked) == [
        "",
        "article",
        "author",
    ]
    assert [query["type"] for query in asked if "type" in query] == [
        "asset_published,asset_unpublished,asset_deleted"
    ]


def test_changes_of_all_streams_are_loaded_in_one_pass(job: Job) -> None:
    job.sync()
    job.stack.delete_entry("article", "e1")
    job.stack.unpublish_entry("author", "e2", "de-de")
    job.stack.publish_asset("a2", {"title": "Another picture"})
    job.stack.delete_asset("a1")
    before = job.tokens()
    assert job.sync().passes == 1
    assert all(token != before[name] for name, token in job.tokens().items())


def test_an_unchanged_stack_costs_one_request_per_stream(job: Job) -> None:
    job.sync()
    job.asked()
    summary = run.sync(job.target)
    assert (summary.passes, summary.requests) == (0, 4)  # three streams, and the content types
    assert len(job.asked()) == 3


def test_many_streams_load_the_demo_stack_equal(
    tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = demo_stack(400)
    file = str(tmp_path / "warehouse.duckdb")
    target = Target(dlt.destinations.duckdb(file), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack) as server:
        configure(stack, server)
        monkeypatch.setenv(PARTITION_BY, "content_type")
        job = Job(stack, server, target, file)
        job.sync()


def test_a_new_content_type_is_found(job: Job) -> None:
    job.sync()
    job.stack.create_content_type("note", MODELS["author"])
    job.stack.publish_entry("note", "n1", {"title": "A note"})
    job.sync()
    assert "note" in job.tokens()


def test_the_stream_of_a_deleted_content_type_ends(job: Job) -> None:
    job.sync()
    job.stack.delete_content_type("author")
    job.sync()
    assert job.tokens().keys() == {"article", "sys_assets"}
    job.asked()
    job.sync()
    assert len(job.asked()) == 2


def test_a_content_type_deleted_and_recreated_keeps_its_stream(job: Job) -> None:
    job.sync()
    job.stack.delete_content_type("author")
    job.stack.create_content_type("author", MODELS["author"])
    job.stack.publish_entry("author", "new", {"title": "Somebody else"})
    job.sync()
    assert job.tokens().keys() == {"article", "author", "sys_assets"}


def test_a_failing_stream_moves_no_token_and_the_next_run_continues(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_CONCURRENT, "1")
    job.sync()
    before = job.tokens()
    job.stack.delete_entry("article", "e1")
    job.stack.delete_entry("author", "e1")
    # The content types and the first stream, then the second stream and its second attempt.
    job.server.behavior.next_faults(*[Fault.none()] * 2, *[Fault.status(500)] * 2)
    with pytest.raises(FailedError):
        run.sync(job.target)
    assert job.tokens() == before
    job.sync()


def test_pages_stored_before_a_stream_failed_are_not_requested_again(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_CONCURRENT, "1")
    for number in range(250):
        job.stack.publish_asset(f"more{number}", {"title": f"Picture {number}"})
    job.server.behavior.next_faults(*[Fault.none()] * 5, *[Fault.status(500)] * 2)
    with pytest.raises(FailedError):
        run.sync(job.target)
    asked = [each.query for each in job.asked() if each.status == 200]
    assert len(asked) == 4
    job.sync()
    again = [each.query for each in job.asked() if "sync_token" not in each.query]
    assert not [query for query in again if query in asked]


def test_an_invalid_token_starts_a_full_sync_of_one_stream_that_deletes_missing_rows(
    job: Job,
) -> None:
    job.sync()
    job.stack.delete_entry("author", "e1")
    job.stack.publish_entry("article", "e9", {"title": "New"})
    job.stack.tokens.forget(job.tokens()["author"])
    summary = job.sync()
    assert summary.invalid_tokens == 1


def test_a_full_sync_that_would_delete_most_rows_of_one_stream_is_refused(job: Job) -> None:
    job.sync()
    for uid in ("e1", "e2"):
        job.stack.delete_entry("author", uid)
    job.stack.tokens.forget(job.tokens()["author"])
    with pytest.raises(TooManyDeletionsError, match="4 of 6 rows"):
        run.sync(job.target)


def test_changing_partition_by_needs_a_resync(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job.sync()
    monkeypatch.delenv(PARTITION_BY)
    with pytest.raises(SettingsChangedError, match="partition_by content_type"):
        run.sync(job.target)
    job.stack.delete_content_type("author")
    run.resync(job.target)
    assert_equal(job.file, job.stack)
    assert job.tokens().keys() == {"all"}


def test_many_streams_without_the_content_model_are_refused(job: Job) -> None:
    job.server.behavior.content_types_forbidden = True
    with pytest.raises(CredentialsError, match="partition_by needs them"):
        run.sync(job.target)


def test_concurrent_requests_and_requests_per_second_are_limited(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__REQUESTS_PER_SECOND", "3")
    monkeypatch.setenv(MAX_CONCURRENT, "1")
    summary = job.sync()
    # Seven requests: content types, three streams, and whether anything changed meanwhile.
    assert summary.requests == 7
    assert summary.seconds > 1
