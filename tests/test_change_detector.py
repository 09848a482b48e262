"""The change detector: one request finds out whether anything changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dlt
import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.errors import CredentialsError, ServiceError
from contentstack_source.orchestration.change_detector import ChangeDetector
from contentstack_source.runs import run
from contentstack_source.simulator import Fault, Server, Stack, serve
from tests.small_stack import filled_stack


@dataclass
class Job:
    stack: Stack
    server: Server
    target: Target
    file: Path

    def detector(self) -> ChangeDetector:
        return ChangeDetector(self.target)


@pytest.fixture
def job(tmp_path: Path, configure: Callable[..., None]) -> Iterator[Job]:
    stack, file = filled_stack(), tmp_path / "warehouse.duckdb"
    target = Target(dlt.destinations.duckdb(str(file)), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack) as server:
        configure(stack, server)
        yield Job(stack, server, target, file)


def test_changes_are_detected_before_a_first_sync_and_after_an_edit_only(
    job: Job,
) -> None:
    detector = job.detector()
    assert detector.has_changes()
    run.sync(job.target)
    assert not detector.has_changes()
    job.stack.delete_entry("author", "e1")
    assert detector.has_changes()
    run.sync(job.target)
    assert not detector.has_changes()


def test_no_changes_cost_one_request_and_no_query_of_the_destination(job: Job) -> None:
    run.sync(job.target)
    detector = job.detector()
    assert not detector.has_changes()
    job.server.clear()
    job.file.unlink()
    assert not detector.has_changes()
    assert [each.path for each in job.server.requests] == ["/v3/stacks/sync"]


def test_a_check_leaves_the_working_directory_alone(job: Job) -> None:
    assert job.detector().has_changes()
    assert not job.target.folder.exists()


def test_changed_settings_count_as_changes_because_a_sync_refuses_them(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.sync(job.target)
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", "de-de")
    assert job.detector().has_changes()


def test_an_invalid_token_counts_as_changes_because_a_sync_replaces_it(job: Job) -> None:
    run.sync(job.target)
    job.stack.tokens.forget()
    assert job.detector().has_changes()


def test_a_new_content_type_counts_as_changes_with_many_streams(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__PARTITION_BY", "content_type")
    run.sync(job.target)
    detector = job.detector()
    assert not detector.has_changes()
    job.stack.create_content_type("page", [])
    assert detector.has_changes()


def test_new_credentials_are_read_after_the_old_ones_were_rejected(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.sync(job.target)
    detector = job.detector()
    assert not detector.has_changes()
    job.stack.delivery_token = "cs_new"
    with pytest.raises(CredentialsError):
        detector.has_changes()
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN", "cs_new")
    assert not detector.has_changes()


def test_an_unavailable_service_gets_two_attempts(job: Job) -> None:
    run.sync(job.target)
    detector = job.detector()
    job.server.clear()
    job.server.behavior.next_faults(*[Fault.status(503)] * 2)
    with pytest.raises(ServiceError):
        detector.has_changes()
    assert len(job.server.requests) == 2
    assert not detector.has_changes()
