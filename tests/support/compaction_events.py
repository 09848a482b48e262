"""Events in the service's format, and the result of compacting them."""

from __future__ import annotations

from typing import Any

from contentstack_source.events import SYS_ASSETS
from contentstack_source.transform.compaction import Compaction

Item = dict[str, Any]
Key = tuple[str, str, str | None]


def instant(minute: int) -> str:
    return f"2026-01-01T00:{minute:02d}:00.000Z"


def item(event_type: str, minute: int, uid: str = "e1", locale: str | None = "en-us") -> Item:
    """Return an event; its title is its instant."""
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


def upserted(compaction: Compaction) -> dict[Key, str]:
    """Return the upserted entries with their titles."""
    sql = """
        SELECT content_type_uid, uid, locale, data->>'title'
        FROM event SEMI JOIN upserts USING (position)
    """
    return {
        (kind, uid, locale): title
        for kind, uid, locale, title in compaction.con.sql(sql).fetchall()
    }


def deleted(compaction: Compaction) -> set[Key]:
    return set(compaction.con.sql("SELECT content_type_uid, uid, locale FROM deletes").fetchall())
