"""Chains of fallback locales."""

from __future__ import annotations

import pytest

from contentstack_source.dataset.locale_views import chain_of
from contentstack_source.errors import SettingsError
from contentstack_source.settings import parse_locale_fallback
from tests.support.fallback_locales import CHAINS, FALLBACK


def test_a_chain_is_a_locale_and_its_fallbacks() -> None:
    fallback = parse_locale_fallback(FALLBACK)
    assert {locale: chain_of(locale, fallback) for locale in CHAINS} == CHAINS


@pytest.mark.parametrize("value", [FALLBACK, parse_locale_fallback(FALLBACK)])
def test_a_fallback_is_a_table_or_text(value: object) -> None:
    assert parse_locale_fallback(value) == {"de-at": "de-de", "de-de": "en-us", "fr-fr": "en-us"}


@pytest.mark.parametrize("value", [None, "", {}, " , "])
def test_an_empty_fallback_is_none(value: object) -> None:
    assert parse_locale_fallback(value) == {}


@pytest.mark.parametrize(
    "value",
    ["de-at", "de-at=", "=en-us", ["de-at"], {"de-at": 1}, "a=a", "a=b,b=a", "x=a,a=b,b=c,c=a"],
)
def test_an_invalid_fallback_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match="locale_fallback"):
        parse_locale_fallback(value)
