"""The settings: which stack, where, and which part of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

import pendulum

from contentstack_source.errors import SettingsError
from contentstack_source.events import (
    ASSET_EVENTS,
    CONTENT_TYPE_DELETED,
    EVENT_TYPES,
    SYS_ASSETS,
    parse_event_types,
)

HOSTS: Final = {
    "na": "cdn.contentstack.io",
    "eu": "eu-cdn.contentstack.com",
    "au": "au-cdn.contentstack.com",
    "azure-na": "azure-na-cdn.contentstack.com",
    "azure-eu": "azure-eu-cdn.contentstack.com",
    "gcp-na": "gcp-na-cdn.contentstack.com",
    "gcp-eu": "gcp-eu-cdn.contentstack.com",
}
"""Region to delivery host (FACTS 11)."""

BY_CONTENT_TYPE: Final = "content_type"
"""The one way to part a stack into streams."""

WHOLE: Final = "all"
"""Name of the stream of a stack that is not parted."""

HARD: Final = "hard"
SOFT: Final = "soft"
"""What happens to the row of something unpublished or deleted: deleted, or soft-deleted."""

MASTER_LOCALE: Final = "en-us"
"""The vendor's own default."""

HISTORY: Final = "entry_history"
"""The resource, and the table, of every event ever received."""

TABLE_LAYOUT: Final = 2
"""Raised when a new version makes other columns or rows of the same content.

Since 2: `_block_uid`, and assets named by text in `entry_references`.
"""

_ALIASES: Final = {"us": "na", "aws-na": "na", "aws-eu": "eu", "aws-au": "au"}


@dataclass(frozen=True)
class Settings:
    """One stream: a stack, an environment, and the filters frozen into its tokens.

    Attributes:
        api_key: key of the stack.
        delivery_token: token of the environment; sent as the header `access_token`.
        environment: name of the publishing environment, not its uid (FACTS 1.4).
        base_url: up to and including the version, without a slash at its end.
        branch: branch of the stack; None is the vendor's default, `main`.
        content_type_uid: only entries of this type (FACTS 1.8: one, and no assets then).
        locale: only this publish locale (FACTS 1.9).
        start_from: only what was published since, ISO 8601 in UTC.
        event_types: those that are loaded, in the vendor's order.
        partition_by: `content_type` gives each of them a stream of its own; None is one stream.
        max_concurrent_requests: requests under way at a time, where there are many streams.
        requests_per_second: requests started in any second, where there are many streams.
        max_deleted_share: the part of all rows, 0 to 1, that a resync may delete.
        entry_references: whether `entry_references` is kept.
        rich_text: whether rich text has columns of text and Markdown beside it.
        history: whether every event is kept, with what it published.
        locale_fallback: locale to the one that is shown where an entry is not published in it.
        master_locale: the locale that others are translated from.
        deletes: `hard` deletes rows; `soft` keeps them, with `deleted_at` and `deleted_by`.
    """

    api_key: str
    delivery_token: str
    environment: str
    base_url: str
    branch: str | None = None
    content_type_uid: str | None = None
    locale: str | None = None
    start_from: str | None = None
    event_types: tuple[str, ...] = EVENT_TYPES
    partition_by: str | None = None
    max_concurrent_requests: int = 16
    requests_per_second: int = 80
    max_deleted_share: float = 0.5
    entry_references: bool = True
    rich_text: bool = False
    history: bool = False
    deletes: str = HARD
    locale_fallback: Mapping[str, str] = field(default_factory=dict)
    master_locale: str = MASTER_LOCALE

    def __repr__(self) -> str:
        """Name the stream without its secrets."""
        return f"Settings({self.identity()!r})"

    def secrets(self) -> tuple[str, str]:
        """Return what must never be shown."""
        return self.api_key, self.delivery_token

    def keepers(self) -> tuple[str, ...]:
        """Return the resources that keep the sync tokens: all that would miss an event."""
        return (*self.event_types, HISTORY) if self.history else self.event_types

    def streams(self, content_type_uids: Iterable[str]) -> dict[str, Settings]:
        """Return the streams the stack is read by: one, or one per content type and one of assets.

        Args:
            content_type_uids: of the stack; one stream needs none.
        """
        if self.partition_by is None:
            return {WHOLE: self}
        of_assets = tuple(each for each in self.event_types if each in ASSET_EVENTS)
        of_entries = tuple(each for each in self.event_types if each not in ASSET_EVENTS)
        if self.event_types == EVENT_TYPES:
            of_entries = EVENT_TYPES  # so that the service is not asked for long ago
        streams = {}
        if set(of_entries) - {CONTENT_TYPE_DELETED}:
            for uid in sorted(content_type_uids):
                streams[uid] = replace(self, content_type_uid=uid, event_types=of_entries)
        if of_assets:
            streams[SYS_ASSETS] = replace(self, event_types=of_assets)
        return streams

    def identity(self) -> dict[str, str]:
        """Return what makes this stream another one than its neighbour (FACTS T21).

        Holds a digest of the API key, never the key.
        """
        parts = {
            "host": self.base_url,
            "stack": hashlib.sha256(self.api_key.encode()).hexdigest()[:16],
            "environment": self.environment,
            "branch": self.branch or "main",
            "content_type_uid": self.content_type_uid,
            "locale": self.locale,
            "start_from": self.start_from,
            "event_types": ",".join(self.event_types),
            "partition_by": self.partition_by,
        }
        return {name: value for name, value in parts.items() if value is not None}

    def table_options(self) -> dict[str, int]:
        """Return what decides which tables and columns content becomes.

        The stream stays the same when these change, but what is loaded already lacks them.
        """
        settings = {"entry_references": self.entry_references, "rich_text": self.rich_text}
        return {**settings, "table_layout": TABLE_LAYOUT}


