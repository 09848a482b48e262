"""An in-memory stack: its content model, what is published, and the log of what editors did."""

from __future__ import annotations

import copy
import json
import secrets
from contextlib import contextmanager
from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING

import orjson

from contentstack_source.simulator import items
from contentstack_source.simulator.clock import Clock, to_wire
from contentstack_source.simulator.log import (
    ASSETS,
    CONTENT_TYPE_DELETED,
    Event,
    Item,
    Key,
    Source,
    raw_event,
)
from contentstack_source.simulator.pages import Moment
from contentstack_source.simulator.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_API_KEY = "blt3e9d41c07a5f8b26"
DEFAULT_DELIVERY_TOKEN = "cs7c1e0b94d2a86f35e7b01d29"  # noqa: S105  of the simulator only


class Stack:
    """A stack with one environment and one branch; any thread may edit while the server reads."""

    def __init__(
        self,
        *,
        api_key: str = DEFAULT_API_KEY,
        delivery_token: str = DEFAULT_DELIVERY_TOKEN,
        environment: str = "production",
        branch: str = "main",
        start: str = "2026-01-01T00:00:00.000Z",
    ) -> None:
        """Create an empty stack; `start` is the instant its clock begins at."""
        self.api_key = api_key
        self.delivery_token = delivery_token
        self.environment = environment
        self.environment_uid = "blt8b3f6d20c94e17a5"
        self.branch = branch
        self.content_types: dict[str, Item] = {}
        self.lock = RLock()
        self.tokens = Tokens()
        self.moment = Moment()
        self.clock = Clock(start)
        self.editor = items.EDITOR
        """uid of the user who writes and publishes whatever comes next."""
        self.draft = timedelta()
        """How long whatever comes next has waited since its last change."""
        self._log: list[Event] = []
        self._published: dict[Key, Event] = {}
        self._locales: dict[tuple[str, str], set[str]] = {}  # where an object is published
        self._created: dict[tuple[str, str], items.Action] = {}  # by (content_type_uid, uid)
        self._versions: dict[tuple[str, str], dict[str, int]] = {}  # by locale

    # --- the content model

    def create_content_type(
        self,
        uid: str,
        schema: list[Item],
        *,
        title: str | None = None,
        options: Item | None = None,
    ) -> None:
        """Add a content type; `schema` is the CDA's field JSON with global fields' schemas."""
        with self.lock:
            name = title or uid.replace("_", " ").capitalize()
            now = to_wire(self.clock.tick())
            model = items.content_type(uid, name, copy.deepcopy(schema), options or {}, now)
            self.content_types[uid] = model

    def change_content_type(self, uid: str, schema: list[Item]) -> None:
        """Give a content type another schema: there is no event for it (FACTS 10.10)."""
        with self.lock:
            model = self._model(uid)
            self.content_types[uid] = model | {
                "schema": copy.deepcopy(schema),
                "_version": model["_version"] + 1,
                "updated_at": to_wire(self.clock.tick()),
            }

    def delete_content_type(self, uid: str) -> None:
        """Delete a content type with its entries: one event, `data` empty (FACTS 5)."""
        with self.lock, self.clock.held():
            self._model(uid)
            del self.content_types[uid]
            for content_type_uid, entry_uid in [key for key in self._locales if key[0] == uid]:
                # Whether the service also sends an event per entry is unknown (FACTS 12.3): the log
                # has it for `Behavior.entry_deleted_with_content_type`, otherwise it is not served.
                key = (content_type_uid, entry_uid)
                self._remove("entry_deleted", key, self._where(key, None), "with_content_type")
                self._forget(key)
            at = to_wire(self.clock.tick())
            wire = items.item(CONTENT_TYPE_DELETED, at, uid, {})
            self._append(Event(len(self._log), CONTENT_TYPE_DELETED, at, uid, "", "", _json(wire)))

    # --- entries

    def publish_entry(
        self,
        content_type_uid: str,
        uid: str,
        fields: Item,
        locale: str = "en-us",
        *,
        content_locale: str | None = None,
    ) -> None:
        """Publish an entry in `locale`; `content_locale` is that of a fallback (FACTS 4.1)."""
        with self.lock:
            self._model(content_type_uid)
            key = (content_type_uid, uid, locale)
            system = self._system_data(key)
            data = items.entry_data(system, content_locale or locale, fields)
            self._publish("entry_published", key, data)

    def unpublish_entry(self, content_type_uid: str, uid: str, locale: str) -> None:
        """Unpublish an entry in one locale; nothing happens where it is not published."""
        with self.lock:
            key = (content_type_uid, uid)
            self._remove("entry_unpublished", key, self._where(key, locale))

    def delete_entry(self, content_type_uid: str, uid: str, locale: str | None = None) -> None:
        """Delete an entry in one locale, or in every locale in which it is published."""
        with self.lock:
            self._delete("entry_deleted", (content_type_uid, uid), locale)

    # --- assets

    def publish_asset(self, uid: str, fields: Item | None = None, locale: str = "en-us") -> None:
        """Publish an asset in `locale`."""
        with self.lock:
            key = (ASSETS, uid, locale)
            data = items.asset_data(self._system_data(key), self.api_key, fields or {})
            self._publish("asset_published", key, data)

    def unpublish_asset(self, uid: str, locale: str) -> None:
        """Unpublish an asset in one locale; nothing happens where it is not published."""
        with self.lock:
            self._remove("asset_unpublished", (ASSETS, uid), self._where((ASSETS, uid), locale))

    def delete_asset(self, uid: str, locale: str | None = None) -> None:
        """Delete an asset in one locale, or in every locale in which it is published."""
        with self.lock:
            self._delete("asset_deleted", (ASSETS, uid), locale)

    # --- whatever else a test may need

    def emit_raw(self, item: object) -> None:
        """Put any item in the log as it is; what is published stays as it was.

        It is served as given, never collapsed with others, and its own `event_at` places it.
        """
        with self.lock:
            self._append(raw_event(len(self._log), item, _json(item)))

    @contextmanager
    def same_instant(self) -> Iterator[None]:
        """Give every event inside one `event_at`, as a bulk publish does (FACTS 3.2)."""
        with self.clock.held():
            yield

    def new_uid(self) -> str:
        """Make a uid like the service's: `blt` and 16 hex digits."""
        return f"blt{secrets.token_hex(8)}"

    # --- what is published

    def published_entries(self) -> dict[Key, Item]:
        """Give (content_type_uid, uid, publish locale) -> the item that published it."""
        with self.lock:
            events = [event for event in self._published.values() if not event.is_asset]
        return {(e.content_type_uid, e.uid, e.locale): json.loads(e.blob) for e in events}

    def published_assets(self) -> dict[tuple[str, str], Item]:
        """Give (uid, publish locale) -> the item that published it."""
        with self.lock:
            events = [event for event in self._published.values() if event.is_asset]
        return {(e.uid, e.locale): json.loads(e.blob) for e in events}

    def published_keys(self) -> list[Key]:
        """List what is published, oldest first; assets have `sys_assets` as content type."""
        with self.lock:
            return list(self._published)

    def published_item(self, key: Key) -> Item:
        """Give one item of what is published, entry or asset."""
        with self.lock:
            found: Item = json.loads(self._published[key].blob)
            return found

    def published_events(self) -> list[Event]:
        """Give the event behind each published entry and asset."""
        with self.lock:
            return list(self._published.values())

    def events(self, since: int = 0) -> list[Event]:
        """Give the log from position `since` on, oldest first."""
        with self.lock:
            return self._log[since:]

    def position(self) -> int:
        """Count the events so far: where the next one goes."""
        return len(self._log)

    # --- within

    def _model(self, uid: str) -> Item:
        if uid not in self.content_types:
            message = f"The stack has no content type {uid!r}: create it first."
            raise ValueError(message)
        return self.content_types[uid]

    def _system_data(self, key: Key) -> Item:
        versions = self._versions.setdefault(key[:2], {})
        version = versions[key[2]] = versions.get(key[2], 0) + 1
        written = to_wire(self.clock.tick() - self.draft)
        created = self._created.setdefault(key[:2], (written, self.editor))
        updated = (max(created[0], written), self.editor)
        return items.system_data(key[1], version, created, updated)

    def _publish(self, event_type: str, key: Key, data: Item) -> None:
        moment = self.clock.tick()
        at, position = to_wire(moment), len(self._log)
        details = items.publish_details(
            self.environment_uid, key[2], moment, position % 4 * 50, self.editor
        )
        data.setdefault("publish_details", details)
        wire = items.item(event_type, at, key[0], data)
        event = Event(position, event_type, at, *key, _json(wire), str(data.get("title", "")))
        self._append(event)
        self._published.pop(key, None)  # so that the dictionary is in the order of publishing
        self._published[key] = event
        self._locales.setdefault(key[:2], set()).add(key[2])

    def _where(self, key: tuple[str, str], locale: str | None) -> list[str]:
        """List the locales, of those asked for, in which an object is published."""
        published = sorted(self._locales.get(key, ()))
        return [each for each in published if locale in (None, each)]

    def _delete(self, event_type: str, key: tuple[str, str], locale: str | None) -> None:
        locales = self._where(key, locale)
        with self.clock.held():
            self._remove(event_type, key, locales)
        if locales and key not in self._locales:
            self._forget(key)

    def _remove(
        self,
        event_type: str,
        key: tuple[str, str],
        locales: list[str],
        source: Source = "editor",
    ) -> None:
        """Take an object out of `locales` by one action, an event for each of them."""
        action = len(self._log)
        last = set(locales) == self._locales.get(key)
        for locale in locales:
            at, position = to_wire(self.clock.tick()), len(self._log)
            title = self._published.pop((*key, locale)).title
            wire = items.item(event_type, at, key[0], {"uid": key[1], "locale": locale})
            where = (*key, locale)
            blob = _json(wire)
            self._append(
                Event(position, event_type, at, *where, blob, title, action, last, source),
            )
            self._locales[key].discard(locale)
        if not self._locales.get(key):
            self._locales.pop(key, None)

    def _forget(self, key: tuple[str, str]) -> None:
        """Let an object of the same uid begin at version 1 again."""
        self._created.pop(key, None)
        self._versions.pop(key, None)

    def _append(self, event: Event) -> None:
        self._log.append(event)


def _json(value: object) -> bytes:
    try:
        # Copied, because orjson gives its whole buffer away, several times the size of the text.
        return bytes(memoryview(orjson.dumps(value)))
    except TypeError:  # an integer that takes more than 64 bits
        return json.dumps(value, ensure_ascii=False).encode()
