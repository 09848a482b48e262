"""How the oracle reads the text of a date: in plain Python, form by form."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Any

_FORM = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?"
)


def instant(text: Any) -> datetime | None:
    """Return the instant of a text, in UTC; None if it is not an instant."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[n] or 0) for n in range(1, 7))
    micros = int((found[7] or "").ljust(6, "0")[:6])
    hours, minutes = int(found[9] or 0), int(found[10] or 0)
    if hours > 23 or minutes > 59:
        return None
    offset = timezone(timedelta(hours=hours, minutes=minutes) * (-1 if found[8] == "-" else 1))
    # Python has no year 0, but such a text may be in the year 1 in UTC; the calendar is the same
    # 400 years later.
    later = 400 if year == 0 else 0
    try:
        there = datetime(year + later, month, day, hour, minute, second, micros, offset)
        instant = there.astimezone(timezone.utc)
        return instant.replace(year=instant.year - later)
    except (ValueError, OverflowError):
        return None


def day(text: Any) -> date | None:
    """Return the day of a text, as written; None if it has a time other than midnight."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None or any(int(found[n] or 0) for n in (4, 5, 6, 7)):
        return None
    if int(found[9] or 0) > 23 or int(found[10] or 0) > 59:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
