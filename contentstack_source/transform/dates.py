"""SQL for dates: from ISO 8601 text to an instant in UTC or to a calendar day.

Accepted is a calendar date alone, or a date, `T` and a time with hours and minutes. Seconds, their
fraction and a zone are optional; a zone is `Z` or an offset, never a name. Without a zone a time is
UTC. All other text yields NULL, so that it goes into the variant column.

The cast sees text of one form only, always with a zone: DuckDB reads text with the name of a zone,
and reads the rows after it in that zone too.
"""

from __future__ import annotations

from typing import Final

_DATE: Final = r"\d{4}-\d\d-\d\d"
_HOUR: Final = r"([01]\d|2[0-3])"  # DuckDB takes 24:00:00 for the next day
_MINUTE: Final = r"[0-5]\d"
_OFFSET: Final = f"[+-]{_HOUR}(:?{_MINUTE})?"
_SECONDS: Final = rf":{_MINUTE}([.,]\d+)?"
_ZONE: Final = f"([Zz]|{_OFFSET})"
_WITH_ZONE: Final = f"{_DATE}[Tt]{_HOUR}:{_MINUTE}({_SECONDS})?{_ZONE}"

_USUAL: Final = rf"[1-8]\d{{3}}-\d\d-\d\dT{_HOUR}:{_MINUTE}:{_MINUTE}(\.\d+)?(Z|{_OFFSET})"
"""What the cast takes as it is, far from the limits; the service writes nearly nothing else."""

_INSTANT: Final = f"{_DATE}([Tt]{_HOUR}:{_MINUTE}({_SECONDS})?{_ZONE}?)?"
_DAY: Final = rf"{_DATE}([Tt]00:00(:00([.,]0+)?)?{_ZONE}?)?"

INSTANT_WITH_ZONE: Final = f'"{_WITH_ZONE}"'
"""Pattern of a JSON string that holds a date, a time and a zone."""

_FIRST: Final = "TIMESTAMPTZ '0001-01-01 00:00:00Z'"
_LAST: Final = "TIMESTAMPTZ '9999-12-31 23:59:59.999999Z'"


def instant(text: str) -> str:
    """Return the expression for ISO text as an instant in UTC, NULL where it is none.

    An instant is within the years 1 to 9999 of UTC: neither Python nor most engines know others.
    """
    completed = _completed(text)
    is_within = (
        f"({text} BETWEEN '0001-01-02' AND '9999-12-31'"
        f" OR try_cast({completed} AS TIMESTAMPTZ) BETWEEN {_FIRST} AND {_LAST})"
    )
    return (
        f"try_cast(CASE WHEN regexp_full_match({text}, '{_USUAL}') THEN {text}"
        f" WHEN regexp_full_match({text}, '{_INSTANT}') AND {is_within} THEN {completed} END"
        " AS TIMESTAMPTZ)"
    )


def day(text: str) -> str:
    """Return the expression for ISO text as the calendar day it names, NULL where it names none.

    Text with a time names a day at midnight only. The day is the one written, in any zone.
    """
    is_day = f"regexp_full_match({text}, '{_DAY}') AND {text} >= '0001'"
    return f"try_cast(CASE WHEN {is_day} THEN left({text}, 10) END AS DATE)"


def _completed(text: str) -> str:
    """Return the expression for accepted text with seconds, a point, a zone and capital letters."""
    seconds = f"CASE WHEN substr({text}, 17, 1) = ':' THEN '' ELSE ':00' END"
    rest = f"upper(replace(substr({text}, 17), ',', '.'))"
    zone = f"CASE WHEN regexp_matches({text}, '([Zz]|[+-][0-9:]+)$', 'c') THEN '' ELSE 'Z' END"
    with_time = f"concat(left({text}, 10), 'T', substr({text}, 12, 5), {seconds}, {rest}, {zone})"
    return f"CASE WHEN length({text}) = 10 THEN {text} || 'T00:00:00Z' ELSE {with_time} END"
