"""History: every event ever received, the versions in it, and which of them still count.

``entry_history`` is append-only. An event received again is the same row, with the pass that
brought it last; so the order of history is that in which the tables followed it: by pass, and
within a pass as compaction decides, by ``event_at``, then by sequence.

What a full sync no longer finds was deleted without an event. One row, ``full_sync``, records all
of it: what no pass has brought since is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

import pyarrow as pa

from contentstack_source.events import CONTENT_TYPE_DELETED, FULL_SYNC, PUBLISHED
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
    "sequence": "bigint",
    "data": "json",
}

_ROWS_AT_ONCE: Final = 20_000

_RECEIVED: Final = f"""
SELECT {EVENT_ID} AS _dlt_id, *, $received_at::TIMESTAMPTZ AS received_at
FROM (SELECT type AS event_type, content_type_uid, uid, locale, event_at, _version, sequence,
             CAST(data AS VARCHAR) AS data
      FROM event JOIN (SELECT position, sequence FROM keyed) USING (position))
"""

_FULL_SYNC: Final = f"""
SELECT left(md5(concat_ws(chr(31), '{FULL_SYNC}', content_type_uid, epoch_us(received_at))), 24)
           AS _dlt_id,
       '{FULL_SYNC}' AS event_type, content_type_uid, received_at AS event_at, received_at,
       0::BIGINT AS sequence
FROM (SELECT unnest($uids::VARCHAR[]) AS content_type_uid,
             $received_at::TIMESTAMPTZ AS received_at)
"""

_OF_A_KEY: Final = "PARTITION BY content_type_uid, uid, locale"
_IN_ORDER: Final = "ORDER BY received_at, event_at, sequence"
_LATEST: Final = "ORDER BY received_at DESC, event_at DESC, sequence DESC"
_AFTER: Final = """(
    e.received_at > v.received_at OR e.received_at = v.received_at AND (
        e.event_at > v.event_at OR e.event_at = v.event_at AND e.sequence > v.sequence))"""

# Of all that ends a version, the next event of its key comes first mostly, and costs no join.
_VERSIONS: Final = f"""
WITH own AS (
    SELECT *,
        lead(event_type) OVER ({_OF_A_KEY} {_IN_ORDER}) AS next_type,
        lead(event_at) OVER ({_OF_A_KEY} {_IN_ORDER}) AS next_at,
        lead(received_at) OVER ({_OF_A_KEY} {_IN_ORDER}) AS next_received_at,
        lead(sequence) OVER ({_OF_A_KEY} {_IN_ORDER}) AS next_sequence
    FROM {HISTORY}
    WHERE locale IS NOT NULL AND event_type NOT IN ('{CONTENT_TYPE_DELETED}', '{FULL_SYNC}')
), v AS (
    SELECT *, row_number() OVER ({_OF_A_KEY} {_LATEST}) AS age FROM own
    WHERE event_type IN {PUBLISHED}
), ending AS (
    SELECT _dlt_id AS version_id, next_type AS ended_by, next_at AS valid_to,
           next_received_at AS received_at, next_sequence AS sequence
    FROM v WHERE next_at IS NOT NULL
    UNION ALL
    SELECT v._dlt_id, e.event_type, e.event_at, e.received_at, e.sequence
    FROM v JOIN {HISTORY} AS e
        ON e.content_type_uid = v.content_type_uid AND e.uid = v.uid
        AND e.locale IS NULL AND e.event_type <> '{CONTENT_TYPE_DELETED}' AND {_AFTER}
    UNION ALL
    SELECT v._dlt_id, e.event_type, e.event_at, e.received_at, e.sequence
    FROM v JOIN {HISTORY} AS e
        ON e.content_type_uid = v.content_type_uid AND e.event_type = '{CONTENT_TYPE_DELETED}'
        AND {_AFTER}
    UNION ALL
    SELECT v._dlt_id, e.event_type, e.event_at, e.received_at, e.sequence
    FROM v JOIN {HISTORY} AS e
        ON e.event_type = '{FULL_SYNC}' AND e.received_at > v.received_at
        AND (e.content_type_uid IS NULL OR e.content_type_uid = v.content_type_uid)
), numbered AS (
    SELECT version_id, ended_by, valid_to,
           row_number() OVER (PARTITION BY version_id
                              ORDER BY received_at, valid_to, sequence) AS place
    FROM ending
)
"""

_VERSION_WITH_END: Final = (
    "v LEFT JOIN numbered ON numbered.version_id = v._dlt_id AND numbered.place = 1"
)

VERSIONS: Final = f"""{_VERSIONS}
SELECT v._dlt_id, v.content_type_uid, v.uid, v.locale, v._version, v.event_at AS valid_from,
       numbered.valid_to, numbered.ended_by, v.data
FROM {_VERSION_WITH_END}
"""
"""In DuckDB's SQL: every version ever published, from when to when, and what ended it."""

LAST_VERSIONS: Final = f"""{_VERSIONS}
SELECT v.content_type_uid, v.uid, v.locale, v._version, v.event_type, v.event_at,
       numbered.valid_to, numbered.ended_by, CAST(v.data AS VARCHAR) AS data
FROM {_VERSION_WITH_END}
WHERE v.age = 1
"""
"""In DuckDB's SQL: of every entry and asset the version published last, ended or not."""


def history_rows(
    compaction: Compaction, received_at: datetime, replaced: Collection[str] | None
) -> Iterator[RowBatch]:
    """Yield the rows that a pass adds to the history.

    Args:
        compaction: of the pass.
        received_at: the moment of the pass, later than that of any pass before.
        replaced: content types that the pass brings whole; None if it brings all there is.
    """
    uids = [None] if replaced is None else sorted(replaced)
    with compaction.con.cursor() as con:
        full_sync = con.execute(_FULL_SYNC, {"uids": uids, "received_at": received_at})
        yield from _rows(full_sync.to_arrow_table())
        # No `data` is held twice: a stack's may be as large as memory.
        con.execute(_RECEIVED, {"received_at": received_at})
        for batch in con.to_arrow_reader(_ROWS_AT_ONCE):
            yield from _rows(pa.Table.from_batches([batch]))


def _rows(data: pa.Table) -> Iterator[RowBatch]:
    if data.num_rows:
        yield RowBatch(HISTORY, data, _TYPES)
