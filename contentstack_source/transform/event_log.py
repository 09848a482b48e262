"""The log of a pass: the events received, and the items rejected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contentstack_source.schema import RowBatch
from contentstack_source.transform.compaction import Compaction
from contentstack_source.transform.row_builder import plain

_KEY: Final = ("event_type", "content_type_uid", "uid", "locale")
EVENT_ID: Final = (
    "left(md5(concat_ws(chr(31), epoch_us(event_at), _version, "
    + ", ".join(f"coalesce({name}, '')" for name in _KEY)
    + ")), 24)"
)
"""The `_dlt_id` of an event: the same event twice is one row."""


def events(compaction: Compaction) -> Iterator[RowBatch]:
    """Yield every event received, exact duplicates once (FACTS T17)."""
    types = dict.fromkeys(("_dlt_id", *_KEY), "text")
    types |= {"event_at": "timestamp", "_version": "bigint"}
    sql = f"""
        SELECT {EVENT_ID} AS _dlt_id, {", ".join(_KEY)}, event_at, _version
        FROM (SELECT DISTINCT type AS event_type, * EXCLUDE (type)
              FROM (SELECT type, content_type_uid, uid, locale, event_at, _version FROM event))
    """
    yield from plain(compaction, "sync_events", sql, types)


def rejects(compaction: Compaction) -> Iterator[RowBatch]:
    """Yield the items that could not be understood."""
    sql = "SELECT DISTINCT left(md5(concat(reason, item)), 24) AS _dlt_id, reason, item FROM reject"
    types = {"_dlt_id": "text", "reason": "text", "item": "json"}
    yield from plain(compaction, "sync_rejects", sql, types)
