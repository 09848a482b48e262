"""Compaction: of all events of a pass, what counts at its end.

Pages come newest first (FACTS 3.1), so nothing can be decided before the pass is whole; then one
statement decides everything: per (kind, content type, uid, publish locale) the newest event wins.

The tables made here, beside those of staging:

- ``upserts``: the positions of the publishes that count, with their keys.
- ``deletes``: the keys whose row must be deleted; the locale is always named.
- ``type_deletion``: the content types whose rows must all go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Final

import duckdb
import pyarrow as pa

from contentstack_source.events import (
    CONTENT_TYPE_DELETED,
    EVENT_TYPES,
    PUBLISHED,
    SYS_ASSETS,
)
from contentstack_source.transform.engine import execute
from contentstack_source.transform.staging import LEG, STREAM

ROOT_ID: Final = "left(md5(concat_ws(chr(31), content_type_uid, uid, locale)), 24)"
"""The `_dlt_id` of an entry's or asset's row: the same for the same key, for ever."""

# An exact duplicate is one event, where it came first in the last leg that has it (FACTS T17):
# what a later leg repeats is newer than all of an earlier one.
_DISTINCT: Final = f"""
CREATE TABLE arrival AS
SELECT (place % {LEG}) + (90 - place // {LEG}) * {LEG} AS position,
       type, content_type_uid, uid, locale, event_at
FROM (
    SELECT min(position % {LEG} + (90 - position // {LEG}) * {LEG}) AS place,
           type, content_type_uid, uid, locale, event_at
    FROM event GROUP BY ALL
)
"""

# At equal instants an event of a later leg is newer, and within a leg a newest-first stream lists
# the newer event first (FACTS T2). That is how streams run, unless time goes up along this one
# nearly everywhere, and not only by chance.
_ORDER: Final = f"""
CREATE TABLE keyed AS
SELECT position, type, content_type_uid, uid, locale, event_at,
       position // {LEG} * {LEG}
           + CASE WHEN oldest_first THEN position % {LEG} ELSE {LEG - 1} - position % {LEG} END
           AS sequence
FROM arrival, (
    SELECT count(*) FILTER (step > 0) > 4 * (count(*) FILTER (step < 0) + 1) AS oldest_first
    FROM (SELECT epoch_us(event_at) - lag(epoch_us(event_at)) OVER
                 (PARTITION BY position // {STREAM} ORDER BY position) AS step
          FROM arrival)
)
"""

_SEEN_LOCALES: Final = """
CREATE TABLE seen_locale AS
SELECT DISTINCT locale FROM keyed WHERE locale IS NOT NULL UNION SELECT unnest($known_locales)
"""

_NEWEST: Final = "ORDER BY event_at DESC, sequence DESC) = 1"

_WIN: Final = (
    f"""
CREATE TABLE winner AS
SELECT * FROM keyed WHERE locale IS NOT NULL AND type <> '{CONTENT_TYPE_DELETED}'
QUALIFY row_number() OVER (PARTITION BY content_type_uid, uid, locale {_NEWEST}
""",
    f"""
CREATE TABLE type_deletion AS
SELECT * FROM keyed WHERE type = '{CONTENT_TYPE_DELETED}'
QUALIFY row_number() OVER (PARTITION BY content_type_uid {_NEWEST}
""",
    # A delete that names no locale clears all of them.
    f"""
CREATE TABLE clearing AS
SELECT * FROM keyed WHERE locale IS NULL AND type <> '{CONTENT_TYPE_DELETED}'
QUALIFY row_number() OVER (PARTITION BY content_type_uid, uid {_NEWEST}
""",
    f"""
CREATE TABLE upserts AS
SELECT w.position, w.content_type_uid, w.uid, w.locale
FROM winner w
LEFT JOIN type_deletion d ON d.content_type_uid = w.content_type_uid
LEFT JOIN clearing c ON c.content_type_uid = w.content_type_uid AND c.uid = w.uid
WHERE w.type IN {PUBLISHED}
  AND (d.event_at IS NULL OR (w.event_at, w.sequence) > (d.event_at, d.sequence))
  AND (c.event_at IS NULL OR (w.event_at, w.sequence) > (c.event_at, c.sequence))
""",
    f"""
CREATE TABLE deletes AS
SELECT content_type_uid, uid, locale, min(type) AS type FROM (
    SELECT content_type_uid, uid, locale, type FROM winner WHERE type NOT IN {PUBLISHED}
    UNION ALL
    SELECT content_type_uid, uid, seen_locale.locale, type FROM clearing, seen_locale
) ANTI JOIN upserts USING (content_type_uid, uid, locale)
GROUP BY ALL
""",
)


class Compaction:
    """The outcome of one pass, as tables in the DuckDB of its staging.

    Args:
        con: where staging has read all pages into `event` and `reject`.
        known_locales: publish locales seen in earlier passes: what a delete without a locale
            has to clear.

    Attributes:
        standing_types: the content types, and `sys_assets`, that have an upsert.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, known_locales: Iterable[str] = ()) -> None:
        self.con = con
        for statement in (_DISTINCT, _ORDER):
            execute(con, statement)
        execute(con, _SEEN_LOCALES, {"known_locales": list(known_locales)})
        for statement in _WIN:
            execute(con, statement)
        # Before rows are added whose entries are gone (see `soft_deletes`).
        self.standing_types = self._names("SELECT DISTINCT content_type_uid FROM upserts")

    @property
    def reject_count(self) -> int:
        """Return how many items were rejected."""
        return self._number("SELECT count(*) FROM reject")

    @property
    def event_counts(self) -> dict[str, int]:
        """Return how many events came, by event type; an exact duplicate is one."""
        rows = self.con.execute("SELECT type, count(*) FROM arrival GROUP BY type").fetchall()
        counts = dict(rows)
        return {name: counts[name] for name in EVENT_TYPES if name in counts}

    @property
    def newest_event_at(self) -> datetime | None:
        """Return the instant of the newest event, in UTC; None if no event came."""
        row = self.con.execute("SELECT epoch_us(max(event_at)) FROM arrival").fetchone()
        if row is None or row[0] is None:
            return None
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=row[0])

    @property
    def locales(self) -> list[str]:
        """Return every publish locale seen so far, sorted."""
        rows = self.con.execute("SELECT locale FROM seen_locale ORDER BY locale").fetchall()
        return [locale for (locale,) in rows]

    @cached_property
    def upsert_counts(self) -> dict[str, int]:
        """How many rows this pass upserts, by content type; assets under `sys_assets`."""
        sql = "SELECT content_type_uid, count(*) FROM upserts GROUP BY ALL ORDER BY ALL"
        return dict(self.con.execute(sql).fetchall())

    @property
    def published_types(self) -> list[str]:
        """Return the content types with upserted entries in this pass, sorted."""
        return [uid for uid in self.upsert_counts if uid != SYS_ASSETS]

    @property
    def deleted_types(self) -> list[str]:
        """Return the content types deleted in this pass, sorted."""
        return self._names("SELECT content_type_uid FROM type_deletion")

    def types_with_deletes(self, event_type: str) -> list[str]:
        """Return the content types whose rows `event_type` deletes, sorted."""
        sql = "SELECT DISTINCT content_type_uid FROM deletes WHERE type = ?"
        return self._names(sql, [event_type])

    @property
    def delete_count(self) -> int:
        """Return how many rows this pass deletes one by one."""
        return self._number("SELECT count(*) FROM deletes")

    def count_missing(self, ids: pa.Table) -> int:
        """Return how many of the rows `ids`, a table of `_dlt_id`, this pass does not upsert."""
        self.con.register("rows_there", ids)
        return self._number(
            f"SELECT count(*) FROM rows_there WHERE _dlt_id NOT IN (SELECT {ROOT_ID} FROM upserts)"
        )

    def _names(self, sql: str, values: Sequence[str] = ()) -> list[str]:
        return sorted(name for (name,) in self.con.execute(sql, values).fetchall())

    def _number(self, sql: str) -> int:
        row = self.con.execute(sql).fetchone()
        return int(row[0]) if row else 0
