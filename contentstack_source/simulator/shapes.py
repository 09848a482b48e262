"""The item of an event under a behavior; by default it is sent as it was encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from contentstack_source.simulator.log import DELETE_TYPES, PUBLISHED_TYPES, Event, Item

if TYPE_CHECKING:
    from contentstack_source.simulator.behavior import Behavior


def to_served(event: Event, behavior: Behavior) -> bytes:
    """Give the item as JSON; raw items stay exactly as they were put in."""
    if event.source == "raw" or not _is_altered(event, behavior):
        return event.blob
    item: Item = orjson.loads(event.blob)
    if event.type in DELETE_TYPES:
        _alter_delete(event, behavior, item["data"])
    elif behavior.missing_publish_details:
        item["data"].pop("publish_details", None)
    if event.is_asset and behavior.asset_without_content_type_uid:
        del item["content_type_uid"]
    return orjson.dumps(item)


def _is_altered(event: Event, behavior: Behavior) -> bool:
    return (
        (event.type in DELETE_TYPES and behavior.delete_data != "uid_locale")
        or (event.type in PUBLISHED_TYPES and behavior.missing_publish_details)
        or (event.is_asset and behavior.asset_without_content_type_uid)
    )


def _alter_delete(event: Event, behavior: Behavior, data: Item) -> None:
    if behavior.delete_data == "with_title":
        data["title"] = event.title
    elif behavior.delete_data == "no_locale" and event.last_locale:
        del data["locale"]
