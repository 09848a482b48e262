"""Where a stream stands: what the state holds, or nothing of use."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from contentstack_source.position import Position, parse_position

STANDING = Position({"all": "blt1"}, {"environment": "production"}, {"blog": "blog"}, ["en-us"])


def test_a_position_is_read_as_it_was_written() -> None:
    assert parse_position({"position": asdict(STANDING)}) == STANDING


@pytest.mark.parametrize("state", [{}, {"position": None}, {"position": {"sync_token": "blt1"}}])
def test_what_another_version_wrote_is_no_position(state: dict[str, object]) -> None:
    assert parse_position(state) is None


def test_a_position_with_something_unknown_in_it_is_none() -> None:
    assert parse_position({"position": {**asdict(STANDING), "more": 1}}) is None
