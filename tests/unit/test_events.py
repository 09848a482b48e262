"""The setting event_types."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from contentstack_source.errors import SettingsError
from contentstack_source.events import EVENT_TYPES, PUBLISHED, parse_event_types


@pytest.mark.parametrize("nothing", [None, "", " , ", [], [""]])
def test_the_default_is_all_seven_event_types(nothing: str | list[str] | None) -> None:
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
def test_chosen_event_types_are_in_the_vendors_order(chosen: str | Iterable[str]) -> None:
    assert parse_event_types(chosen) == ("entry_published", "asset_deleted")


def test_every_type_can_be_chosen_alone() -> None:
    assert [parse_event_types(name) for name in EVENT_TYPES] == [(name,) for name in EVENT_TYPES]


@pytest.mark.parametrize("chosen", ["entry_publish", "ENTRY_PUBLISHED", ["entry_published", "all"]])
def test_an_unknown_type_is_refused_with_the_known_ones(chosen: str | list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_event_types(chosen)
    unknown = chosen if isinstance(chosen, str) else chosen[-1]
    assert unknown in caught.value.message
    assert all(name in caught.value.hint for name in EVENT_TYPES)


def test_only_publishes_upsert_rows() -> None:
    assert PUBLISHED == ("entry_published", "asset_published")
