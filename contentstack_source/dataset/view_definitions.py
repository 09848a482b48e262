"""The views there are: what content teams ask again and again, answered beside the tables."""

from __future__ import annotations

import re
from typing import Final

from dlt.pipeline.pipeline import Pipeline

from contentstack_source.dataset.locale_views import locale_views
from contentstack_source.dataset.views import View, statements_of, update_views
from contentstack_source.destinations.capabilities import refuse_unsupported
from contentstack_source.destinations.hints import existing_tables
from contentstack_source.destinations.state import sync_state_of
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import FailedError
from contentstack_source.events import ENTRY_PUBLISHED
from contentstack_source.naming import DELETED_AT, LOCALIZED, OWN_TABLES, OWN_VIEWS
from contentstack_source.schema import DestinationTable
from contentstack_source.settings import HISTORY, Settings
from contentstack_source.transform.history import VERSIONS

_OF_ENTRIES: Final = "SELECT 'entry' AS kind, uid, locale, content_type_uid FROM entries"
_OF_ASSETS: Final = (
    "SELECT 'asset' AS kind, uid, locale, 'sys_assets' AS content_type_uid FROM assets"
)

# An old reference lacks the content type of its target.
_IS_TARGET: Final = "(r.to_content_type_uid IS NULL OR r.to_content_type_uid = p.content_type_uid)"
_BROKEN: Final = f"""
WITH published AS ({{published}}), found AS (
    SELECT r._dlt_id,
        count(DISTINCT CASE WHEN {_IS_TARGET} THEN p.locale END) AS locales,
        max(CASE WHEN {_IS_TARGET} AND p.locale = r.locale THEN 1 ELSE 0 END) AS is_here
    FROM entry_references AS r
    LEFT JOIN published AS p ON p.uid = r.to_uid AND p.kind = r.kind
    WHERE r.kind <> 'url'
    GROUP BY r._dlt_id
)
SELECT r.content_type_uid, r.uid, r.locale, r.field_path, r.position, r.kind, r.to_uid,
    r.to_content_type_uid, found.locales AS other_locales
FROM entry_references AS r
JOIN found ON found._dlt_id = r._dlt_id
WHERE found.is_here = 0
"""
_ASSETS: Final = """
SELECT a.uid, max(a.title) AS title, max(a.filename) AS filename,
    max(a.content_type) AS content_type, max(a.file_size) AS file_size, count(*) AS locales
FROM assets AS a
"""
_BY_ASSET: Final = " GROUP BY a.uid"
_UNUSED: Final = f"""{_ASSETS}
LEFT JOIN (SELECT DISTINCT to_uid FROM entry_references WHERE kind = 'asset') AS r
    ON r.to_uid = a.uid
WHERE r.to_uid IS NULL
{_BY_ASSET}
"""
_UNREFERENCED: Final = """
SELECT e.content_type_uid, e.uid, e.locale, e.title, e.url, e.published_at
FROM entries AS e
LEFT JOIN (
    SELECT DISTINCT to_uid, to_content_type_uid FROM entry_references
    WHERE kind = 'entry' AND (to_uid <> uid OR to_content_type_uid <> content_type_uid)
) AS r ON r.to_uid = e.uid AND r.to_content_type_uid = e.content_type_uid
LEFT JOIN (
    SELECT DISTINCT to_uid FROM entry_references
    WHERE kind = 'entry' AND to_content_type_uid IS NULL AND to_uid <> uid
) AS old ON old.to_uid = e.uid
WHERE r.to_uid IS NULL AND old.to_uid IS NULL
"""


def update_standard_views(pipeline: Pipeline, settings: Settings, *, check: bool) -> dict[str, str]:
    """Make the views that are not there as they should be; return why one could not be, by name.

    Args:
        pipeline: leads to the dataset.
        settings: of the run.
        check: ask the destination whether they exist.
    """
    if not pipeline.schema_names:
        return {}
    views = views_of(pipeline, settings)
    return update_views(pipeline, views, unwanted_of(pipeline), check=check)