def parse_base_url(base_url: str | None, region: str | None) -> str:
    """Return where to send requests: `base_url` if given, else the host of `region`.

    Raises:
        SettingsError: an unknown region, or a base_url that is not http(s).
    """
    if base_url:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.username:
            message = "base_url is not an http or https address without user and password"
            raise SettingsError(message, "Write it like https://cdn.contentstack.io/v3.")
        return base_url.rstrip("/")
    name = (region or "na").strip().lower().replace("_", "-")
    name = _ALIASES.get(name, name)
    if name not in HOSTS:
        message = f"region {region!r} is not one of Contentstack's"
        raise SettingsError(message, f"Choose from: {', '.join(HOSTS)}.")
    return f"https://{HOSTS[name]}/v3"


def parse_start_from(value: object) -> str | None:
    """Return the instant as the service takes it (FACTS 1.6), None if there is none.

    Accepts ISO text, a date and a datetime (TOML has both).

    Raises:
        SettingsError: not an instant.
    """
    if value is None or value == "":
        return None
    try:
        instant = pendulum.parse(str(value), tz="UTC")
    except ValueError:
        instant = None
    if not isinstance(instant, pendulum.DateTime):
        message = f"start_from {str(value)!r} is not an instant"
        raise SettingsError(message, "Write it like 2026-01-31T00:00:00.000Z.")
    return instant.in_timezone("UTC").format("YYYY-MM-DD[T]HH:mm:ss.SSS[Z]")


def parse_locale_fallback(value: object) -> dict[str, str]:
    """Return which locale falls back to which, empty if none does.

    Accepts a mapping, and text as an environment variable has it: `de-at=de-de, de-de=en-us`.

    Raises:
        SettingsError: not pairs of locales, or they lead back to where they began.
    """
    if isinstance(value, str):
        pairs = [each.partition("=") for each in value.split(",") if each.strip()]
        value = {locale.strip(): then.strip() for locale, _, then in pairs}
    fallback = dict(value) if isinstance(value, Mapping) else {}
    if (value and not fallback) or not all(
        isinstance(each, str) and each for pair in fallback.items() for each in pair
    ):
        message = "locale_fallback does not name pairs of locales"
        raise SettingsError(message, "Write it like de-at=de-de, de-de=en-us, or as a TOML table.")
    for locale in fallback:
        then, steps = fallback[locale], 0
        while then in fallback and steps <= len(fallback):
            then, steps = fallback[then], steps + 1
        if then in fallback:
            message = f"locale_fallback leads from {locale} back to itself"
            raise SettingsError(message, "Let each chain end, at the master locale mostly.")
    return fallback


