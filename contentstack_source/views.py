"""Views: questions that readers put to the tables again and again, kept beside the tables.

A view is written once, in DuckDB's SQL over the tables' bare names. dlt, which knows the dialect of
the destination and what tables are called there, makes the statement of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from dlt.common.destination.exceptions import DestinationException
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.pipeline import Pipeline

_DIALECT: Final = "duckdb"
_MADE: Final = "views_made"
"""Under this key of dlt's local state: a digest of the views, as they were made last."""


@dataclass(frozen=True)
class View:
    """A view to be.

    Attributes:
        name: as tables are named at the destination.
        query: a SELECT in DuckDB's SQL, from tables of the dataset by their names in dlt's schema.
            Each must be there: which are is for the maker of the view to ask.
    """

    name: str
    query: str


def queries_of(pipeline: Pipeline, views: Sequence[View]) -> dict[str, str]:
    """Return the SELECT of each view by its name, in the dialect of the destination."""
    dataset = pipeline.dataset()
    return {each.name: dataset.query(each.query, _DIALECT).to_sql() for each in views}


def statements_of(pipeline: Pipeline, views: Sequence[View]) -> dict[str, str]:
    """Return the statement that makes each view, by its name, in the dialect of the destination."""
    with pipeline.sql_client() as client:
        return {
            name: f"CREATE VIEW {client.make_qualified_table_name(name)} AS {query}"
            for name, query in queries_of(pipeline, views).items()
        }


def keep_views(
    pipeline: Pipeline,
    views: Sequence[View],
    unwanted: Collection[str] = (),
    *,
    anew: bool = False,
) -> dict[str, str]:
    """Make the views that are not there yet, or not as they should be.

    A view that is as it should be is not touched: to replace it would wait for its readers. One
    that other hands changed is not noticed, one that they took is.

    Args:
        pipeline: leads to the dataset.
        views: those that should be there.
        unwanted: names of those that should not.
        anew: make them whatever is there.

    Returns:
        the reason by name for each view that could not be made; a view breaks no run.
    """
    try:
        queries = queries_of(pipeline, views)
        gone = sorted({*unwanted} - {*queries})
        digest = _digest(queries, gone)
        with pipeline.sql_client() as client:
            if not anew and _recall(pipeline) == digest and _are_there(client, queries):
                return {}
            failed = _make(client, queries) | _drop(client, gone)
    except Exception as error:  # noqa: BLE001 - of dlt, of sqlglot, of any driver
        return {each.name: _reason(error) for each in views}
    pipeline.set_local_state_val(_MADE, None if failed else digest)
    return failed


def _make(client: SqlClientBase[Any], queries: Mapping[str, str]) -> dict[str, str]:
    told = {name: _put(client, name, query) for name, query in queries.items()}
    return {name: reason for name, reason in told.items() if reason}


def _put(client: SqlClientBase[Any], name: str, query: str) -> str:
    """Make one view and return why it could not be; empty if it could.

    What users may do with a view that is there, they may do afterwards.
    """
    view = client.make_qualified_table_name(name)
    try:
        with suppress(DestinationException):
            client.execute_sql(f"CREATE OR REPLACE VIEW {view} AS {query}")
            return ""
        # Not in every dialect, and in some not with other columns than before.
        client.execute_many([f"DROP VIEW IF EXISTS {view}", f"CREATE VIEW {view} AS {query}"])
    except DestinationException as error:
        return _reason(error)
    return ""


def _drop(client: SqlClientBase[Any], names: Sequence[str]) -> dict[str, str]:
    """Drop views, if they are there; a table of that name is none of ours and stays."""
    views = map(client.make_qualified_table_name, names)
    with suppress(DestinationException):
        for view in views:
            client.execute_sql(f"DROP VIEW IF EXISTS {view}")
    return {}


def _are_there(client: SqlClientBase[Any], names: Mapping[str, str]) -> bool:
    """Tell whether every view can be read."""
    if not names:
        return True
    tables = map(client.make_qualified_table_name, names)
    asked = " UNION ALL ".join(f"SELECT count(*) FROM {table} WHERE 1 = 0" for table in tables)
    try:
        client.execute_sql(asked)
    except DestinationException:
        return False
    return True


def _recall(pipeline: Pipeline) -> str | None:
    try:
        made = pipeline.get_local_state_val(_MADE)
    except KeyError:  # a working folder that never made any
        return None
    return None if made is None else str(made)


def _digest(queries: Mapping[str, str], gone: Sequence[str]) -> str:
    told = [*gone, *(f"{name}\x1f{query}" for name, query in sorted(queries.items()))]
    return hashlib.sha256("\x1e".join(told).encode()).hexdigest()


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
