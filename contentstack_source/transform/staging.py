"""Staging: pages of a pass, read into events while others are still on their way.

The tables made here, in an in-memory DuckDB that spills to disk:

- ``received``: every item, with its data, and why it could not be understood.
- ``event``: a view of those that could.
- ``reject``: every item that could not, with the reason and the item itself.

``position`` is the arrival: leg * 10^17 + stream * 10^11 + page * 10^5 + index in the page. A leg
is the part of a pass that ends with a sync token (see `page_spool`).
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from contentstack_source.events import CONTENT_TYPE_DELETED, EVENT_TYPES, PUBLISHED, SYS_ASSETS
from contentstack_source.transform.dates import instant
from contentstack_source.transform.engine import execute, open_store

PAGE: Final = 10**5
STREAM: Final = 10**11
LEG: Final = 10**17
"""What a position is made of; 90 legs fit into a BIGINT."""

_READ_AT_ONCE: Final = 4 << 20
"""Bytes of pages that are worth a statement."""

# What a key holds is read once, as JSON or as fields: so a page is parsed for each.
_ENVELOPE: Final = (
    '{"items":[{"type":"VARCHAR","event_at":"VARCHAR","content_type_uid":"VARCHAR","data":"JSON"}]}'
)
_IDENTITY: Final = (
    '{"uid":"VARCHAR","locale":"VARCHAR","_version":"VARCHAR",'
    '"publish_details":{"locale":"VARCHAR","time":"VARCHAR"},"title":"VARCHAR","url":"VARCHAR",'
    '"created_at":"VARCHAR","updated_at":"VARCHAR"}'
)

_READ_FROM_DATA: Final = (
    "nullif(identity.locale, '') AS content_locale, identity.title, identity.url,"
    " identity.created_at, identity.updated_at, identity.publish_details.time AS published_at"
)

# The vendor's page prints instants like 2017-11-23T00:00:000Z (FACTS 2.8): minutes, then
# milliseconds. Where event_at says nothing, publish_details.time is at most 0.2 s off (FACTS 2.9).
_VENDORS_SAMPLE: Final = r"regexp_replace(event_at, '^(.{10}T\d\d:\d\d):(\d{3})Z$', '\1:00.\2Z')"

_MADE: Final = """
CREATE TABLE received (
    position BIGINT, type VARCHAR, data JSON, content_type_uid VARCHAR, uid VARCHAR,
    locale VARCHAR, event_at TIMESTAMPTZ, _version BIGINT, content_locale VARCHAR,
    title VARCHAR, url VARCHAR, created_at VARCHAR, updated_at VARCHAR, published_at VARCHAR,
    reason VARCHAR
);
CREATE VIEW event AS SELECT * EXCLUDE (reason) FROM received WHERE reason IS NULL;
CREATE TABLE reject (position BIGINT, reason VARCHAR, item VARCHAR)
"""

REJECT_REASONS: Final = {
    "unknown_event_type": f"type IS NULL OR type NOT IN {EVENT_TYPES}",
    "invalid_event_at": "event_at IS NULL",
    "missing_content_type_uid": "content_type_uid IS NULL",
    "entry_event_for_sys_assets": f"content_type_uid = '{SYS_ASSETS}' AND type NOT LIKE 'asset%'",
    "missing_uid": f"uid IS NULL AND type != '{CONTENT_TYPE_DELETED}'",
    "missing_locale": f"locale IS NULL AND type IN {PUBLISHED}",
}
"""Why an item is rejected, with the condition in SQL; the first that holds counts."""

_WHENS: Final = " ".join(f"WHEN {sql} THEN '{name}'" for name, sql in REJECT_REASONS.items())

_UNDERSTAND: Final = rf"""
INSERT INTO received
WITH page AS (
    SELECT position, from_json(body, '{_ENVELOPE}').items AS items,
        from_json(body, '{{"items":[{{"data":{_IDENTITY}}}]}}').items AS identities
    FROM arrived_page
), item AS (
    SELECT position + generate_subscripts(items, 1) AS position,
        unnest(items, recursive := true), unnest(identities).data AS identity
    FROM page
), named AS (
    SELECT position, type, data,
        CASE WHEN type LIKE 'asset%' THEN '{SYS_ASSETS}' ELSE nullif(content_type_uid, '') END
            AS content_type_uid,
        nullif(identity.uid, '') AS uid,
        coalesce(nullif(identity.publish_details.locale, ''), nullif(identity.locale, ''),
                 $only_locale) AS locale,
        coalesce(
            {instant("event_at")},
            {instant(_VENDORS_SAMPLE)},
            {instant("identity.publish_details.time")}
        ) AS event_at,
        try_cast(identity._version AS BIGINT) AS _version,
        {_READ_FROM_DATA}
    FROM item
)
SELECT *,
    CASE {_WHENS} END AS reason
