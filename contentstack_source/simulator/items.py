"""The bodies of events as the wire carries them (FACTS 5), and of content types (FACTS 10.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from contentstack_source.simulator.clock import to_wire

if TYPE_CHECKING:
    from contentstack_source.simulator.log import Item

EDITOR = "blt5a1f0c3e7d9b2468"
"""uid of the user who writes and publishes by default."""
Action = tuple[str, str]
"""When something was done, as on the wire, and the uid of the user who did it."""


def publish_details(
    environment_uid: str, locale: str, moment: datetime, delay: int, user: str
) -> Item:
    """Return where, when and by whom; `time` is 0 to 175 ms before the event (FACTS 2.9)."""
    return {
        "environment": environment_uid,
        "locale": locale,
        "time": to_wire(moment - timedelta(milliseconds=delay)),
        "user": user,
    }


def system_data(uid: str, version: int, created: Action, updated: Action) -> Item:
    """Give what entries and assets share (FACTS 5)."""
    return {
        "uid": uid,
        "_version": version,
        "tags": [],
        "created_at": created[0],
        "created_by": created[1],
        "updated_at": updated[0],
        "updated_by": updated[1],
    }


def entry_data(system: Item, locale: str, fields: Item) -> Item:
    """Build an entry's `data`; a field of a system key's name wins over it (FACTS 5.5)."""
    return {
        **system,
        "title": f"Entry {system['uid']}",
        "locale": locale,
        "ACL": {},
        "_in_progress": False,
        **fields,
    }


def asset_data(system: Item, api_key: str, fields: Item) -> Item:
    """Build an asset's `data`: `file_size` is text and there is no `locale` (FACTS 4.4, 5)."""
    filename = fields.get("filename", f"{system['uid']}.jpg")
    path = f"{api_key}/{system['uid']}/{system['uid'][-16:]}/{filename}"
    return {
        **system,
        "title": filename,
        "filename": filename,
        "url": f"https://images.contentstack.io/v3/assets/{path}",
        "content_type": "image/jpeg",
        "file_size": "48211",
        "dimension": {"width": 1200, "height": 800},
        "is_dir": False,
        **fields,
    }


def item(event_type: str, event_at: str, content_type_uid: str, data: Item) -> Item:
    """Wrap `data` in the four keys every recorded item has (FACTS 2.5)."""
    return {
        "type": event_type,
        "event_at": event_at,
        "content_type_uid": content_type_uid,
        "data": data,
    }


def content_type(uid: str, title: str, schema: list[Item], options: Item, now: str) -> Item:
    """Build a content type of version 1 (FACTS 10.3)."""
    return {
        "uid": uid,
        "title": title,
        "description": "",
        "_version": 1,
        "created_at": now,
        "updated_at": now,
        "inbuilt_class": False,
        "maintain_revisions": True,
        "options": {"title": "title", "sub_title": [], "singleton": False, "is_page": False}
        | options,
        "last_activity": {},
        "abilities": dict.fromkeys(
            (
                "get_one_object",
                "get_all_objects",
                "create_object",
                "update_object",
                "delete_object",
                "delete_all_objects",
            ),
            True,
        ),
        "DEFAULT_ACL": {"others": {"read": False, "create": False}, "users": []},
        "SYS_ACL": {"roles": [], "others": {"read": False, "create": False}},
        "schema": schema,
    }


def without_global_field_schemas(field: Item) -> Item:
    """Serve a field as without `include_global_field_schema`, at any depth (FACTS 10.6)."""
    served: dict[str, Any] = dict(field)
    if field.get("data_type") == "global_field":
        served.pop("schema", None)
    for nested in ("schema", "blocks"):
        if nested in served:
            served[nested] = [without_global_field_schemas(each) for each in served[nested]]
    return served
