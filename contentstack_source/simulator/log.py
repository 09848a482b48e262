"""What editors did, in order: one `Event` for each thing the Sync API may report."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

ASSETS = "sys_assets"
"""`content_type_uid` of every asset on the wire (FACTS 2.7)."""

PUBLISHED_TYPES = frozenset({"entry_published", "asset_published"})
DELETE_TYPES = frozenset(
    {"entry_unpublished", "entry_deleted", "asset_unpublished", "asset_deleted"},
)
CONTENT_TYPE_DELETED = "content_type_deleted"
EVENT_TYPES = PUBLISHED_TYPES | DELETE_TYPES | {CONTENT_TYPE_DELETED}
"""The seven values of `type` (vendor's page)."""

Item = dict[str, Any]
Key = tuple[str, str, str]
"""(content_type_uid or `sys_assets`, uid, publish locale)."""
Source = Literal["editor", "raw", "with_content_type"]


class Event(NamedTuple):
    """One event of the log, with its item already encoded: it is sent many times, never changed."""

    position: int
    """Its place in the log, counted from 0: the later one is the newer one (FACTS 3.2)."""
    type: str
    event_at: str
    content_type_uid: str
    uid: str
    locale: str
    """The publish locale; empty for what has none."""
    blob: bytes
    """The item as JSON."""
    title: str = ""
    action: int = -1
    """Deletes of one object in several locales by one action share this number."""
    last_locale: bool = False
    """The delete left the object published in no locale at all."""
    source: Source = "editor"

    @property
    def is_asset(self) -> bool:
        """By the type, never by `content_type_uid` (FACTS T6)."""
        return self.type.startswith("asset_")

    @property
    def identity(self) -> tuple[object, ...]:
        """What the event is about; of events with one identity the latest has the state."""
        if self.source == "raw":
            return (self.position,)
        return (self.is_asset, self.content_type_uid, self.uid, self.locale)


def raw_event(position: int, item: object, blob: bytes) -> Event:
    """Place any item in the log, reading from it whatever can be read."""
    body = item if isinstance(item, dict) else {}
    data = body.get("data")
    data = data if isinstance(data, dict) else {}
    details = data.get("publish_details")
    details = details if isinstance(details, dict) else {}
    return Event(
        position,
        _text(body.get("type")),
        _text(body.get("event_at")),
        _text(body.get("content_type_uid")),
        _text(data.get("uid")),
        _text(details.get("locale") or data.get("locale")),
        blob,
        source="raw",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
