"""Short, readable sentences in three languages, for content that looks like content."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Language(NamedTuple):
    """What a sentence of a language is made of."""

    subjects: tuple[str, ...]
    verbs: tuple[str, ...]
    places: tuple[str, ...]


LANGUAGES = {
    "en-us": Language(
        ("The carpenter", "Our gardener", "A quiet neighbour", "The night baker", "My sister"),
        ("repairs old chairs", "paints blue doors", "grows tomatoes", "collects maps", "bakes"),
        ("by the harbour", "behind the café", "in the old mill", "under the bridge", "at home"),
    ),
    "de-de": Language(
        ("Die Schreinerin", "Unser Gärtner", "Ein stiller Nachbar", "Der Bäcker", "Meine Tante"),
        ("repariert Stühle", "streicht Türen blau", "züchtet Tomaten", "sammelt Karten", "bäckt"),
        ("am Hafen", "hinter dem Café", "in der alten Mühle", "unter der Brücke", "zu Hause"),
    ),
    "fr-fr": Language(
        ("La menuisière", "Notre jardinier", "Un voisin discret", "Le boulanger", "Ma sœur"),
        ("répare des chaises", "peint des portes", "cultive ses tomates", "dessine", "rêve"),
        ("près du port", "derrière le café", "au vieux moulin", "sous le pont", "à la maison"),
    ),
}
THINGS = ("lamp", "table", "blanket", "vase", "bench", "kettle", "shelf", "mirror", "stool")
TRAITS = ("Quiet", "Northern", "Morning", "Paper", "Copper", "Winter", "Folding", "Sunday")
NAMES = (
    "Ada Rehn",
    "Bo Lindqvist",
    "Chloé Martin",
    "Deniz Öz",
    "Eva Novák",
    "Fumi 佐藤",
    "Gil Paz",
)
CITIES = ("Lisbon", "Graz", "Łódź", "Nantes", "Bergen", "Kyōto", "Porto Alegre")
KEYWORDS = ("craft", "home", "garden", "slow", "repair", "light", "wood", "tea", "naïve", "☕")


SENTENCES = {
    locale: tuple(" ".join(parts) + "." for parts in itertools.product(*language))
    for locale, language in LANGUAGES.items()
}
"""All sentences of the language of a locale, built once: stacks may be large."""


class Dice(random.Random):
    """Picks a little less evenly than `random.Random`, and much faster."""

    def pick(self, choices: Sequence[T]) -> T:
        """Pick one of several."""
        return choices[int(self.random() * len(choices))]

    def number(self, least: int, most: int) -> int:
        """Throw a number, both ends included."""
        return least + int(self.random() * (most - least + 1))

    def some(self, choices: Sequence[T], most: int) -> list[T]:
        """Pick none to `most` of several, each once: neighbours, from a place picked."""
        count, first = self.number(0, min(most, len(choices))), self.random() * len(choices)
        return [choices[(int(first) + step) % len(choices)] for step in range(count)]

    def happens(self, likely: float) -> bool:
        """Return whether something happens that does so with this probability."""
        return self.random() < likely


def sentence(dice: Dice, locale: str) -> str:
    """Return a sentence in the language of a locale."""
    return dice.pick(SENTENCES[locale])


def paragraph(dice: Dice, locale: str, most: int = 4) -> str:
    """Return up to `most` sentences."""
    return " ".join(sentence(dice, locale) for _ in range(dice.number(1, most)))


def thing(dice: Dice) -> str:
    """Name a thing one could buy."""
    return f"{dice.pick(TRAITS)} {dice.pick(THINGS)} {dice.number(1, 9999)}"
