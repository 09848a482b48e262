"""Fallback locales as the setting has them, and the chains they make."""

from __future__ import annotations

from typing import Final

FALLBACK: Final = "de-at=de-de, de-de=en-us, fr-fr=en-us"
CHAINS: Final = {
    "de-at": ["de-at", "de-de", "en-us"],
    "de-de": ["de-de", "en-us"],
    "en-us": ["en-us"],
    "fr-fr": ["fr-fr", "en-us"],
}
