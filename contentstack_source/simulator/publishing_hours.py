"""When editors publish, and which of them: on weekdays, by day, now and then at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contentstack_source.simulator.text_generator import Dice

EDITORS = {
    "blt5a1f0c3e7d9b2468": 46,
    "blt71c9e2d4480ab35f": 27,
    "bltc06d3f918e5527ba": 18,
    "blt2e84b7f06a1dc953": 9,
}
"""uid of a user -> the share of what is published that this user writes and publishes."""
WEEKDAYS = (20, 24, 22, 20, 11, 2, 1)
"""The share of each day, Monday first."""
HOURS = (1, 0, 0, 0, 0, 1, 3, 7, 12, 16, 15, 9, 6, 10, 14, 13, 9, 6, 3, 2, 1, 1, 1, 1)
"""The share of each hour of a day, in UTC."""
DRAFTS = (60, 600, 3_600, 14_400, 86_400, 259_200, 1_209_600)
"""Seconds, at most, that content waits from its last change to its publication."""


def moments(dice: Dice, count: int, start: datetime, end: datetime) -> list[datetime]:
    """Give `count` instants between two, earliest first; towards the end there are more."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (end - midnight) / timedelta(days=1)
    found: list[datetime] = []
    while len(found) < count:
        day = midnight + timedelta(days=int(days * dice.random() ** 0.6))
        if dice.random() * max(WEEKDAYS) < WEEKDAYS[day.weekday()]:
            (hour,) = dice.choices(range(24), HOURS)
            moment = day + timedelta(hours=hour, milliseconds=dice.number(0, 3_599_999))
            found += [moment] if start <= moment <= end else []
    return sorted(found)


def an_editor(dice: Dice) -> str:
    """Give the uid of one of the editors."""
    (editor,) = dice.choices(list(EDITORS), list(EDITORS.values()))
    return editor


def a_draft(dice: Dice) -> timedelta:
    """Give how long something waited for its publication."""
    return timedelta(seconds=round(dice.random() * dice.pick(DRAFTS)))
