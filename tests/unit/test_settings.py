"""Settings: valid values, streams, and messages for invalid values."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from contentstack_source.api.client import headers_of, init_query
from contentstack_source.errors import SettingsError
from contentstack_source.settings import (
    HOSTS,
    Settings,
    parse_base_url,
    parse_settings,
    parse_start_from,
)

API_KEY = "blt00c0ffee00c0ffee"
DELIVERY_TOKEN = "cs00decade00decade00"


def parsed(**more: Any) -> Settings:
    keys = {"api_key": API_KEY, "delivery_token": DELIVERY_TOKEN, "environment": "production"}
    return parse_settings(**(keys | more))


REGIONS = {
    "cdn.contentstack.io": (None, "", "na", "NA", "us", "US", "aws-na", "aws_na", "AWS-NA", " na "),
    "eu-cdn.contentstack.com": ("eu", "EU", "aws-eu", "aws_eu"),
    "au-cdn.contentstack.com": ("au", "aws-au"),
    "azure-na-cdn.contentstack.com": ("azure-na", "azure_na", "AZURE_NA"),
    "azure-eu-cdn.contentstack.com": ("azure-eu", "azure_eu"),
    "gcp-na-cdn.contentstack.com": ("gcp-na", "gcp_na"),
    "gcp-eu-cdn.contentstack.com": ("gcp-eu", "gcp_eu"),
}


@pytest.mark.parametrize(
    ("region", "host"), [(region, host) for host, names in REGIONS.items() for region in names]
)
def test_a_region_or_alias_maps_to_its_host(region: str | None, host: str) -> None:
    assert parsed(region=region).base_url == f"https://{host}/v3"


def test_every_region_of_the_vendor_is_known() -> None:
    assert set(HOSTS.values()) == set(REGIONS)


def test_an_unknown_region_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="'mars'") as caught:
        parse_base_url(None, "mars")
    assert all(region in caught.value.hint for region in HOSTS)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8400/v3", "https://proxy.example/stack/v3/"])
def test_a_base_url_overrides_the_region(url: str) -> None:
    assert parsed(base_url=url, region="eu").base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["cdn.contentstack.io", "ftp://host/v3", "https://", "https://me:secret@host/v3", "/v3"]
)
def test_an_invalid_base_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="base_url") as caught:
        parsed(base_url=url)
    assert "secret" not in str(caught.value)


INSTANTS = [
    ("2026-01-31T00:00:00.000Z", "2026-01-31T00:00:00.000Z"),
    ("2026-01-31T08:05:56Z", "2026-01-31T08:05:56.000Z"),
    ("2026-01-31T02:00:00+02:00", "2026-01-31T00:00:00.000Z"),
    ("2026-01-31", "2026-01-31T00:00:00.000Z"),
    (date(2026, 1, 31), "2026-01-31T00:00:00.000Z"),
    (datetime(2026, 1, 31, 1, 2, 3, 4000, tzinfo=timezone.utc), "2026-01-31T01:02:03.004Z"),
    (datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=-5))), "2026-01-31T05:00:00.000Z"),
    (None, None),
    ("", None),
]


@pytest.mark.parametrize(("value", "instant"), INSTANTS)
def test_an_instant_is_sent_in_utc_to_the_millisecond(value: object, instant: str | None) -> None:
    assert parse_start_from(value) == instant


@pytest.mark.parametrize(
    "value", ["yesterday", "2026-13-01", "P1D", "2026-01-01/2026-02-01", [], 1.5]
)
def test_an_invalid_instant_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match="start_from"):
        parse_start_from(value)


@pytest.mark.parametrize("bad", ["", None, "a\nb", "kéy", "a\r\nX-Header: 1"])
@pytest.mark.parametrize("name", ["api_key", "delivery_token", "environment"])
def test_an_invalid_required_setting_is_named_but_not_shown(name: str, bad: str | None) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        parsed(**{name: bad})
    assert not bad or bad not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"partition_by": "locale"},
        {"partition_by": "content_type", "content_type_uid": "blog"},
        {"max_concurrent_requests": 0},
        {"requests_per_second": 0},
    ],
)
def test_many_streams_with_invalid_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        parsed(**settings)


def test_only_the_asset_stream_filters_by_type_with_all_event_types() -> None:
    streams = parsed(partition_by="content_type").streams(["blog", "author"])
    assert list(streams) == ["author", "blog", "sys_assets"]
    assert init_query(streams["blog"]) == {
        "init": "true",
        "environment": "production",
        "content_type_uid": "blog",
    }
    assert init_query(streams["sys_assets"])["type"] == (
        "asset_published,asset_unpublished,asset_deleted"
    )


def test_streams_filter_by_chosen_event_types_and_are_omitted_without_any() -> None:
    chosen = ["entry_published", "content_type_deleted"]
    streams = parsed(partition_by="content_type", event_types=chosen).streams(["blog"])
    assert list(streams) == ["blog"]
    assert init_query(streams["blog"])["type"] == "entry_published,content_type_deleted"
    only_assets = parsed(partition_by="content_type", event_types=["asset_published"])
    assert list(only_assets.streams(["blog"])) == ["sys_assets"]


def test_credentials_are_in_the_headers_and_nowhere_else() -> None:
    settings = parsed(branch="dev", locale="en-us", start_from="2026-01-31")
    assert headers_of(settings) == {
        "api_key": API_KEY,
        "access_token": DELIVERY_TOKEN,
        "branch": "dev",
    }
    shown = f"{settings!r} {settings!s} {settings.identity()} {init_query(settings)}"
    assert API_KEY not in shown
    assert DELIVERY_TOKEN not in shown


def test_only_the_environment_is_sent_without_filters() -> None:
    settings = parsed(branch="", content_type_uid="", locale="", event_types="")
    assert init_query(settings) == {"init": "true", "environment": "production"}
    assert "branch" not in headers_of(settings)


def test_filters_are_sent_with_the_initial_request() -> None:
    settings = parsed(
        content_type_uid="Blog",
        locale="en-gb",
        start_from="2026-01-31",
        event_types="asset_published, entry_published",
    )
    assert init_query(settings) == {
        "init": "true",
        "environment": "production",
        "content_type_uid": "Blog",
        "locale": "en-gb",
        "start_from": "2026-01-31T00:00:00.000Z",
        "type": "entry_published,asset_published",
    }


@pytest.mark.parametrize(
    "other",
    [
        {"base_url": "https://eu-cdn.contentstack.com/v3"},
        {"api_key": "blt1"},
        {"environment": "staging"},
        {"branch": "dev"},
        {"content_type_uid": "blog"},
        {"locale": "en-us"},
        {"start_from": "2026-01-31T00:00:00.000Z"},
        {"event_types": ("entry_published",)},
    ],
)
def test_every_filter_makes_another_stream(other: dict[str, Any]) -> None:
    settings = parsed()
    assert replace(settings, **other).identity() != settings.identity()


def test_a_new_token_or_the_named_default_branch_is_the_same_stream() -> None:
    identity = parsed().identity()
    assert parsed(delivery_token="cs1").identity() == identity
    assert parsed(branch="main").identity() == identity
    assert re.fullmatch("[0-9a-f]{16}", identity["stack"])
