"""The fold: of all events of a pass, what stands at its end.

Pages come newest first (FACTS 3.1), so nothing can be decided before the pass is whole; then one
statement decides everything: per (kind, content type, uid, publish locale) the newest event wins.

The tables made here, in an in-memory DuckDB that spills to disk:

- ``event``: every event that could be understood, with its data.
- ``reject``: every item that could not, with the reason and the item itself.
- ``live``: the positions of the publishes that stand, with their keys.
- ``removal``: the keys whose row must go; the locale is always named.
- ``type_deletion``: the content types whose rows must all go.

``position`` is the arrival: page number * 1,000,000 + index in the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from contentstack_source.columns import instant
from contentstack_source.events import (
    CONTENT_TYPE_DELETED,
    EVENT_TYPES,
    PUBLISHED,
    SYS_ASSETS,
)

ROOT_ID: Final = "left(md5(concat_ws(chr(31), content_type_uid, uid, locale)), 24)"
"""The `_dlt_id` of an entry's or asset's row: the same for the same key, for ever."""

_ENVELOPE: Final = (
    '{"items":[{"type":"VARCHAR","event_at":"VARCHAR","content_type_uid":"VARCHAR","data":"JSON"}]}'
)
_IDENTITY: Final = (
    '{"uid":"VARCHAR","locale":"VARCHAR","_version":"VARCHAR",'
    '"publish_details":{"locale":"VARCHAR","time":"VARCHAR"}}'
)

_READ_ITEMS: Final = f"""
CREATE TEMP TABLE item AS
WITH page AS (
    SELECT parse_filename(filename, true)::BIGINT AS number,
           from_json(content, '{_ENVELOPE}').items AS items
    FROM read_text($pages)
), item AS (
    SELECT number * 1000000 + generate_subscripts(items, 1) AS position,
           unnest(items, recursive := true)
    FROM page
)
SELECT *, from_json(data, '{_IDENTITY}') AS identity FROM item
"""

# The vendor's page prints instants like 2017-11-23T00:00:000Z (FACTS 2.8): minutes, then
# milliseconds. Where event_at says nothing, publish_details.time is at most 0.2 s off (FACTS 2.9).
_VENDORS_SAMPLE: Final = r"regexp_replace(event_at, '^(.{10}T\d\d:\d\d):(\d{3})Z$', '\1:00.\2Z')"

_UNDERSTAND: Final = rf"""
CREATE TEMP TABLE understood AS
SELECT *,
    CASE WHEN type IS NULL OR type NOT IN {EVENT_TYPES} THEN 'unknown event type'
         WHEN event_at IS NULL THEN 'event_at is not an instant'
         WHEN content_type_uid IS NULL THEN 'no content_type_uid'
         WHEN content_type_uid = '{SYS_ASSETS}' AND type NOT LIKE 'asset%'
             THEN 'an entry event of sys_assets'
         WHEN type = '{CONTENT_TYPE_DELETED}' THEN NULL
         WHEN uid IS NULL THEN 'no uid'
         WHEN type IN {PUBLISHED} AND locale IS NULL THEN 'no locale'
    END AS reason
