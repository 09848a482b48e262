"""A pass: the items of one init or sync_token call, frozen at its first request and cut in pages.

What is unknown about the service follows FACTS 14, with a switch in `Behavior` for the other way.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contentstack_source.simulator.clock import to_datetime, to_wire
from contentstack_source.simulator.log import (
    CONTENT_TYPE_DELETED,
    EVENT_TYPES,
    PUBLISHED_TYPES,
    Event,
)
from contentstack_source.simulator.pages import PAGE_SIZE, Moment, Page, Snapshot
from contentstack_source.simulator.shapes import to_served

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from contentstack_source.simulator.behavior import Behavior
    from contentstack_source.simulator.stack import Stack

COPY_DISTANCE = 150
"""How far below its original a duplicate may come: far enough to be on another page."""
NEVER = "9999"


@dataclass(frozen=True)
class Filters:
    """What an init call asked for; it sticks to every later call of the chain (FACTS 1.12)."""

    content_type_uid: str | None = None
    locale: str | None = None
    start_from: str = ""
    types: frozenset[str] | None = None
    """None: all seven kinds in deltas, only published ones in the init (FACTS 3.5)."""

    @classmethod
    def from_query(cls, query: Mapping[str, str], environment: str) -> Filters:
        """Read an init call; another environment than the token's has no items."""
        asked = query.get("environment", environment)
        types = frozenset(each.strip() for each in query.get("type", "").split(",")) - {""}
        return cls(
            query.get("content_type_uid"),
            query.get("locale"),
            _start(query.get("start_from", "")) if asked == environment else NEVER,
            types or None,
        )

    def let_through(self, event: Event) -> bool:
        """Return whether an event passes; one of no known type passes where no type is asked."""
        if self.types is not None and event.type not in self.types:
            return False
        if self.content_type_uid is not None and (
            event.is_asset or event.content_type_uid != self.content_type_uid  # FACTS 1.8
        ):
            return False
        # By the publish locale (FACTS 1.9); a deleted type concerns every locale.
        if self.locale not in (None, event.locale) and event.type != CONTENT_TYPE_DELETED:
            return False
        return self.start_from == "" or self.start_from <= event.event_at


@dataclass
class Pass:
    """A frozen snapshot, and the tokens given out for it so that every page can be repeated."""

    filters: Filters
    position: int
    """How long the log was at freezing: where the next delta begins."""
    pages: list[Page]
    total_count: int
    page_tokens: dict[int, str] = field(default_factory=dict)
    sync_token: str = ""


def initial_pass(stack: Stack, filters: Filters, behavior: Behavior) -> Pass:
    """Freeze what is published; and the history of deletes, where `type` asks for it.

    Passes of the same moment, filters and behavior have tokens of their own but share their pages.
    """
    if stack.moment.position != stack.position():
        stack.moment = Moment(stack.position())
    snapshot_key = (filters, behavior.values())
    if snapshot_key not in stack.moment.snapshots:
        stack.moment.snapshots[snapshot_key] = _published(stack, filters, behavior)
    pages, total_count = stack.moment.snapshots[snapshot_key]
    return Pass(filters, stack.position(), list(pages), total_count)


def _published(stack: Stack, filters: Filters, behavior: Behavior) -> Snapshot:
    deletes = (filters.types or frozenset()) - PUBLISHED_TYPES
    shown = PUBLISHED_TYPES if filters.types is None else filters.types
    logged = [
        event
        for event in stack.events()
        if event.type in deletes
        or (event.source == "raw" and (event.type in shown or event.type not in EVENT_TYPES))
    ]
    return _frozen(filters, behavior, stack.published_events() + logged)


def delta_pass(stack: Stack, filters: Filters, since: int, behavior: Behavior) -> Pass:
    """Freeze what happened since a checkpoint: the latest of each object, or all of it."""
    events = [event for event in stack.events(since) if filters.let_through(event)]
    if behavior.delta == "latest":
        events = list({event.identity: event for event in events}.values())
    return Pass(filters, stack.position(), *_frozen(filters, behavior, events))


def _frozen(filters: Filters, behavior: Behavior, events: list[Event]) -> Snapshot:
    seen = [event for event in events if filters.let_through(event)]
    if not behavior.entry_deleted_with_content_type:
        seen = [event for event in seen if event.source != "with_content_type"]
    if behavior.delete_data == "no_locale":
        seen = _once_an_action(seen)
    ordered = _in_order(seen, behavior)
    served = [to_served(event, behavior) for event in ordered]
    return Snapshot(_pages(served, behavior), len(served))


def _in_order(events: list[Event], behavior: Behavior) -> list[Event]:
    newest_first = sorted(events, key=lambda event: (event.event_at, event.position), reverse=True)
    if behavior.duplicate_events:
        newest_first = _with_copies(newest_first)
    if behavior.order == "oldest_first":
        return newest_first[::-1]
    return _shuffled(newest_first) if behavior.order == "shuffled" else newest_first


def _with_copies(events: list[Event]) -> list[Event]:
    rng = random.Random(len(events))
    placed = [(float(place), event) for place, event in enumerate(events)]
    placed += [(place + rng.uniform(0.1, COPY_DISTANCE), event) for place, event in placed]
    return [event for _, event in sorted(placed, key=lambda each: each[0])]


def _shuffled(newest_first: list[Event]) -> list[Event]:
    """Shuffle a pass, the same way every time, but keep equal instants as they stood."""
    waiting: dict[str, list[Event]] = {}
    for event in reversed(newest_first):
        waiting.setdefault(event.event_at, []).append(event)
    instants = [event.event_at for event in newest_first]
    random.Random(len(instants)).shuffle(instants)
    return [waiting[instant].pop() for instant in instants]


def _once_an_action(events: Iterable[Event]) -> list[Event]:
    """Keep one event of a delete in every locale: without a locale they would be the same."""
    kept: dict[tuple[bool, int], Event] = {}
    for event in events:
        whole = event.last_locale
        kept.setdefault((whole, event.action if whole else event.position), event)
    return list(kept.values())


def _pages(items: list[bytes], behavior: Behavior) -> list[Page]:
    pages = [
        Page(skip, items[skip : skip + PAGE_SIZE])
        for skip in range(0, max(len(items), 1), PAGE_SIZE)
    ]
    if behavior.empty_pages and len(pages) > 1:
        middle = (len(pages) + 1) // 2
        pages.insert(middle, Page(pages[middle].skip, []))
    return pages


def _start(text: str) -> str:
    """Bring `start_from` to the wire's form; one that is no date lets nothing pass (FACTS 14)."""
    try:
        return to_wire(to_datetime(text)) if text else ""
    except ValueError:
        return NEVER
