"""The views there are: what content teams ask again and again, answered beside the tables."""

from __future__ import annotations

from dlt.pipeline.pipeline import Pipeline

from contentstack_source.hints import existing_tables
from contentstack_source.history import VERSIONS
from contentstack_source.locales import locale_views
from contentstack_source.names import LOCALIZED, OWN_TABLES, OWN_VIEWS
from contentstack_source.settings import HISTORY, Settings
from contentstack_source.tables import Existing
from contentstack_source.views import View


def views_of(pipeline: Pipeline, settings: Settings) -> list[View]:
    """Return the views that the tables of a dataset allow, as its last load has left them."""
    tables = _tables_of(pipeline)
    versions = [View("entry_versions", VERSIONS)] if HISTORY in tables else []
    locales = locale_views(tables, _roots(tables), settings.locale_fallback, settings.master_locale)
    return [*versions, *locales]


def unwanted_of(pipeline: Pipeline) -> list[str]:
    """Return the names of all views that may have been there once."""
    return [*OWN_VIEWS, *(f"{LOCALIZED}__{name}" for name in _roots(_tables_of(pipeline)))]


def _tables_of(pipeline: Pipeline) -> dict[str, Existing]:
    if not pipeline.schema_names:
        return {}
    schema = pipeline.default_schema
    known = existing_tables(schema)
    return {name: known[name] for name in schema.data_table_names(seen_data_only=True)}


def _roots(tables: dict[str, Existing]) -> list[str]:
    """Return the tables of content types."""
    return sorted(
        name
        for name, found in tables.items()
        if found.list_of is None and found.is_content and name not in OWN_TABLES
    )
