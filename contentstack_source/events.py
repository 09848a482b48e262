"""The seven event types of the Sync API, and what each one does to a table.

Source: the vendor's page (`type` parameter) and FACTS 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contentstack_source.errors import SettingsError

ENTRY_PUBLISHED: Final = "entry_published"
ENTRY_UNPUBLISHED: Final = "entry_unpublished"
ENTRY_DELETED: Final = "entry_deleted"
ASSET_PUBLISHED: Final = "asset_published"
ASSET_UNPUBLISHED: Final = "asset_unpublished"
ASSET_DELETED: Final = "asset_deleted"
CONTENT_TYPE_DELETED: Final = "content_type_deleted"

EVENT_TYPES: Final = (
    ENTRY_PUBLISHED,
    ENTRY_UNPUBLISHED,
    ENTRY_DELETED,
    ASSET_PUBLISHED,
    ASSET_UNPUBLISHED,
    ASSET_DELETED,
    CONTENT_TYPE_DELETED,
)
"""In the vendor's order. Each is also the name of a dlt resource."""

ASSET_EVENTS: Final = (ASSET_PUBLISHED, ASSET_UNPUBLISHED, ASSET_DELETED)

PUBLISHED: Final = (ENTRY_PUBLISHED, ASSET_PUBLISHED)
"""Events that upsert a row; all others delete rows."""

FULL_SYNC: Final = "full_sync"
"""No event of the service: a full sync, which deletes what it does not find."""

SYS_ASSETS: Final = "sys_assets"
"""What the wire calls the content type of an asset (FACTS 2.7)."""


def parse_event_types(value: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the chosen event types in the vendor's order; all seven when none are named.

    Accepts a list, or the API's own comma-separated text with or without blanks (FACTS 1.7).

    Raises:
        SettingsError: a name is not an event type.
    """
    if value is None:
        return EVENT_TYPES
    names = value.strip("[]").split(",") if isinstance(value, str) else list(value)
    chosen = {str(name).strip(" \t\n\"'") for name in names} - {""}
    if unknown := sorted(chosen - set(EVENT_TYPES)):
        msg = f"event_types names {', '.join(unknown)}, which the Sync API does not have"
        raise SettingsError(msg, f"Choose from: {', '.join(EVENT_TYPES)}.")
    return tuple(name for name in EVENT_TYPES if name in chosen) or EVENT_TYPES
