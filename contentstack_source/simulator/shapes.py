"""How an event's item looks under the weather; in fair weather it is sent as it was encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from contentstack_source.simulator.log import PUBLISHED_TYPES, REMOVAL_TYPES, Event, Item

if TYPE_CHECKING:
    from contentstack_source.simulator.behavior import Weather


def to_served(event: Event, weather: Weather) -> bytes:
    """Give the item as JSON; raw items stay exactly as they were put in."""
    if event.source == "raw" or not _is_reshaped(event, weather):
        return event.blob
    item: Item = orjson.loads(event.blob)
    if event.type in REMOVAL_TYPES:
        _reshape_removal(event, weather, item["data"])
    elif weather.missing_publish_details:
        item["data"].pop("publish_details", None)
    if event.is_asset and weather.asset_without_content_type_uid:
        del item["content_type_uid"]
    return orjson.dumps(item)


def _is_reshaped(event: Event, weather: Weather) -> bool:
    return (
        (event.type in REMOVAL_TYPES and weather.removal_data != "uid_locale")
        or (event.type in PUBLISHED_TYPES and weather.missing_publish_details)
        or (event.is_asset and weather.asset_without_content_type_uid)
    )


def _reshape_removal(event: Event, weather: Weather, data: Item) -> None:
    if weather.removal_data == "with_title":
        data["title"] = event.title
    elif weather.removal_data == "no_locale" and event.last_locale:
        del data["locale"]