FROM (
    SELECT position, type, data,
        CASE WHEN type LIKE 'asset%' THEN '{SYS_ASSETS}' ELSE nullif(content_type_uid, '') END
            AS content_type_uid,
        nullif(identity.uid, '') AS uid,
        coalesce(nullif(identity.publish_details.locale, ''), nullif(identity.locale, ''),
                 $only_locale) AS locale,
        nullif(identity.locale, '') AS content_locale,
        coalesce(
            {instant("event_at")},
            {instant(_VENDORS_SAMPLE)},
            {instant("identity.publish_details.time")}
        ) AS event_at,
        try_cast(identity._version AS BIGINT) AS _version
    FROM item
)
"""

_SPLIT: Final = (
    "CREATE TEMP TABLE event AS SELECT * EXCLUDE (reason) FROM understood WHERE reason IS NULL",
    (
        "CREATE TEMP TABLE rejected AS"
        " SELECT position, reason FROM understood WHERE reason IS NOT NULL"
    ),
    "DROP TABLE item",
    "DROP TABLE understood",
)

# An exact duplicate is one event, where it came first (FACTS T17).
_DISTINCT: Final = """
CREATE TEMP TABLE arrival AS
SELECT min(position) AS position, type, content_type_uid, uid, locale, event_at
FROM event GROUP BY ALL
"""

# At equal instants a newest-first stream lists the newer event first (FACTS T2). That is how
# streams run, unless time goes up along this one nearly everywhere, and not only by chance.
_ORDER: Final = """
CREATE TEMP TABLE keyed AS
SELECT position, type, content_type_uid, uid, locale, event_at,
       CASE WHEN oldest_first THEN position ELSE -position END AS turn
FROM arrival, (
    SELECT count(*) FILTER (step > 0) > 4 * (count(*) FILTER (step < 0) + 1) AS oldest_first
    FROM (SELECT epoch_us(event_at) - lag(epoch_us(event_at)) OVER (ORDER BY position) AS step
          FROM arrival)
)
"""

_SEEN_LOCALES: Final = """
CREATE TEMP TABLE seen_locale AS
SELECT DISTINCT locale FROM keyed WHERE locale IS NOT NULL UNION SELECT unnest($known_locales)
"""

_NEWEST: Final = "ORDER BY event_at DESC, turn DESC) = 1"

_WIN: Final = (
    f"""
