"""Locale views: content by fallback locales, and missing translations, against the stack."""

from __future__ import annotations

from typing import Any

import pytest

from contentstack_source.simulator import Stack
from tests.support.fallback_locales import CHAINS, FALLBACK
from tests.support.harness import Job, MakesJob
from tests.support.small_stack import MODELS, small_stack
from tests.support.warehouses import MakesWarehouse, at


def translated_stack() -> Stack:
    stack = small_stack()
    for uid, locales in {
        "everywhere": ("en-us", "de-de", "de-at", "fr-fr"),
        "master_only": ("en-us",),
        "no_master": ("de-de",),
        "nowhere_asked": ("ja-jp",),
        "austria_only": ("de-at",),
    }.items():
        for locale in locales:
            stack.publish_entry("author", uid, {"title": f"{uid} in {locale}"}, locale)
    stack.publish_entry("author", "everywhere", {"title": "Master again"}, "en-us")
    stack.publish_entry("author", "everywhere", {"title": "Translated again"}, "fr-fr")
    return stack


def assert_localized(job: Job) -> None:
    found = job.view("localized__author", "uid, locale, published_locale, title")
    published: dict[str, dict[str, Any]] = {}
    for (content_type_uid, uid, locale), item in job.stack.published_entries().items():
        if content_type_uid == "author":
            published.setdefault(uid, {})[locale] = item["data"]["title"]
    wanted = {
        (uid, asked, nearest, titles[nearest])
        for uid, titles in published.items()
        for asked, chain in CHAINS.items()
        for nearest in [each for each in chain if each in titles][:1]
    }
    assert set(found) == wanted
    assert len(found) == len(wanted)


@pytest.mark.integration
@at("duckdb", "postgres")
def test_a_view_shows_each_entry_in_its_nearest_locale(
    make_job: MakesJob, make_warehouse: MakesWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(translated_stack(), make_warehouse, LOCALE_FALLBACK=FALLBACK, DELETES="soft")
    assert job.sync().failed_views == {}
    assert_localized(job)
    job.stack.unpublish_entry("author", "everywhere", "de-de")
    job.stack.delete_entry("author", "austria_only")
    job.stack.publish_entry("author", "master_only", {"title": "Now"}, "de-at")
    job.sync()
    assert_localized(job)
    monkeypatch.delenv("SOURCES__CONTENTSTACK__LOCALE_FALLBACK")
    job.sync()
    with pytest.raises(Exception, match="localized__author"):
        job.view("localized__author", "uid")


@at("duckdb", "postgres")
def test_the_coverage_shows_missing_and_outdated_locales(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    job = make_job(translated_stack(), make_warehouse, LOCALE_FALLBACK=FALLBACK)
    assert job.sync().failed_views == {}
    rows = job.view("locale_coverage", "uid, locale, state")
    states = {(uid, locale): state for uid, locale, state in rows}
    locales = ["en-us", "de-de", "de-at", "fr-fr", "ja-jp"]
    assert len(rows) == len(states) == 5 * len(locales)
    assert {locale: states["everywhere", locale] for locale in locales} == {
        "en-us": "master",
        "de-de": "older_than_master",
        "de-at": "older_than_master",
        "fr-fr": "up_to_date",
        "ja-jp": "missing",
    }
    assert states["no_master", "en-us"] == "missing"
    assert states["no_master", "de-de"] == "up_to_date"
    published = {key[1:] for key in job.stack.published_entries()}
    assert {key for key, state in states.items() if state != "missing"} == published


def test_the_coverage_compares_with_the_configured_master_locale(make_job: MakesJob) -> None:
    job = make_job(translated_stack(), MASTER_LOCALE="fr-fr")
    job.sync()
    found = job.view("locale_coverage", "locale, state", "uid = 'everywhere'")
    assert dict(found) == {
        "fr-fr": "master",
        "en-us": "older_than_master",
        "de-de": "older_than_master",
        "de-at": "older_than_master",
        "ja-jp": "missing",
    }


def test_no_table_has_the_name_of_a_view(make_job: MakesJob) -> None:
    """A list of a content type `localized` would have the name of a locale view."""
    schema = [{"uid": "title", "data_type": "text"}, {"uid": "published_locale"}]
    stack = translated_stack()
    stack.create_content_type("localized", [{"uid": "author", "data_type": "text"}])
    stack.change_content_type("author", [*MODELS["author"], *schema])
    stack.publish_entry("localized", "e1", {"author": ["a", "b"]}, "en-us")
    stack.publish_entry("author", "field", {"title": "T", "published_locale": "mine"}, "en-us")
    job = make_job(stack, LOCALE_FALLBACK=FALLBACK)
    assert job.sync().failed_views == {}
    columns = "published_locale, published_locale_e3f206"
    where = "uid = 'field' AND locale = 'de-at'"
    (row,) = job.view("localized__author", columns, where)
    assert row == ("mine", "en-us")