def parse_settings(
    *,
    api_key: str,
    delivery_token: str,
    environment: str,
    region: str | None = None,
    base_url: str | None = None,
    branch: str | None = None,
    content_type_uid: str | None = None,
    locale: str | None = None,
    start_from: object = None,
    event_types: str | Iterable[str] | None = None,
    partition_by: str | None = None,
    max_concurrent_requests: int = 16,
    requests_per_second: int = 80,
    max_deleted_share: float = 0.5,
    entry_references: bool = True,
    rich_text: bool = False,
    history: bool = False,
    deletes: str = HARD,
    locale_fallback: object = None,
    master_locale: str = MASTER_LOCALE,
) -> Settings:
    """Check what the user wrote and return it as settings.

    Raises:
        SettingsError: the first setting that cannot be.
    """
    required = {
        "api_key": api_key,
        "delivery_token": delivery_token,
        "environment": environment,
    }
    for name, value in required.items():
        if not value or not str(value).isprintable() or not str(value).isascii():
            message = f"{name} is empty or has characters that no {name} has"
            raise SettingsError(message, "Copy it again from the stack's settings.")
    if partition_by and partition_by != BY_CONTENT_TYPE:
        message = f"partition_by {partition_by!r} is no way to part a stack"
        raise SettingsError(message, f"Leave it unset, or write {BY_CONTENT_TYPE!r}.")
    if partition_by and content_type_uid:
        message = (
            "partition_by and content_type_uid do not go together: one content type is one part"
        )
        raise SettingsError(message, "Leave one of them unset.")
    if max_concurrent_requests < 1 or requests_per_second < 1:
        message = "max_concurrent_requests and requests_per_second must be 1 or more"
        raise SettingsError(
            message, "The vendor allows 100 requests a second for all stacks together."
        )
    _refuse_wrong_deletes(deletes, max_deleted_share)
    return Settings(
        api_key=api_key,
        delivery_token=delivery_token,
        environment=environment,
        base_url=parse_base_url(base_url, region),
        branch=branch or None,
        content_type_uid=content_type_uid or None,
        locale=locale or None,
        start_from=parse_start_from(start_from),
        event_types=parse_event_types(event_types),
        partition_by=partition_by or None,
        max_concurrent_requests=max_concurrent_requests,
        requests_per_second=requests_per_second,
        max_deleted_share=max_deleted_share,
        entry_references=entry_references,
        rich_text=rich_text,
        history=history,
        deletes=deletes,
        locale_fallback=parse_locale_fallback(locale_fallback),
        master_locale=master_locale or MASTER_LOCALE,
    )


def parse_local_settings(
    *,
    deletes: str = HARD,
    max_deleted_share: float = 0.5,
    locale_fallback: object = None,
    master_locale: str = MASTER_LOCALE,
) -> Settings:
    """Check the settings that need no stack; all others are empty.

    Raises:
        SettingsError: the first setting that is wrong.
    """
    _refuse_wrong_deletes(deletes, max_deleted_share)
    return Settings(
        api_key="",
        delivery_token="",
        environment="",
        base_url="",
        deletes=deletes,
        max_deleted_share=max_deleted_share,
        locale_fallback=parse_locale_fallback(locale_fallback),
        master_locale=master_locale or MASTER_LOCALE,
    )


def _refuse_wrong_deletes(deletes: str, max_deleted_share: float) -> None:
    if not 0 <= max_deleted_share <= 1:
        message = f"max_deleted_share {max_deleted_share!r} is not between 0 and 1"
        raise SettingsError(message, "Write 0.5 for half of all rows, 1 for no limit.")
    if deletes not in {HARD, SOFT}:
        message = f"deletes {deletes!r} is neither {HARD!r} nor {SOFT!r}"
        raise SettingsError(message, "hard deletes rows, soft keeps them with deleted_at.")
