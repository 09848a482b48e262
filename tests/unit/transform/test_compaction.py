"""The compaction: the newest event of an object counts, in any order of arrival."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from contentstack_source.events import EVENT_TYPES, SYS_ASSETS
from contentstack_source.transform.compaction import Compaction
from tests.support.compaction_events import Item, Key, deleted, instant, item, upserted

CompactionOf = Callable[..., Compaction]


def rejected(compaction: Compaction) -> list[tuple[str, Any]]:
    rows = compaction.con.sql("SELECT reason, item FROM reject ORDER BY ALL").fetchall()
    return [(reason, json.loads(text)) for reason, text in rows]


PUBLISHED = item("entry_published", 5)
UNPUBLISHED = item("entry_unpublished", 6)
KEY: Key = ("blog", "e1", "en-us")


@pytest.mark.parametrize("turned", [False, True], ids=["newest first", "oldest first"])
def test_an_older_publish_never_overwrites_a_newer_unpublish(
    compacted: CompactionOf, turned: bool
) -> None:
    events = [UNPUBLISHED, PUBLISHED][:: -1 if turned else 1]
    compaction = compacted(events)
    assert upserted(compaction) == {}
    assert deleted(compaction) == {KEY}


@pytest.mark.parametrize("turned", [False, True], ids=["newest first", "oldest first"])
def test_a_newer_publish_undoes_an_older_delete(compacted: CompactionOf, turned: bool) -> None:
    events = [item("entry_published", 7), item("entry_deleted", 6)][:: -1 if turned else 1]
    compaction = compacted(events)
    assert upserted(compaction) == {KEY: instant(7)}
    assert deleted(compaction) == set()


def test_the_newest_of_three_publishes_wins_across_pages(compacted: CompactionOf) -> None:
    pages = [[item("entry_published", minute)] for minute in (9, 5, 1)]
    assert upserted(compacted(*pages)) == {KEY: instant(9)}
    assert upserted(compacted(*reversed(pages))) == {KEY: instant(9)}


def test_pages_beyond_the_ninth_keep_their_order(compacted: CompactionOf) -> None:
    tied = [item("entry_unpublished", 5), *[item("entry_published", 5)] * 12]
    assert upserted(compacted(*[[each] for each in tied])) == {}


def test_the_first_of_equal_instants_wins_in_a_newest_first_stream(
    compacted: CompactionOf,
) -> None:
    newer = item("entry_published", 9, "e2")
    assert upserted(
        compacted([newer, item("entry_published", 5), item("entry_deleted", 5)])
    ).keys() == {
        KEY,
        ("blog", "e2", "en-us"),
    }
    assert KEY not in upserted(
        compacted([newer, item("entry_deleted", 5), item("entry_published", 5)])
    )


def test_the_first_of_equal_instants_wins_if_a_pass_has_no_others(
    compacted: CompactionOf,
) -> None:
    assert upserted(compacted([item("entry_published", 5), item("entry_unpublished", 5)])) != {}
    assert upserted(compacted([item("entry_unpublished", 5), item("entry_published", 5)])) == {}


TIED = [item("entry_published", 5), item("entry_unpublished", 5)]


@pytest.mark.parametrize(
    ("first", "later", "is_published"),
    [
        (TIED[0], TIED[1:], False),
        (TIED[1], TIED[:1], True),
        # Sent again with a later event, in the order of a newest-first stream.
        (TIED[0], TIED[::-1], False),
        (TIED[1], TIED, True),
        # Deleted and published again, both at the instant of the first publish.
        (TIED[0], TIED, True),
    ],
)
@pytest.mark.parametrize("more", [0, 12], ids=["short legs", "legs that run oldest first"])
def test_the_event_of_a_later_leg_wins_among_equal_instants(
    compacted: CompactionOf, first: Item, later: list[Item], is_published: bool, more: int
) -> None:
    """A leg has the changes after the previous one, whatever the types of its events."""
    others = [item("entry_published", minute, "e9") for minute in range(10, 10 + more)]
    ordered = later[::-1] if more else later
    compaction = compacted([first], [*ordered, *others], legs=(0, 1))
    assert (KEY in upserted(compaction)) == is_published


def test_a_newer_event_of_an_earlier_leg_still_wins(compacted: CompactionOf) -> None:
    pages = [[item("entry_published", 9)], [item("entry_unpublished", 5)]]
    assert upserted(compacted(*pages, legs=(0, 1))) == {KEY: instant(9)}


def test_the_direction_of_a_stream_is_detected_per_leg(compacted: CompactionOf) -> None:
    """Time ascends from one newest-first leg to the next: the stream is not oldest-first."""
    legs = [[item("entry_published", minute, f"e{minute}")] for minute in range(10, 30)]
    tied = [item("entry_published", 40), item("entry_deleted", 40)]
    compaction = compacted(*legs, tied, legs=range(21))
    assert KEY in upserted(compaction)


def test_the_last_of_equal_instants_wins_in_an_oldest_first_stream(
    compacted: CompactionOf,
) -> None:
    older = [item("entry_published", minute, f"older{minute}") for minute in range(5)]
    deleted, published = item("entry_deleted", 5), item("entry_published", 5)
    assert KEY in upserted(compacted([*older, deleted, published]))
    assert KEY not in upserted(compacted([*older, published, deleted]))


def test_exact_duplicates_upsert_one_row(compacted: CompactionOf) -> None:
    compaction = compacted([PUBLISHED, item("entry_published", 4, "e2")], [PUBLISHED])
    assert compaction.upsert_counts == {"blog": 2}


def test_a_delete_applies_to_its_locale_only(compacted: CompactionOf) -> None:
    french = item("entry_published", 5, locale="fr-fr")
    compaction = compacted([UNPUBLISHED, french, PUBLISHED])
    assert upserted(compaction).keys() == {("blog", "e1", "fr-fr")}
    assert deleted(compaction) == {KEY}


@pytest.mark.parametrize("kind", ["entry_unpublished", "entry_deleted"])
def test_a_delete_without_locale_applies_to_every_known_locale(
    compacted: CompactionOf, kind: str
) -> None:
    events = [
        item("entry_published", 9, locale="sv-se"),
        item(kind, 6, locale=None),
        item("entry_published", 5),
        item("entry_published", 4, "e2", "fr-fr"),
    ]
    compaction = compacted(events, known_locales=["nl-nl"])
    assert upserted(compaction).keys() == {("blog", "e1", "sv-se"), ("blog", "e2", "fr-fr")}
    assert deleted(compaction) == {("blog", "e1", each) for each in ("en-us", "fr-fr", "nl-nl")}
    assert compaction.locales == ["en-us", "fr-fr", "nl-nl", "sv-se"]


def test_a_deleted_asset_does_not_delete_an_entry_of_the_same_uid(compacted: CompactionOf) -> None:
    compaction = compacted([item("asset_deleted", 7, "5"), item("entry_published", 5, "5")])
    assert upserted(compaction).keys() == {("blog", "5", "en-us")}
    assert deleted(compaction) == {(SYS_ASSETS, "5", "en-us")}


def test_the_same_uid_may_be_an_entry_of_two_types_and_an_asset(compacted: CompactionOf) -> None:
    other = item("entry_published", 4) | {"content_type_uid": "page"}
    compaction = compacted([PUBLISHED, other, item("asset_published", 3)])
    assert upserted(compaction).keys() == {
        KEY,
        ("page", "e1", "en-us"),
        (SYS_ASSETS, "e1", "en-us"),
    }
    assert compaction.published_types == ["blog", "page"]


@pytest.mark.parametrize("named", [None, "Blog", "", "sys_assets"])
def test_an_asset_is_recognized_by_its_event_type(
    compacted: CompactionOf, named: str | None
) -> None:
    compaction = compacted([item("asset_published", 5) | {"content_type_uid": named}])
    assert upserted(compaction).keys() == {(SYS_ASSETS, "e1", "en-us")}


def test_a_deleted_type_deletes_earlier_entries_and_keeps_later_ones(
    compacted: CompactionOf,
) -> None:
    events = [
        item("entry_published", 9, "new"),
        item("content_type_deleted", 7),
        item("entry_published", 5, "old"),
        item("entry_published", 4, "other") | {"content_type_uid": "page"},
    ]
    for arrival in (events, events[::-1]):
        compaction = compacted(arrival)
        assert upserted(compaction).keys() == {("blog", "new", "en-us"), ("page", "other", "en-us")}
        assert compaction.deleted_types == ["blog"]


def test_the_newest_deletion_of_a_type_counts(compacted: CompactionOf) -> None:
    deleted_twice = [item("content_type_deleted", minute) for minute in (8, 3)]
    compaction = compacted([deleted_twice[0], item("entry_published", 5), deleted_twice[1]])
    assert upserted(compaction) == {}


def test_a_fallback_publish_has_the_locale_it_is_published_in(
    compacted: CompactionOf,
) -> None:
    fallback = item("entry_published", 5, locale="en-gb")
    fallback["data"]["locale"] = "en-us"
    compaction = compacted([PUBLISHED, fallback])
    rows = compaction.con.sql("SELECT locale, content_locale FROM event ORDER BY locale").fetchall()
    assert rows == [("en-gb", "en-us"), ("en-us", None)]
    assert len(upserted(compaction)) == 2


def test_a_publish_without_publish_details_has_its_own_locale(
    compacted: CompactionOf,
) -> None:
    bare = item("entry_published", 5)
    bare["data"] = {"uid": "e1", "locale": "de-de"}
    assert upserted(compacted([bare])).keys() == {("blog", "e1", "de-de")}


def test_an_asset_without_locale_gets_the_locale_of_the_stream(compacted: CompactionOf) -> None:
    asset = item("asset_published", 5)
    del asset["data"]["publish_details"]
    compaction = compacted([asset], only_locale="fr-fr")
    assert upserted(compaction).keys() == {(SYS_ASSETS, "e1", "fr-fr")}


def test_instants_in_the_format_of_the_vendors_page_are_parsed(compacted: CompactionOf) -> None:
    older = item("entry_published", 1) | {"event_at": "2017-11-23T00:00:000Z"}
    newer = item("entry_deleted", 1) | {"event_at": "2017-11-23T00:01:500Z"}
    compaction = compacted([older, newer])
    assert upserted(compaction) == {}
    assert compaction.con.sql("SELECT max(epoch_ms(event_at)) FROM event").fetchone() == (
        1511395260500,
    )


def test_the_publish_time_replaces_an_unreadable_instant(
    compacted: CompactionOf,
) -> None:
    unreadable = item("entry_published", 8) | {"event_at": "soon"}
    compaction = compacted([unreadable, UNPUBLISHED])
    assert upserted(compaction) == {KEY: instant(8)}


def test_an_instant_with_an_offset_is_compared_in_utc(compacted: CompactionOf) -> None:
    earlier = item("entry_published", 5) | {"event_at": "2026-01-01T01:00:00.000+02:00"}
    assert upserted(compacted([earlier, item("entry_unpublished", 0)])) == {}


def without(event: Item, *names: str) -> Item:
    data = {name: value for name, value in event["data"].items() if name not in names}
    return event | {"data": data}


REJECTS: dict[str, list[Any]] = {
    "unknown_event_type": [
        PUBLISHED | {"type": "entry_archived"},
        PUBLISHED | {"type": None},
        {name: value for name, value in PUBLISHED.items() if name != "type"},
        "text",
        17,
        None,
        ["entry_published"],
        {},
    ],
    "invalid_event_at": [
        UNPUBLISHED | {"event_at": "soon"},
        UNPUBLISHED | {"event_at": None},
        UNPUBLISHED | {"event_at": 1767225600},
        UNPUBLISHED | {"event_at": "infinity"},
        UNPUBLISHED | {"event_at": "epoch"},
    ],
    "missing_content_type_uid": [
        PUBLISHED | {"content_type_uid": None},
        PUBLISHED | {"content_type_uid": ""},
        item("content_type_deleted", 5) | {"content_type_uid": None},
    ],
    "missing_uid": [
        without(PUBLISHED, "uid"),
        without(UNPUBLISHED, "uid"),
        PUBLISHED | {"data": None},
        PUBLISHED | {"data": "text"},
        PUBLISHED | {"data": ["uid"]},
    ],
    "missing_locale": [
        without(PUBLISHED, "publish_details"),
        without(item("asset_published", 1), "publish_details"),
    ],
}


@pytest.mark.parametrize(
    ("reason", "bad"),
    [(reason, bad) for reason, items in REJECTS.items() for bad in items],
    ids=lambda value: json.dumps(value)[:60],
)
def test_rejected_items_are_kept_with_the_reason(
    compacted: CompactionOf, reason: str, bad: object
) -> None:
    compaction = compacted([item("entry_published", 1, "good")], [PUBLISHED, bad])
    assert rejected(compaction) == [(reason, bad)]
    assert compaction.reject_count == 1
    assert len(upserted(compaction)) == 2


def test_events_are_counted_in_the_vendors_order_exact_duplicates_once(
    compacted: CompactionOf,
) -> None:
    events = [item(kind, 5) for kind in reversed(EVENT_TYPES)]
    compaction = compacted([*events, item("entry_published", 6)], events)
    assert list(compaction.event_counts.items()) == [
        (kind, 2 if kind == "entry_published" else 1) for kind in EVENT_TYPES
    ]


def test_a_pass_without_items_has_no_changes(compacted: CompactionOf) -> None:
    compaction = compacted([], known_locales=["en-us"])
    assert (upserted(compaction), deleted(compaction), compaction.event_counts) == ({}, set(), {})
    assert compaction.locales == ["en-us"]


def test_one_ascending_step_does_not_reverse_a_stream(
    compacted: CompactionOf,
) -> None:
    compaction = compacted(
        [
            item("entry_published", 1, "other"),
            item("entry_published", 2),
            item("entry_unpublished", 2),
        ]
    )
    assert set(upserted(compaction)) == {("blog", "other", "en-us"), ("blog", "e1", "en-us")}
