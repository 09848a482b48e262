"""History: every event ever received, the versions it tells of, and what of them still stands.

``entry_history`` is append-only. An event received again is the same row, with the pass that
brought it last; so the order of history is that in which the tables followed it: by pass, and
within a pass as the fold decides, by ``event_at``, then by turn.

What a pass from the start no longer finds was removed without an event. One row, ``read_anew``,
tells of all of it: what no pass has brought since is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

import pyarrow as pa

from contentstack_source.events import CONTENT_TYPE_DELETED, PUBLISHED, READ_ANEW
from contentstack_source.schema import RowBatch
from contentstack_source.settings import HISTORY
from contentstack_source.transform.compaction import Compaction
from contentstack_source.transform.event_log import EVENT_ID

_TYPES: Final = {
    "_dlt_id": "text",
    "event_type": "text",
    "content_type_uid": "text",
    "uid": "text",
    "locale": "text",
    "_version": "bigint",
    "event_at": "timestamp",
    "received_at": "timestamp",
    "turn": "bigint",
    "data": "json",
}

_ROWS_AT_ONCE: Final = 20_000

_RECEIVED: Final = f"""
SELECT {EVENT_ID} AS _dlt_id, *, $received_at::TIMESTAMPTZ AS received_at
FROM (SELECT type AS event_type, content_type_uid, uid, locale, event_at, _version, turn,
             CAST(data AS VARCHAR) AS data
      FROM event JOIN (SELECT position, turn FROM keyed) USING (position))
"""

_BEGUN_ANEW: Final = f"""
SELECT left(md5(concat_ws(chr(31), '{READ_ANEW}', content_type_uid, epoch_us(received_at))), 24)
           AS _dlt_id,
       '{READ_ANEW}' AS event_type, content_type_uid, received_at AS event_at, received_at,
       0::BIGINT AS turn
FROM (SELECT unnest($uids::VARCHAR[]) AS content_type_uid,
             $received_at::TIMESTAMPTZ AS received_at)
"""

_OF_A_KEY: Final = "PARTITION BY content_type_uid, uid, locale"
_IN_ORDER: Final = "ORDER BY received_at, event_at, turn"
_LATEST: Final = "ORDER BY received_at DESC, event_at DESC, turn DESC"
_AFTER: Final = """(
    e.received_at > v.received_at OR e.received_at = v.received_at AND (
        e.event_at > v.event_at OR e.event_at = v.event_at AND e.turn > v.turn))"""

# Of all that ends a version, the next event of its key comes first mostly, and costs no join.
_VERSIONS: Final = f"""
WITH own AS (
    SELECT *,
        lead(event_type) OVER ({_OF_A_KEY} {_IN_ORDER}) AS next_type,
        lead(event_at) OVER ({_OF_A_KEY} {_IN_ORDER}) AS next_at,
        lead(received_at) OVER ({_OF_A_KEY} {_IN_ORDER}) AS next_received_at,
        lead(turn) OVER ({_OF_A_KEY} {_IN_ORDER}) AS next_turn
    FROM {HISTORY}
    WHERE locale IS NOT NULL AND event_type NOT IN ('{CONTENT_TYPE_DELETED}', '{READ_ANEW}')
), v AS (
    SELECT *, row_number() OVER ({_OF_A_KEY} {_LATEST}) AS age FROM own
    WHERE event_type IN {PUBLISHED}
), ending AS (
    SELECT _dlt_id AS version_id, next_type AS ended_by, next_at AS valid_to,
           next_received_at AS received_at, next_turn AS turn
    FROM v WHERE next_at IS NOT NULL
    UNION ALL
    SELECT v._dlt_id, e.event_type, e.event_at, e.received_at, e.turn
    FROM v JOIN {HISTORY} AS e
        ON e.content_type_uid = v.content_type_uid AND e.uid = v.uid
        AND e.locale IS NULL AND e.event_type <> '{CONTENT_TYPE_DELETED}' AND {_AFTER}
    UNION ALL
    SELECT v._dlt_id, e.event_type, e.event_at, e.received_at, e.turn
    FROM v JOIN {HISTORY} AS e
        ON e.content_type_uid = v.content_type_uid AND e.event_type = '{CONTENT_TYPE_DELETED}'
        AND {_AFTER}
    UNION ALL
    SELECT v._dlt_id, e.event_type, e.event_at, e.received_at, e.turn
    FROM v JOIN {HISTORY} AS e
        ON e.event_type = '{READ_ANEW}' AND e.received_at > v.received_at
        AND (e.content_type_uid IS NULL OR e.content_type_uid = v.content_type_uid)
), numbered AS (
    SELECT version_id, ended_by, valid_to,
           row_number() OVER (PARTITION BY version_id
                              ORDER BY received_at, valid_to, turn) AS place
    FROM ending
)
"""

_ENDED: Final = "v LEFT JOIN numbered ON numbered.version_id = v._dlt_id AND numbered.place = 1"

VERSIONS: Final = f"""{_VERSIONS}
SELECT v._dlt_id, v.content_type_uid, v.uid, v.locale, v._version, v.event_at AS valid_from,
       numbered.valid_to, numbered.ended_by, v.data
FROM {_ENDED}
"""
"""In DuckDB's SQL: every version ever published, from when to when, and what ended it."""

LAST_VERSIONS: Final = f"""{_VERSIONS}
SELECT v.content_type_uid, v.uid, v.locale, v._version, v.event_type, v.event_at,
       numbered.valid_to, numbered.ended_by, CAST(v.data AS VARCHAR) AS data
FROM {_ENDED}
WHERE v.age = 1
"""
"""In DuckDB's SQL: of every entry and asset the version published last, ended or not."""


def history_rows(
    fold: Compaction, received_at: datetime, replaced: Collection[str] | None
) -> Iterator[RowBatch]:
    """Yield the rows that a pass adds to the history.

    Args:
        fold: of the pass.
        received_at: the moment of the pass, later than that of any pass before.
        replaced: content types that the pass brings whole; None if it brings all there is.
    """
    uids = [None] if replaced is None else sorted(replaced)
    with fold.con.cursor() as con:
        begun = con.execute(_BEGUN_ANEW, {"uids": uids, "received_at": received_at})
        yield from _rows(begun.to_arrow_table())
        # No `data` is held twice: a stack's may be as large as memory.
        con.execute(_RECEIVED, {"received_at": received_at})
        for batch in con.to_arrow_reader(_ROWS_AT_ONCE):
            yield from _rows(pa.Table.from_batches([batch]))


def _rows(data: pa.Table) -> Iterator[RowBatch]:
    if data.num_rows:
        yield RowBatch(HISTORY, data, _TYPES)
