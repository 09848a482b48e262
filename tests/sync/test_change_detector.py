"""The change detector: one request finds out whether anything changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentstack_source.errors import CredentialsError, ServiceError
from contentstack_source.orchestration.change_detector import ChangeDetector
from contentstack_source.simulator import Fault
from tests.support.harness import Job


@pytest.mark.integration
def test_changes_are_detected_before_a_first_sync_and_after_an_edit_only(
    job: Job,
) -> None:
    detector = ChangeDetector(job.target)
    assert detector.has_changes()
    job.run()
    assert not detector.has_changes()
    job.stack.delete_entry("author", "e1")
    assert detector.has_changes()
    job.run()
    assert not detector.has_changes()


def test_no_changes_cost_one_request_and_no_query_of_the_destination(synced_job: Job) -> None:
    detector = ChangeDetector(synced_job.target)
    assert not detector.has_changes()
    synced_job.server.clear()
    Path(synced_job.file).unlink()
    assert not detector.has_changes()
    assert [each.path for each in synced_job.server.requests] == ["/v3/stacks/sync"]


def test_a_check_leaves_the_working_directory_alone(job: Job) -> None:
    assert ChangeDetector(job.target).has_changes()
    assert not job.target.folder.exists()


def test_changed_settings_count_as_changes_because_a_sync_refuses_them(
    synced_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", "de-de")
    assert ChangeDetector(synced_job.target).has_changes()


def test_an_invalid_token_counts_as_changes_because_a_sync_replaces_it(synced_job: Job) -> None:
    synced_job.stack.tokens.forget()
    assert ChangeDetector(synced_job.target).has_changes()


def test_a_new_content_type_counts_as_changes_with_many_streams(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__PARTITION_BY", "content_type")
    job.run()
    detector = ChangeDetector(job.target)
    assert not detector.has_changes()
    job.stack.create_content_type("page", [])
    assert detector.has_changes()


def test_new_credentials_are_read_after_the_old_ones_were_rejected(
    synced_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = ChangeDetector(synced_job.target)
    assert not detector.has_changes()
    synced_job.stack.delivery_token = "cs_new"
    with pytest.raises(CredentialsError):
        detector.has_changes()
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN", "cs_new")
    assert not detector.has_changes()


def test_an_unavailable_service_gets_two_attempts(synced_job: Job) -> None:
    detector = ChangeDetector(synced_job.target)
    synced_job.server.clear()
    synced_job.server.behavior.next_faults(*[Fault.status(503)] * 2)
    with pytest.raises(ServiceError):
        detector.has_changes()
    assert len(synced_job.server.requests) == 2
    assert not detector.has_changes()
