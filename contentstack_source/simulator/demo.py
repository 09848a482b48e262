"""The demo world: a small publisher's stack in three languages, the same for the same seed."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

from contentstack_source.simulator.clock import to_datetime, to_wire
from contentstack_source.simulator.demo_content import Pen
from contentstack_source.simulator.demo_models import CONTENT_TYPES
from contentstack_source.simulator.items import EDITOR
from contentstack_source.simulator.publishing_hours import a_draft, an_editor, moments
from contentstack_source.simulator.stack import Stack
from contentstack_source.simulator.text_generator import Dice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MASTER = "en-us"
OTHER_LOCALES = {"de-de": 0.5, "fr-fr": 0.3}
"""How likely an entry is published there too."""
FALLBACK = 0.25
"""How likely such a publish shows the master's content (FACTS 4.1)."""
SHARES = {"author": 5, "page": 15, "product": 40, "blog_post": 30, "event": 10}
ASSETS = 0.1
"""The part of all that is published which is assets."""
FORGOTTEN = 8
"""Of so many assets the last is never used."""
YEARS = timedelta(days=548)
"""How long the stack has been there."""
MIGRATION = timedelta(days=20)
"""How long at first only assets were published."""
BATCH = 10
"""Objects of one bulk publish, sharing their event_at (FACTS 3.2)."""


def demo_stack(entries: int = 3000, *, seed: int = 7, until: str = "2026-01-01") -> Stack:
    """Build a stack with `entries` published (uid, locale) pairs, a tenth of them assets.

    They were published in `YEARS` before `until`, the assets first.
    """
    end = to_datetime(until)
    start = end - YEARS
    stack = Stack(start=to_wire(start))
    pen, assets = Pen(Dice(seed)), round(entries * ASSETS)
    for uid, schema in CONTENT_TYPES.items():
        stack.create_content_type(uid, schema(), options=_options(uid))
    launch = start + MIGRATION
    dice = Dice(seed)
    _fill(stack, _publish_asset(stack, pen), dice, moments(dice, assets, start, launch))
    _fill(stack, _publish_entry(stack, pen), dice, moments(dice, entries - assets, launch, end))
    stack.editor, stack.draft = EDITOR, timedelta()
    stack.clock.advance_to(end)
    return stack


def _options(uid: str) -> dict[str, object]:
    """Return which content types are pages with an address of their own."""
    paged = uid in {"author", "page", "blog_post"}
    return {"is_page": paged} | ({"url_pattern": "/:title", "url_prefix": "/"} if paged else {})


def _fill(stack: Stack, publishes: Iterator[None], dice: Dice, when: list[datetime]) -> None:
    """Publish once for each of the instants; every third batch at once."""
    for first in range(0, len(when), BATCH):
        batch = when[first : first + BATCH]
        if first // BATCH % 3:
            for moment in batch:
                _hand_over(stack, dice, moment)
                next(publishes)
            continue
        _hand_over(stack, dice, batch[0])
        with stack.same_instant():
            for _ in batch:
                next(publishes)


def _hand_over(stack: Stack, dice: Dice, moment: datetime) -> None:
    """Let one of the editors publish at `moment` what has waited for a while."""
    stack.clock.advance_to(moment)
    stack.editor, stack.draft = an_editor(dice), a_draft(dice)


def _publish_asset(stack: Stack, pen: Pen) -> Iterator[None]:
    """Publish assets for ever, a few of them in a second locale (FACTS 4.4)."""
    number = itertools.count(1)
    while True:
        uid, described = pen.new_uid(), pen.asset()
        if next(number) % FORGOTTEN:
            pen.assets.append(uid)
        for locale in (MASTER, *_other_locales(pen.dice, 0.3)):
            stack.publish_asset(uid, described, locale)
            yield


def _publish_entry(stack: Stack, pen: Pen) -> Iterator[None]:
    """Publish entries for ever, in one to three locales each."""
    kinds, weights = list(SHARES), list(SHARES.values())
    while True:
        (kind,) = pen.dice.choices(kinds, weights)
        uid, content = pen.new_uid(), pen.write(kind, MASTER)
        pen.entries.setdefault(kind, []).append(uid)
        stack.publish_entry(kind, uid, content, MASTER)
        yield
        for locale in _other_locales(pen.dice, 1):
            if pen.dice.happens(FALLBACK):
                stack.publish_entry(kind, uid, content, locale, content_locale=MASTER)
            else:
                stack.publish_entry(kind, uid, pen.write(kind, locale), locale)
            yield


def _other_locales(dice: Dice, likely: float) -> list[str]:
    return [locale for locale, share in OTHER_LOCALES.items() if dice.happens(share * likely)]
