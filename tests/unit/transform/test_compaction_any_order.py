"""The compaction against a small model: serial edits, and pages in any order."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from contentstack_source.events import EVENT_TYPES
from contentstack_source.transform.compaction import Compaction
from tests.support.compaction_events import Item, Key, deleted, item, upserted

CompactionOf = Callable[..., Compaction]

KINDS = tuple(kind for kind in EVENT_TYPES if not kind.startswith("asset_un"))
UIDS, LOCALES = ("e1", "e2"), ("en-us", "fr-fr")


@st.composite
def histories(draw: st.DrawFn) -> list[Item]:
    """Draw what happened, oldest first; several events may share an instant."""
    minutes = sorted(draw(st.lists(st.integers(0, 5), min_size=1, max_size=12)))
    events = []
    for minute in minutes:
        kind = draw(st.sampled_from(KINDS))
        anywhere = (*LOCALES, None) if kind.endswith("deleted") else LOCALES
        events.append(
            item(kind, minute, draw(st.sampled_from(UIDS)), draw(st.sampled_from(anywhere)))
        )
    return events


def outcome(history: list[Item]) -> dict[Key, str]:
    """Return what is published after a history, as an editor would see it."""
    table: dict[Key, str] = {}
    for event in history:
        kind, uid, data = event["content_type_uid"], event["data"].get("uid"), event["data"]
        if event["type"] == "content_type_deleted":
            table = {key: title for key, title in table.items() if key[0] != kind}
        elif "publish_details" in data:
            table[kind, uid, data["publish_details"]["locale"]] = data["title"]
        else:
            gone = (
                {(kind, uid, data["locale"])}
                if "locale" in data
                else {(kind, uid, each) for each in LOCALES}
            )
            table = {key: title for key, title in table.items() if key not in gone}
    return table


@settings(max_examples=25, deadline=None)
@given(history=histories(), page_size=st.integers(1, 12), oldest_first=st.booleans())
def test_the_result_is_what_editors_published_in_either_order_of_pages(
    compacted: CompactionOf,
    history: list[Item],
    page_size: int,
    oldest_first: bool,
) -> None:
    # With few instants the direction of a stream is unknown: it is newest-first, as recorded.
    instants = len({event["event_at"] for event in history})
    arrival = history if oldest_first and instants > 5 else history[::-1]
    pages = [arrival[start : start + page_size] for start in range(0, len(arrival), page_size)]
    compaction = compacted(*pages)
    expected = outcome(history)
    assert upserted(compaction) == expected
    assert not deleted(compaction) & expected.keys()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_result_is_what_editors_published_in_any_shuffled_order(
    compacted: CompactionOf, data: st.DataObject
) -> None:
    history = data.draw(histories())
    history = [
        event
        | {
            "event_at": f"2026-01-01T00:00:00.{number:03d}Z",
            "data": event["data"] | {"title": str(number)},
        }
        for number, event in enumerate(history)
    ]
    arrival = data.draw(st.permutations(history + history[:3]))
    assert upserted(compacted(arrival[:4], arrival[4:])) == outcome(history)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_duplicates_of_events_change_nothing(compacted: CompactionOf, data: st.DataObject) -> None:
    arrival = data.draw(histories())[::-1]
    with_copies = list(arrival)
    for number, event in enumerate(arrival):
        index = data.draw(st.integers(with_copies.index(event) + 1, len(with_copies)))
        if data.draw(st.booleans()) or number == 0:
            with_copies.insert(index, event)
    assert upserted(compacted(with_copies)) == upserted(compacted(arrival))