CREATE TEMP TABLE winner AS
SELECT * FROM keyed WHERE locale IS NOT NULL AND type <> '{CONTENT_TYPE_DELETED}'
QUALIFY row_number() OVER (PARTITION BY content_type_uid, uid, locale {_NEWEST}
""",
    f"""
CREATE TEMP TABLE type_deletion AS
SELECT * FROM keyed WHERE type = '{CONTENT_TYPE_DELETED}'
QUALIFY row_number() OVER (PARTITION BY content_type_uid {_NEWEST}
""",
    # A removal that names no locale clears all of them.
    f"""
CREATE TEMP TABLE clearing AS
SELECT * FROM keyed WHERE locale IS NULL AND type <> '{CONTENT_TYPE_DELETED}'
QUALIFY row_number() OVER (PARTITION BY content_type_uid, uid {_NEWEST}
""",
    f"""
CREATE TEMP TABLE live AS
SELECT w.position, w.content_type_uid, w.uid, w.locale
FROM winner w
LEFT JOIN type_deletion d ON d.content_type_uid = w.content_type_uid
LEFT JOIN clearing c ON c.content_type_uid = w.content_type_uid AND c.uid = w.uid
WHERE w.type IN {PUBLISHED}
  AND (d.event_at IS NULL OR (w.event_at, w.turn) > (d.event_at, d.turn))
  AND (c.event_at IS NULL OR (w.event_at, w.turn) > (c.event_at, c.turn))
""",
    f"""
CREATE TEMP TABLE removal AS
SELECT content_type_uid, uid, locale, min(type) AS type FROM (
    SELECT content_type_uid, uid, locale, type FROM winner WHERE type NOT IN {PUBLISHED}
    UNION ALL
    SELECT content_type_uid, uid, seen_locale.locale, type FROM clearing, seen_locale
) ANTI JOIN live USING (content_type_uid, uid, locale)
GROUP BY ALL
""",
)

_REJECT: Final = """
CREATE TEMP TABLE reject AS
SELECT r.reason,
       json_extract(p.content, '$.items[' || (r.position % 1000000 - 1) || ']')::VARCHAR AS item
FROM rejected r
JOIN read_text($pages) p ON parse_filename(p.filename, true)::BIGINT = r.position // 1000000
"""


class Fold:
    """The outcome of one pass, as tables in a DuckDB of its own.

    Args:
        pages: the page files of the whole pass, their names the numbers of arrival.
        known_locales: publish locales seen in earlier passes: what a removal without a locale
            has to clear.
        only_locale: the `locale` filter of the stream; it places items that name none.
        temp_folder: where DuckDB may spill.
    """

    def __init__(
        self,
        pages: Sequence[Path],
        *,
        known_locales: Iterable[str] = (),
        only_locale: str | None = None,
        temp_folder: Path,
    ) -> None:
        self.con = duckdb.connect(":memory:", config={"temp_directory": str(temp_folder)})
        self.con.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        self._fold([str(page) for page in pages], list(known_locales), only_locale)

    def close(self) -> None:
        """Forget the outcome."""
        self.con.close()

    def _fold(self, pages: list[str], known_locales: list[str], only_locale: str | None) -> None:
        run = self.con.execute
        run(_READ_ITEMS, {"pages": pages})
        run(_UNDERSTAND, {"only_locale": only_locale})
        for statement in (*_SPLIT, _DISTINCT, _ORDER):
            run(statement)
        run(_SEEN_LOCALES, {"known_locales": known_locales})
        for statement in _WIN:
            run(statement)
        if self.reject_count:
            run(_REJECT, {"pages": pages})
        else:
            run("CREATE TEMP TABLE reject (reason VARCHAR, item VARCHAR)")

    @property
    def reject_count(self) -> int:
        """Return how many items nobody can place."""
        return self._number("SELECT count(*) FROM rejected")

    @property
    def event_counts(self) -> dict[str, int]:
        """Return how many events came, by event type; an exact duplicate is one."""
        rows = self.con.execute("SELECT type, count(*) FROM arrival GROUP BY type").fetchall()
        counts = dict(rows)
        return {name: counts[name] for name in EVENT_TYPES if name in counts}

    @property
    def locales(self) -> list[str]:
        """Return every publish locale seen so far, sorted."""
        rows = self.con.execute("SELECT locale FROM seen_locale ORDER BY locale").fetchall()
        return [locale for (locale,) in rows]

    @property
    def published_types(self) -> list[str]:
        """Return the content types that have live entries in this pass, sorted."""
        return self._names("SELECT DISTINCT content_type_uid FROM live", but=SYS_ASSETS)

    @property
    def deleted_types(self) -> list[str]:
        """Return the content types deleted in this pass, sorted."""
        return self._names("SELECT content_type_uid FROM type_deletion")

    def removed_types(self, event_type: str) -> list[str]:
        """Return the content types from which `event_type` removes rows, sorted."""
        sql = "SELECT DISTINCT content_type_uid FROM removal WHERE type = ?"
        return self._names(sql, [event_type])

    def live_count(self, content_type_uid: str) -> int:
        """Return how many rows of a content type this pass puts."""
        return self._number(
            "SELECT count(*) FROM live WHERE content_type_uid = ?", content_type_uid
        )

    @property
    def entry_count(self) -> int:
        """Return how many rows of entries this pass puts."""
        return self._number(f"SELECT count(*) FROM live WHERE content_type_uid <> '{SYS_ASSETS}'")

    @property
    def removal_count(self) -> int:
        """Return how many rows this pass takes away one by one."""
        return self._number("SELECT count(*) FROM removal")

    def count_missing(self, ids: pa.Table) -> int:
        """Return how many of the rows `ids`, a table of `_dlt_id`, this pass does not put."""
        self.con.register("rows_there", ids)
        return self._number(
            f"SELECT count(*) FROM rows_there WHERE _dlt_id NOT IN (SELECT {ROOT_ID} FROM live)"
        )

    def _names(self, sql: str, values: Sequence[str] = (), but: str | None = None) -> list[str]:
        return sorted(name for (name,) in self.con.execute(sql, values).fetchall() if name != but)

    def _number(self, sql: str, *values: str) -> int:
        row = self.con.execute(sql, values).fetchone()
        return int(row[0]) if row else 0
