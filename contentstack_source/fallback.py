"""Fallback: the locale that is shown where an entry is not published in the one asked for."""

from __future__ import annotations

from collections.abc import Mapping

from contentstack_source.errors import SettingsError


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
        what = "locale_fallback does not name pairs of locales"
        raise SettingsError(what, "Write it like de-at=de-de, de-de=en-us, or as a TOML table.")
    for locale in fallback:
        then, steps = fallback[locale], 0
        while then in fallback and steps <= len(fallback):
            then, steps = fallback[then], steps + 1
        if then in fallback:
            what = f"locale_fallback leads from {locale} round in a circle"
            raise SettingsError(what, "Let each chain end, at the master locale mostly.")
    return fallback


def chain_of(locale: str, fallback: Mapping[str, str]) -> list[str]:
    """Return a locale and those it falls back to, the nearest first."""
    chain = [locale]
    while (then := fallback.get(chain[-1])) is not None:
        chain.append(then)
    return chain