FROM named
"""

_REJECT: Final = f"""
INSERT INTO reject
SELECT r.position, r.reason,
       json_extract(p.body, '$.items[' || (r.position % {PAGE} - 1) || ']')::VARCHAR
FROM received r JOIN arrived_page p ON p.position = r.position - r.position % {PAGE}
WHERE r.reason IS NOT NULL
"""

_LOAD_EVENTS: Final = f"""
INSERT INTO received
SELECT (SELECT count(*) FROM received) + row_number() OVER (), event_type, data, content_type_uid,
       uid, locale, event_at, _version, {_READ_FROM_DATA}, NULL
FROM (SELECT *, from_json(data, '{_IDENTITY}') AS identity FROM loaded_event)
"""


class Staging:
    """Takes the pages of one pass, and knows their events.

    Args:
        only_locale: the `locale` filter of the stream; it places items that name none.
        temp_folder: where DuckDB may spill.
    """

    def __init__(self, *, only_locale: str | None = None, temp_folder: Path) -> None:
        self._only_locale = only_locale
        self._temp_folder = temp_folder
        self._waiting: list[tuple[int, bytes]] = []

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB of the tables; a pass without events needs none."""
        con = open_store(self._temp_folder)
        execute(con, _MADE)
        return con

    def take(self, stream: int, number: int, body: bytes, leg: int = 0) -> None:
        """Take one page.

        Args:
            stream: which of the streams it belongs to, 0 to 999,999.
            number: its place in the leg of that stream, 1 to 999,999.
            body: a whole answer of the Sync API.
            leg: which leg of the pass it belongs to, 0 to 89; events of a later one are newer.
        """
        self._waiting.append((leg * LEG + stream * STREAM + number * PAGE, body))
        if sum(len(body) for _, body in self._waiting) >= _READ_AT_ONCE:
            self.read()

    def forget(self, stream: int) -> None:
        """Forget the pages of a stream whose pass begins again."""
        self.read()
        for table in ("received", "reject"):
            sql = f"DELETE FROM {table} WHERE position % {LEG} // {STREAM} = $stream"
            execute(self.con, sql, {"stream": stream})

    def read(self) -> None:
        """Read the pages that still wait into the tables."""
        if not self._waiting:
            return
        positions, bodies = zip(*self._waiting, strict=True)
        self._waiting = []
        pages = {"position": pa.array(positions), "body": pa.array(bodies, pa.string())}
        self.con.register("arrived_page", pa.table(pages))
        execute(self.con, _UNDERSTAND, {"only_locale": self._only_locale})
        execute(self.con, _REJECT)
        self.con.unregister("arrived_page")

    def load(self, events: pa.Table) -> None:
        """Take events that an earlier pass has understood.

        Args:
            events: `event_type`, `content_type_uid`, `uid`, `locale`, `event_at`, `_version`, and
                `data` as text.
        """
        self.con.register("loaded_event", events)
        execute(self.con, _LOAD_EVENTS)
        self.con.unregister("loaded_event")
