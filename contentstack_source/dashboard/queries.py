"""Queries of the dashboard and the notebooks, as data frames; each call asks the destination."""

from __future__ import annotations

from typing import Final

import dlt
import orjson
import pandas as pd
import pyarrow as pa
from dlt.common.destination.exceptions import DestinationException

ASSETS: Final = "assets"
"""What assets are called where entries go by their content type."""
_PUBLISHED: Final = """
SELECT content_type_uid, locale, count(*) AS published, max(published_at) AS latest
FROM entries GROUP BY content_type_uid, locale
"""
_PUBLISHED_ASSETS: Final = f"""
SELECT '{ASSETS}' AS content_type_uid, locale, count(*) AS published, max(event_at) AS latest
FROM assets GROUP BY locale
"""
_RUNS: Final = """
SELECT started_at, ended_at, outcome, requests, retries, rows_upserted, rows_deleted, rejects, error
FROM sync_runs ORDER BY started_at DESC LIMIT 20
"""
_ARRIVALS: Final = """
SELECT e._dlt_load_id AS load_id, l.inserted_at AS loaded_at, count(*) AS events,
    min(e.event_at) AS oldest, max(e.event_at) AS newest
FROM sync_events AS e JOIN _dlt_loads AS l ON l.load_id = e._dlt_load_id
GROUP BY e._dlt_load_id, l.inserted_at ORDER BY loaded_at
"""
_ENTRIES_BY_TYPE: Final = """
SELECT content_type_uid, count(DISTINCT uid) AS entries FROM entries GROUP BY content_type_uid
"""
_OLD: Final = """
SELECT content_type_uid, date_trunc('day', published_at) AS day, count(*) AS published
FROM entries GROUP BY content_type_uid, date_trunc('day', published_at)
"""
_REJECTS: Final = """
SELECT reason, count(*) AS items FROM sync_rejects GROUP BY reason ORDER BY items DESC
"""


def ask(dataset: dlt.Dataset, query: str) -> pd.DataFrame:
    """Return the rows of a query, its instants in UTC.

    The destination is open only while it answers, so a sync may run at any other time.

    Args:
        dataset: what is asked, as `dlt.dataset()` gives it.
        query: in DuckDB's SQL, over the tables' bare names; dlt translates it.
    """
    found = _to_frame(dataset(query, "duckdb").arrow())
    for name in found.select_dtypes(include=["datetime", "datetimetz"]).columns:
        found[name] = pd.to_datetime(found[name], utc=True)
    return found


def view(dataset: dlt.Dataset, name: str) -> pd.DataFrame | None:
    """Return the rows of one of the views beside the tables; None where it is not there."""
    try:
        with dataset.sql_client as client:
            query = f"SELECT * FROM {client.make_qualified_table_name(name)}"
            with client.execute_query(query) as cursor:
                return _to_frame(cursor.arrow())
    except DestinationException:
        return None


def broken(dataset: dlt.Dataset) -> pd.DataFrame | None:
    """Return the references to what is published in no locale; None without the view.

    Columns: content_type_uid, uid, locale, field_path, position, kind, to_uid,
    to_content_type_uid.
    """
    found = view(dataset, "broken_references")
    if found is None:
        return None
    return found[found["other_locales"] == 0].drop(columns="other_locales")


def unused(dataset: dlt.Dataset) -> pd.DataFrame | None:
    """Return the assets that no entry uses, the largest first; None without the view.

    Columns: uid, title, filename, content_type, file_size (bytes), locales (how many).
    """
    found = view(dataset, "unused_assets")
    if found is None:
        return None
    return found.sort_values("file_size", ascending=False, ignore_index=True)


def replaced(dataset: dlt.Dataset) -> pd.DataFrame | None:
    """Return the versions that were replaced or deleted, the latest first; None without history.

    Columns: content_type_uid, uid, locale, _version, valid_from, valid_to (instants), ended_by,
    title (which it had).
    """
    found = view(dataset, "entry_versions")
    if found is None:
        return None
    replaced_versions = found[found["valid_to"].notna()].sort_values(
        "valid_to", ascending=False, ignore_index=True
    )
    titles = [orjson.loads(each).get("title") for each in replaced_versions["data"]]
    return replaced_versions.assign(title=titles).drop(columns="data")


def published(dataset: dlt.Dataset) -> pd.DataFrame:
    """Return what is published: content_type_uid, locale, published (rows), latest (instant)."""
    tables = {"entries": _PUBLISHED, ASSETS: _PUBLISHED_ASSETS}
    found = [ask(dataset, query) for table, query in tables.items() if table in dataset.tables]
    columns = ["content_type_uid", "locale", "published", "latest"]
    return pd.concat([pd.DataFrame(columns=columns), *found]) if not found else pd.concat(found)


def runs(dataset: dlt.Dataset) -> pd.DataFrame:
    """Return the last 20 runs of the command, the newest first, as they stand in `sync_runs`."""
    return ask(dataset, _RUNS) if "sync_runs" in dataset.tables else pd.DataFrame()


def arrivals(dataset: dlt.Dataset) -> pd.DataFrame:
    """Return the loads that brought events: load_id, loaded_at, events, oldest, newest (instants).

    What the first load brought had been published long before anyone asked.
    """
    return ask(dataset, _ARRIVALS) if "sync_events" in dataset.tables else pd.DataFrame()


def rejects(dataset: dlt.Dataset) -> pd.DataFrame:
    """Return why items could not be placed: reason, items (how many)."""
    return ask(dataset, _REJECTS) if "sync_rejects" in dataset.tables else pd.DataFrame()


def coverage(dataset: dlt.Dataset) -> pd.DataFrame:
    """Return the part of the entries of a content type (index) published in a locale (columns)."""
    if "entries" not in dataset.tables:
        return pd.DataFrame()
    every = ask(dataset, _ENTRIES_BY_TYPE).set_index("content_type_uid")["entries"]
    table = ask(dataset, _PUBLISHED).pivot_table(
        index="content_type_uid", columns="locale", values="published", fill_value=0
    )
    return table.div(every, axis=0)


def ages(dataset: dlt.Dataset, at: pd.Timestamp) -> pd.DataFrame:
    """Return how many entries of a content type (index) were published how long before `at`.

    The columns are spans of time, from the youngest to the oldest.
    """
    if "entries" not in dataset.tables:
        return pd.DataFrame()
    found = ask(dataset, _OLD)
    spans = ["3 months", "6 months", "a year", "longer"]
    days = (at - found["day"]).dt.days
    found["age"] = pd.cut(days, [-2, 91, 182, 365, float("inf")], labels=spans)
    return found.pivot_table(
        index="content_type_uid", columns="age", values="published", aggfunc="sum", observed=False
    )


def _to_frame(rows: pa.Table | None) -> pd.DataFrame:
    return pd.DataFrame() if rows is None else rows.to_pandas()
