"""Whether there is news: told by one request, and never missed."""

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
from tests.small import filled_stack


@dataclass
class Place:
    stack: Stack
    server: Server
    target: Target
    file: Path

    def detector(self) -> ChangeDetector:
        return ChangeDetector(self.target)


@pytest.fixture
def place(tmp_path: Path, configure: Callable[..., None]) -> Iterator[Place]:
    stack, file = filled_stack(), tmp_path / "warehouse.duckdb"
    target = Target(dlt.destinations.duckdb(str(file)), pipelines_dir=str(tmp_path / "dlt"))
    with serve(stack) as server:
        configure(stack, server)
        yield Place(stack, server, target, file)


def test_there_is_news_before_a_first_sync_none_after_it_and_again_after_an_edit(
    place: Place,
) -> None:
    detector = place.detector()
    assert detector.has_changes()
    run.sync(place.target)
    assert not detector.has_changes()
    place.stack.delete_entry("author", "e1")
    assert detector.has_changes()
    run.sync(place.target)
    assert not detector.has_changes()


def test_no_news_cost_one_request_and_leave_the_destination_alone(place: Place) -> None:
    run.sync(place.target)
    detector = place.detector()
    assert not detector.has_changes()
    place.server.clear()
    place.file.unlink()
    assert not detector.has_changes()
    assert [each.path for each in place.server.requests] == ["/v3/stacks/sync"]


def test_a_look_leaves_the_working_directory_alone(place: Place) -> None:
    assert place.detector().has_changes()
    assert not place.target.folder.exists()


def test_other_settings_are_news_because_a_sync_refuses_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.sync(place.target)
    monkeypatch.setenv("SOURCES__CONTENTSTACK__LOCALE", "de-de")
    assert place.detector().has_changes()


def test_a_refused_token_is_news_because_a_sync_heals_it(place: Place) -> None:
    run.sync(place.target)
    place.stack.tokens.forget()
    assert place.detector().has_changes()


def test_with_many_streams_a_new_content_type_is_news(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__PARTITION_BY", "content_type")
    run.sync(place.target)
    detector = place.detector()
    assert not detector.has_changes()
    place.stack.create_content_type("page", [])
    assert detector.has_changes()


def test_new_keys_are_read_after_the_old_ones_were_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.sync(place.target)
    detector = place.detector()
    assert not detector.has_changes()
    place.stack.delivery_token = "cs_new"
    with pytest.raises(CredentialsError):
        detector.has_changes()
    monkeypatch.setenv("SOURCES__CONTENTSTACK__DELIVERY_TOKEN", "cs_new")
    assert not detector.has_changes()


def test_a_service_that_is_away_is_given_two_tries(place: Place) -> None:
    run.sync(place.target)
    detector = place.detector()
    place.server.clear()
    place.server.behavior.next_faults(*[Fault.status(503)] * 2)
    with pytest.raises(ServiceError):
        detector.has_changes()
    assert len(place.server.requests) == 2
    assert not detector.has_changes()