def view_statements(target: Target, settings: Settings, *, create: bool) -> list[str]:
    """Return the statements that make the views of a dataset, in the destination's dialect.

    Args:
        target: where the dataset is.
        settings: which locales fall back to which.
        create: also run them, and replace views that somebody changed.

    Raises:
        FailedError: a view could not be made, or the destination cannot be read.
    """
    with one_line_errors():
        pipeline = target.pipeline()
        refuse_unsupported(pipeline.destination)
        pipeline.sync_destination()
        if not pipeline.schema_names:
            return []
        views = views_of(pipeline, settings)
        unwanted = unwanted_of(pipeline)
        failed = update_views(pipeline, views, unwanted, replace=True) if create else {}
        for name, reason in failed.items():
            message = f"The view {name} could not be made: {reason}"
            raise FailedError(
                message, "Run its statement by hand: contentstack-source views prints it."
            )
        return list(statements_of(pipeline, views).values())


def views_of(pipeline: Pipeline, settings: Settings) -> list[View]:
    """Return the views that the tables of a dataset allow, as its last load has left them."""
    tables = _tables_of(pipeline)
    versions = [View("entry_versions", VERSIONS)] if HISTORY in tables else []
    locales = locale_views(tables, _roots(tables), settings.locale_fallback, settings.master_locale)
    return [*_reference_views(pipeline, tables), *versions, *locales]


def unwanted_of(pipeline: Pipeline) -> list[str]:
    """Return the names of all views that may have been there once."""
    return [*OWN_VIEWS, *(f"{LOCALIZED}__{name}" for name in _roots(_tables_of(pipeline)))]


def _reference_views(pipeline: Pipeline, tables: dict[str, DestinationTable]) -> list[View]:
    sync_state = sync_state_of(pipeline.state)
    if sync_state is None or not sync_state.table_options.get("entry_references"):
        return []
    has_references = {"entries", "entry_references"} <= {*tables}
    found = {}
    if has_references:
        parts = [_OF_ENTRIES, _OF_ASSETS] if "assets" in tables else [_OF_ENTRIES]
        found["broken_references"] = _BROKEN.format(published=" UNION ALL ".join(parts))
        found["unreferenced_entries"] = _UNREFERENCED
    # A stream that leaves entries out cannot know which assets they use.
    reads_entries = ENTRY_PUBLISHED in sync_state.identity.get("event_types", "").split(",")
    if "assets" in tables and reads_entries:
        found["unused_assets"] = _UNUSED if has_references else _ASSETS + _BY_ASSET
    return [View(name, _without_soft_deleted(query, tables)) for name, query in found.items()]


def _without_soft_deleted(query: str, tables: dict[str, DestinationTable]) -> str:
    """Leave out soft-deleted rows and their references."""
    not_deleted = f"SELECT * FROM {{}} WHERE {DELETED_AT} IS NULL"
    sources = {
        table: not_deleted.format(table)
        for table in ("entries", "assets")
        if DELETED_AT in tables.get(table, DestinationTable({})).columns
    }
    if "entries" in sources:
        ids = f"SELECT _dlt_id FROM entries WHERE {DELETED_AT} IS NULL"
        references = f"SELECT * FROM entry_references WHERE _dlt_root_id IN ({ids})"
        sources = {"entry_references": references, **sources}
    for table, rows in sources.items():
        query = re.sub(rf"\b(FROM|JOIN) {table}( AS \w+)?\b", rf"\1 ({rows})\2", query)
    return query


def _tables_of(pipeline: Pipeline) -> dict[str, DestinationTable]:
    if not pipeline.schema_names:
        return {}
    schema = pipeline.default_schema
    known = existing_tables(schema)
    return {name: known[name] for name in schema.data_table_names(seen_data_only=True)}


def _roots(tables: dict[str, DestinationTable]) -> list[str]:
    """Return the tables of content types."""
    return sorted(
        name
        for name, found in tables.items()
        if found.list_of is None and found.is_content and name not in OWN_TABLES
    )
