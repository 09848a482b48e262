"""Many streams, one per content type and one of assets: concurrent, and loaded as one pass."""

from __future__ import annotations

import pytest

from contentstack_source.errors import (
    CredentialsError,
    FailedError,
    SettingsChangedError,
    TooManyDeletionsError,
)
from contentstack_source.runs import run
from contentstack_source.simulator import Fault, demo_stack
from contentstack_source.simulator.server import Request
from tests.support.harness import Job, MakesJob
from tests.support.small_stack import MODELS

PARTITION_BY = "SOURCES__CONTENTSTACK__PARTITION_BY"
MAX_CONCURRENT = "SOURCES__CONTENTSTACK__MAX_CONCURRENT_REQUESTS"


@pytest.fixture
def job(job: Job, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job with many streams."""
    monkeypatch.setenv(PARTITION_BY, "content_type")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
    return job


@pytest.fixture
def synced_job(make_synced_job: MakesJob, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job with many streams that has run once."""
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
    return make_synced_job(PARTITION_BY="content_type")


def tokens(job: Job) -> dict[str, str]:
    sync_state = run.status(job.target).sync_state
    assert sync_state is not None
    return dict(sync_state.tokens)


def asked(job: Job) -> list[Request]:
    """Return the sync requests since the last call."""
    requests = [each for each in job.server.requests if each.path.endswith("/sync")]
    job.server.clear()
    return requests


def test_every_content_type_and_the_assets_have_their_own_stream(job: Job) -> None:
    job.sync()
    assert tokens(job).keys() == {"article", "author", "sys_assets"}
    queries = [each.query for each in asked(job) if "init" in each.query]
    assert sorted(query.get("content_type_uid", "") for query in queries) == [
        "",
        "article",
        "author",
    ]
    assert [query["type"] for query in queries if "type" in query] == [
        "asset_published,asset_unpublished,asset_deleted"
    ]


@pytest.mark.integration
def test_changes_of_all_streams_are_loaded_in_one_pass(synced_job: Job) -> None:
    synced_job.stack.delete_entry("article", "e1")
    synced_job.stack.unpublish_entry("author", "e2", "de-de")
    synced_job.stack.publish_asset("a2", {"title": "Another picture"})
    synced_job.stack.delete_asset("a1")
    before = tokens(synced_job)
    assert synced_job.sync().passes == 1
    assert all(token != before[name] for name, token in tokens(synced_job).items())


def test_an_unchanged_stack_costs_one_request_per_stream(synced_job: Job) -> None:
    asked(synced_job)
    summary = synced_job.run()
    assert (summary.passes, summary.requests) == (0, 4)  # three streams, and the content types
    assert len(asked(synced_job)) == 3


@pytest.mark.integration
def test_many_streams_load_the_demo_stack_equal(make_job: MakesJob) -> None:
    make_job(demo_stack(400), PARTITION_BY="content_type").sync()


def test_a_new_content_type_is_found(synced_job: Job) -> None:
    synced_job.stack.create_content_type("note", MODELS["author"])
    synced_job.stack.publish_entry("note", "n1", {"title": "A note"})
    synced_job.sync()
    assert "note" in tokens(synced_job)


def test_the_stream_of_a_deleted_content_type_ends(synced_job: Job) -> None:
    synced_job.stack.delete_content_type("author")
    synced_job.sync()
    assert tokens(synced_job).keys() == {"article", "sys_assets"}
    asked(synced_job)
    synced_job.sync()
    assert len(asked(synced_job)) == 2


def test_a_content_type_deleted_and_recreated_keeps_its_stream(synced_job: Job) -> None:
    synced_job.stack.delete_content_type("author")
    synced_job.stack.create_content_type("author", MODELS["author"])
    synced_job.stack.publish_entry("author", "new", {"title": "Somebody else"})
    synced_job.sync()
    assert tokens(synced_job).keys() == {"article", "author", "sys_assets"}


def test_a_failing_stream_moves_no_token_and_the_next_run_continues(
    synced_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_CONCURRENT, "1")
    before = tokens(synced_job)
    synced_job.stack.delete_entry("article", "e1")
    synced_job.stack.delete_entry("author", "e1")
    # The content types and the first stream, then the second stream and its second attempt.
    synced_job.server.behavior.next_faults(*[Fault.none()] * 2, *[Fault.status(500)] * 2)
    with pytest.raises(FailedError):
        synced_job.run()
    assert tokens(synced_job) == before
    synced_job.sync()


@pytest.mark.integration
def test_pages_stored_before_a_stream_failed_are_not_requested_again(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_CONCURRENT, "1")
    for number in range(250):
        job.stack.publish_asset(f"more{number}", {"title": f"Picture {number}"})
    job.server.behavior.next_faults(*[Fault.none()] * 5, *[Fault.status(500)] * 2)
    with pytest.raises(FailedError):
        job.run()
    stored = [each.query for each in asked(job) if each.status == 200]
    assert len(stored) == 4
    job.sync()
    again = [each.query for each in asked(job) if "sync_token" not in each.query]
    assert not [query for query in again if query in stored]


def test_an_invalid_token_starts_a_full_sync_of_one_stream_that_deletes_missing_rows(
    synced_job: Job,
) -> None:
    synced_job.stack.delete_entry("author", "e1")
    synced_job.stack.publish_entry("article", "e9", {"title": "New"})
    synced_job.stack.tokens.forget(tokens(synced_job)["author"])
    summary = synced_job.sync()
    assert summary.invalid_tokens == 1


def test_a_full_sync_that_would_delete_most_rows_of_one_stream_is_refused(synced_job: Job) -> None:
    for uid in ("e1", "e2"):
        synced_job.stack.delete_entry("author", uid)
    synced_job.stack.tokens.forget(tokens(synced_job)["author"])
    with pytest.raises(TooManyDeletionsError, match="4 of 6 rows"):
        synced_job.run()


@pytest.mark.integration
def test_changing_partition_by_needs_a_resync(
    synced_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PARTITION_BY)
    with pytest.raises(SettingsChangedError, match="partition_by content_type"):
        synced_job.run()
    synced_job.stack.delete_content_type("author")
    run.resync(synced_job.target)
    synced_job.assert_equal()
    assert tokens(synced_job).keys() == {"all"}


def test_many_streams_without_the_content_model_are_refused(job: Job) -> None:
    job.server.behavior.content_types_forbidden = True
    with pytest.raises(CredentialsError, match="partition_by needs them"):
        job.run()


@pytest.mark.integration
def test_concurrent_requests_and_requests_per_second_are_limited(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__REQUESTS_PER_SECOND", "3")
    monkeypatch.setenv(MAX_CONCURRENT, "1")
    summary = job.sync()
    # Seven requests: content types, three streams, and whether anything changed meanwhile.
    assert summary.requests == 7
    assert summary.seconds > 1
