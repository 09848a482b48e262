"""The event types a user may choose."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from contentstack_source.errors import SettingsError
from contentstack_source.events import EVENT_TYPES, PUBLISHED, parse_event_types


@pytest.mark.parametrize("nothing", [None, "", " , ", [], [""]])
def test_all_seven_are_meant_when_none_is_named(nothing: str | list[str] | None) -> None:
    assert parse_event_types(nothing) == EVENT_TYPES
    assert len(set(EVENT_TYPES)) == 7


@pytest.mark.parametrize(
    "chosen",
    [
        "asset_deleted,entry_published",
        " asset_deleted , entry_published, ",
        "entry_published,asset_deleted,entry_published",
        ["asset_deleted", "entry_published"],
        ("asset_deleted ", " entry_published"),
        {"entry_published", "asset_deleted"},
    ],
)
def test_a_choice_comes_in_the_vendors_order(chosen: str | Iterable[str]) -> None:
    assert parse_event_types(chosen) == ("entry_published", "asset_deleted")


def test_every_type_can_be_chosen_alone() -> None:
    assert [parse_event_types(name) for name in EVENT_TYPES] == [(name,) for name in EVENT_TYPES]


@pytest.mark.parametrize("chosen", ["entry_publish", "ENTRY_PUBLISHED", ["entry_published", "all"]])
def test_an_unknown_type_is_refused_with_those_there_are(chosen: str | list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_event_types(chosen)
    unknown = chosen if isinstance(chosen, str) else chosen[-1]
    assert unknown in caught.value.message
    assert all(name in caught.value.hint for name in EVENT_TYPES)


def test_publishes_put_rows_and_all_others_take_them() -> None:
    assert PUBLISHED == ("entry_published", "asset_published")
