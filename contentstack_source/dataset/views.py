"""Creates the SQL views and keeps them up to date.

A view is written once, in DuckDB's SQL over the tables' bare names. dlt, which knows the dialect of
the destination and what tables are called there, makes the statement of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from dlt.common.destination.exceptions import DestinationException
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.destinations.capabilities import lake_format
from contentstack_source.version import __version__

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


def statements_of(pipeline: Pipeline, views: Sequence[View]) -> dict[str, str]:
    """Return the statement that makes each view, by its name, in the dialect of the destination."""
    with pipeline.sql_client() as client:
        return {
            each.name: f"CREATE VIEW {client.make_qualified_table_name(each.name)}"
            f" AS {_select(pipeline, each)}"
            for each in views
        }


def update_views(
    pipeline: Pipeline,
    views: Sequence[View],
    unwanted: Collection[str] = (),
    *,
    check: bool = True,
    replace: bool = False,
) -> dict[str, str]:
    """Make the views that are not there yet, or not as they should be.

    A view that is as it should be is not touched: to replace it would wait for its readers. One
    changed outside this tool is not noticed, a dropped one is.

    Args:
        pipeline: leads to the dataset.
        views: those that should be there.
        unwanted: names of those that should not.
        check: ask the destination whether those created before still exist.
        replace: create them even if they exist.

    Returns:
        the reason by name for each view that could not be made; a view breaks no run.
    """
    if not _has_views(pipeline):
        return {each.name: "a lake keeps no views" for each in views if replace}
    gone = sorted({*unwanted} - {each.name for each in views})
    digest = _digest(pipeline, views, gone)
    is_made = not replace and _load_digest(pipeline) == digest
    if is_made and not check:
        return {}
    try:
        with pipeline.sql_client() as client:
            if is_made and _are_there(client, views):
                return {}
            reasons = {each.name: _make(pipeline, client, each) for each in views}
            for name in gone:
                _drop(client, name)
    except Exception as error:  # noqa: BLE001 - of dlt or of any driver
        reasons = {each.name: _reason(error) for each in views}
    failed = {name: reason for name, reason in reasons.items() if reason}
    pipeline.set_local_state_val(_MADE, None if failed else digest)
    return failed


def _has_views(pipeline: Pipeline) -> bool:
    destination = pipeline.destination
    return destination is not None and lake_format(destination.capabilities()) is None


def _select(pipeline: Pipeline, view: View) -> str:
    return pipeline.dataset().query(view.query, _DIALECT).to_sql()


def _make(pipeline: Pipeline, client: SqlClientBase[Any], view: View) -> str:
    """Make one view and return why it could not be; empty if it could.

    What users may do with a view that is there, they may do afterwards.
    """
    name = client.make_qualified_table_name(view.name)
    try:
        query = _select(pipeline, view)
        with suppress(DestinationException):
            client.execute_sql(f"CREATE OR REPLACE VIEW {name} AS {query}")
            return ""
        # Not in every dialect, and in some not with other columns than before.
        client.execute_many([f"DROP VIEW IF EXISTS {name}", f"CREATE VIEW {name} AS {query}"])
    except Exception as error:  # noqa: BLE001 - of the destination, of dlt, of sqlglot
        return _reason(error)
    return ""


def _drop(client: SqlClientBase[Any], name: str) -> None:
    """Drop a view, if it is there; a table of that name is none of ours and stays."""
    with suppress(DestinationException):
        client.execute_sql(f"DROP VIEW IF EXISTS {client.make_qualified_table_name(name)}")


def _are_there(client: SqlClientBase[Any], views: Sequence[View]) -> bool:
    """Return whether every view can be read."""
    tables = [client.make_qualified_table_name(each.name) for each in views]
    asked = " UNION ALL ".join(f"SELECT count(*) FROM {table} WHERE 1 = 0" for table in tables)
    try:
        if asked:
            client.execute_sql(asked)
    except DestinationException:
        return False
    return True


def _load_digest(pipeline: Pipeline) -> str | None:
    try:
        made = pipeline.get_local_state_val(_MADE)
    except KeyError:  # a working folder that never made any
        return None
    return None if made is None else str(made)


def _digest(pipeline: Pipeline, views: Sequence[View], gone: Sequence[str]) -> str:
    kind = pipeline.destination.destination_type if pipeline.destination else ""
    place = f"{kind} {pipeline.dataset_name} {__version__}"
    parts = [place, *gone, *(f"{each.name}\x1f{each.query}" for each in views)]
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
