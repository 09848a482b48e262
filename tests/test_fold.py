"""The fold: whatever order events come in, the newest decides what stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentstack_source.events import EVENT_TYPES, SYS_ASSETS
from contentstack_source.fold import Fold

Item = dict[str, Any]
Key = tuple[str, str, str | None]
FoldOf = Callable[..., Fold]


def instant(minute: int) -> str:
    return f"2026-01-01T00:{minute:02d}:00.000Z"


def item(event_type: str, minute: int, uid: str = "e1", locale: str | None = "en-us") -> Item:
    """Return an event; what it publishes says when."""
    data: Item = {"uid": uid, "title": instant(minute)}
    if event_type.endswith("published") and "un" not in event_type:
        data["publish_details"] = {"locale": locale, "time": instant(minute)}
    elif locale:
        data["locale"] = locale
    content_type_uid = SYS_ASSETS if event_type.startswith("asset") else "blog"
    return {
        "type": event_type,
        "event_at": instant(minute),
        "content_type_uid": content_type_uid,
        "data": {} if event_type == "content_type_deleted" else data,
    }


def live(fold: Fold) -> dict[Key, str]:
    """Return what stands, with the title it stands with."""
    sql = "SELECT content_type_uid, uid, locale, data->>'title' FROM event SEMI JOIN live USING (position)"
    return {(kind, uid, locale): title for kind, uid, locale, title in fold.con.sql(sql).fetchall()}


def removed(fold: Fold) -> set[Key]:
    return set(fold.con.sql("SELECT content_type_uid, uid, locale FROM removal").fetchall())


def rejected(fold: Fold) -> list[tuple[str, Any]]:
    rows = fold.con.sql("SELECT reason, item FROM reject ORDER BY ALL").fetchall()
    return [(reason, json.loads(text)) for reason, text in rows]


PUBLISHED = item("entry_published", 5)
UNPUBLISHED = item("entry_unpublished", 6)
STANDING: Key = ("blog", "e1", "en-us")


@pytest.mark.parametrize("turned", [False, True], ids=["newest first", "oldest first"])
def test_an_older_publish_never_overwrites_a_newer_unpublish(folded: FoldOf, turned: bool) -> None:  # noqa: FBT001
    events = [UNPUBLISHED, PUBLISHED][:: -1 if turned else 1]
    fold = folded(events)
    assert live(fold) == {}
    assert removed(fold) == {STANDING}


@pytest.mark.parametrize("turned", [False, True], ids=["newest first", "oldest first"])
def test_a_newer_publish_undoes_an_older_delete(folded: FoldOf, turned: bool) -> None:  # noqa: FBT001
    events = [item("entry_published", 7), item("entry_deleted", 6)][:: -1 if turned else 1]
    fold = folded(events)
    assert live(fold) == {STANDING: instant(7)}
    assert removed(fold) == set()


def test_the_newest_of_three_publishes_wins_across_pages(folded: FoldOf) -> None:
    pages = [[item("entry_published", minute)] for minute in (9, 5, 1)]
    assert live(folded(*pages)) == {STANDING: instant(9)}
    assert live(folded(*reversed(pages))) == {STANDING: instant(9)}


def test_pages_beyond_the_ninth_keep_their_place(folded: FoldOf) -> None:
    tied = [item("entry_unpublished", 5), *[item("entry_published", 5)] * 12]
    assert live(folded(*[[each] for each in tied])) == {}


def test_of_equal_instants_the_one_listed_first_in_a_newest_first_stream_wins(
    folded: FoldOf,
) -> None:
    newer = item("entry_published", 9, "e2")
    assert live(folded([newer, item("entry_published", 5), item("entry_deleted", 5)])).keys() == {
        STANDING,
        ("blog", "e2", "en-us"),
    }
    assert STANDING not in live(
        folded([newer, item("entry_deleted", 5), item("entry_published", 5)])
    )


def test_of_equal_instants_alone_in_a_pass_the_one_listed_first_wins(folded: FoldOf) -> None:
    assert live(folded([item("entry_published", 5), item("entry_unpublished", 5)])) != {}
    assert live(folded([item("entry_unpublished", 5), item("entry_published", 5)])) == {}


def test_of_equal_instants_the_one_listed_last_in_an_oldest_first_stream_wins(
    folded: FoldOf,
) -> None:
    older = item("entry_published", 1, "e2")
    assert STANDING in live(folded([older, item("entry_deleted", 5), item("entry_published", 5)]))
    assert STANDING not in live(
        folded([older, item("entry_published", 5), item("entry_deleted", 5)])
    )


def test_exact_duplicates_put_one_row(folded: FoldOf) -> None:
    fold = folded([PUBLISHED, item("entry_published", 4, "e2")], [PUBLISHED])
    assert fold.live_count("blog") == fold.entry_count == 2


def test_a_removal_takes_its_locale_only(folded: FoldOf) -> None:
    french = item("entry_published", 5, locale="fr-fr")
    fold = folded([UNPUBLISHED, french, PUBLISHED])
    assert live(fold).keys() == {("blog", "e1", "fr-fr")}
    assert removed(fold) == {STANDING}


@pytest.mark.parametrize("kind", ["entry_unpublished", "entry_deleted"])
def test_a_removal_without_locale_takes_every_locale_ever_seen(folded: FoldOf, kind: str) -> None:
    events = [
        item("entry_published", 9, locale="sv-se"),
        item(kind, 6, locale=None),
        item("entry_published", 5),
        item("entry_published", 4, "e2", "fr-fr"),
    ]
    fold = folded(events, known_locales=["nl-nl"])
    assert live(fold).keys() == {("blog", "e1", "sv-se"), ("blog", "e2", "fr-fr")}
    assert removed(fold) == {("blog", "e1", each) for each in ("en-us", "fr-fr", "nl-nl")}
    assert fold.locales == ["en-us", "fr-fr", "nl-nl", "sv-se"]


def test_a_deleted_asset_leaves_an_entry_of_the_same_uid_alone(folded: FoldOf) -> None:
    fold = folded([item("asset_deleted", 7, "5"), item("entry_published", 5, "5")])
    assert live(fold).keys() == {("blog", "5", "en-us")}
    assert removed(fold) == {(SYS_ASSETS, "5", "en-us")}


def test_the_same_uid_may_be_an_entry_of_two_types_and_an_asset(folded: FoldOf) -> None:
    other = item("entry_published", 4) | {"content_type_uid": "page"}
    fold = folded([PUBLISHED, other, item("asset_published", 3)])
    assert live(fold).keys() == {STANDING, ("page", "e1", "en-us"), (SYS_ASSETS, "e1", "en-us")}
    assert fold.published_types == ["blog", "page"]


@pytest.mark.parametrize("named", [None, "Blog", "", "sys_assets"])
def test_an_asset_is_known_by_its_event_type(folded: FoldOf, named: str | None) -> None:
    fold = folded([item("asset_published", 5) | {"content_type_uid": named}])
    assert live(fold).keys() == {(SYS_ASSETS, "e1", "en-us")}


def test_a_deleted_type_takes_what_was_published_before_and_leaves_what_came_after(
    folded: FoldOf,
) -> None:
    events = [
        item("entry_published", 9, "new"),
        item("content_type_deleted", 7),
        item("entry_published", 5, "old"),
        item("entry_published", 4, "other") | {"content_type_uid": "page"},
    ]
    for arrival in (events, events[::-1]):
        fold = folded(arrival)
        assert live(fold).keys() == {("blog", "new", "en-us"), ("page", "other", "en-us")}
        assert fold.deleted_types == ["blog"]


def test_the_newest_deletion_of_a_type_counts(folded: FoldOf) -> None:
    deleted_twice = [item("content_type_deleted", minute) for minute in (8, 3)]
    fold = folded([deleted_twice[0], item("entry_published", 5), deleted_twice[1]])
    assert live(fold) == {}


def test_a_fallback_publish_stands_in_the_locale_it_is_published_in(folded: FoldOf) -> None:
    fallback = item("entry_published", 5, locale="en-gb")
    fallback["data"]["locale"] = "en-us"
    fold = folded([PUBLISHED, fallback])
    rows = fold.con.sql("SELECT locale, content_locale FROM event ORDER BY locale").fetchall()
    assert rows == [("en-gb", "en-us"), ("en-us", None)]
    assert len(live(fold)) == 2


def test_a_publish_without_publish_details_stands_in_its_own_locale(folded: FoldOf) -> None:
    bare = item("entry_published", 5)
    bare["data"] = {"uid": "e1", "locale": "de-de"}
    assert live(folded([bare])).keys() == {("blog", "e1", "de-de")}


def test_the_locale_of_the_stream_places_an_asset_that_names_none(folded: FoldOf) -> None:
    asset = item("asset_published", 5)
    del asset["data"]["publish_details"]
    fold = folded([asset], only_locale="fr-fr")
    assert live(fold).keys() == {(SYS_ASSETS, "e1", "fr-fr")}


def test_instants_as_the_vendors_page_prints_them_are_understood(folded: FoldOf) -> None:
    older = item("entry_published", 1) | {"event_at": "2017-11-23T00:00:000Z"}
    newer = item("entry_deleted", 1) | {"event_at": "2017-11-23T00:01:500Z"}
    fold = folded([older, newer])
    assert live(fold) == {}
    assert fold.con.sql("SELECT max(epoch_ms(event_at)) FROM event").fetchone() == (1511395260500,)


def test_the_time_of_publishing_stands_in_for_an_unreadable_instant(folded: FoldOf) -> None:
    unreadable = item("entry_published", 8) | {"event_at": "soon"}
    fold = folded([unreadable, UNPUBLISHED])
    assert live(fold) == {STANDING: instant(8)}


def test_an_instant_with_an_offset_is_compared_in_utc(folded: FoldOf) -> None:
    earlier = item("entry_published", 5) | {"event_at": "2026-01-01T01:00:00.000+02:00"}
    assert live(folded([earlier, item("entry_unpublished", 0)])) == {}


def without(event: Item, *names: str) -> Item:
    data = {name: value for name, value in event["data"].items() if name not in names}
    return event | {"data": data}


REJECTS = {
    "unknown event type": [
        PUBLISHED | {"type": "entry_archived"},
        PUBLISHED | {"type": None},
        {name: value for name, value in PUBLISHED.items() if name != "type"},
        "text",
        17,
        None,
        ["entry_published"],
        {},
    ],
    "event_at is not an instant": [
        UNPUBLISHED | {"event_at": "soon"},
        UNPUBLISHED | {"event_at": None},
        UNPUBLISHED | {"event_at": 1767225600},
    ],
    "no content_type_uid": [
        PUBLISHED | {"content_type_uid": None},
        PUBLISHED | {"content_type_uid": ""},
        item("content_type_deleted", 5) | {"content_type_uid": None},
    ],
    "no uid": [
        without(PUBLISHED, "uid"),
        without(UNPUBLISHED, "uid"),
        PUBLISHED | {"data": None},
        PUBLISHED | {"data": "text"},
        PUBLISHED | {"data": ["uid"]},
    ],
    "no locale": [
        without(PUBLISHED, "publish_details"),
        without(item("asset_published", 1), "publish_details"),
    ],
}


@pytest.mark.parametrize(
    ("reason", "bad"),
    [(reason, bad) for reason, items in REJECTS.items() for bad in items],
    ids=lambda value: json.dumps(value)[:60],
)
def test_what_cannot_be_placed_is_kept_with_the_reason(
    folded: FoldOf, reason: str, bad: object
) -> None:
    fold = folded([item("entry_published", 1, "good")], [PUBLISHED, bad])
    assert rejected(fold) == [(reason, bad)]
    assert fold.reject_count == 1
    assert len(live(fold)) == 2


def test_events_are_counted_in_the_vendors_order(folded: FoldOf) -> None:
    fold = folded([item(kind, 5) for kind in reversed(EVENT_TYPES)] + [PUBLISHED])
    assert list(fold.event_counts.items()) == [
        (kind, 2 if kind == "entry_published" else 1) for kind in EVENT_TYPES
    ]


def test_a_pass_without_items_is_a_pass_without_changes(folded: FoldOf) -> None:
    fold = folded([], known_locales=["en-us"])
    assert (live(fold), removed(fold), fold.event_counts) == ({}, set(), {})
    assert fold.locales == ["en-us"]


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
    """Return what stands after a history, as an editor would see it happen."""
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


@settings(max_examples=40, deadline=None)
@given(history=histories(), page_size=st.integers(1, 12), oldest_first=st.booleans())
def test_what_stands_is_what_editors_left_whichever_way_pages_come(
    folded: FoldOf,
    history: list[Item],
    page_size: int,
    oldest_first: bool,  # noqa: FBT001
) -> None:
    # Of one instant alone nobody can tell which way the stream runs: it is the way recorded.
    one_instant = len({event["event_at"] for event in history}) == 1
    arrival = history if oldest_first and not one_instant else history[::-1]
    pages = [arrival[start : start + page_size] for start in range(0, len(arrival), page_size)]
    fold = folded(*pages)
    expected = outcome(history)
    assert live(fold) == expected
    assert not removed(fold) & expected.keys()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_stands_is_what_editors_left_however_pages_are_shuffled(
    folded: FoldOf, data: st.DataObject
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
    assert live(folded(arrival[:4], arrival[4:])) == outcome(history)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_copies_of_events_change_nothing(folded: FoldOf, data: st.DataObject) -> None:
    arrival = data.draw(histories())[::-1]
    with_copies = list(arrival)
    for number, event in enumerate(arrival):
        place = data.draw(st.integers(with_copies.index(event) + 1, len(with_copies)))
        if data.draw(st.booleans()) or number == 0:
            with_copies.insert(place, event)
    assert live(folded(with_copies)) == live(folded(arrival))
