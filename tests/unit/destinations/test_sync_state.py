"""The sync state: read from dlt's state, or ignored."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from contentstack_source.destinations.state import SyncState, parse_sync_state

STATE = SyncState({"all": "blt1"}, {"environment": "production"}, {"blog": "blog"}, ["en-us"])


def test_a_sync_state_is_read_as_it_was_written() -> None:
    assert parse_sync_state({"sync_state": asdict(STATE)}) == STATE


@pytest.mark.parametrize("state", [{}, {"sync_state": None}, {"position": {"sync_token": "blt1"}}])
def test_the_state_of_another_version_is_ignored(state: dict[str, object]) -> None:
    assert parse_sync_state(state) is None


def test_a_sync_state_with_unknown_keys_is_ignored() -> None:
    assert parse_sync_state({"sync_state": {**asdict(STATE), "more": 1}}) is None
