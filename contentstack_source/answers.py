"""The views there are: what content teams ask again and again, answered beside the tables."""

from __future__ import annotations

from typing import Final

from dlt.pipeline.pipeline import Pipeline

from contentstack_source.errors import FailedError
from contentstack_source.failures import one_line_errors
from contentstack_source.fitness import refuse_unfit
from contentstack_source.names import OWN_VIEWS
from contentstack_source.position import position_of
from contentstack_source.target import Target
from contentstack_source.views import View, keep_views, statements_of

_OF_ENTRIES: Final = "SELECT 'entry' AS kind, uid, locale, content_type_uid FROM entries"
_OF_ASSETS: Final = (
    "SELECT 'asset' AS kind, uid, locale, 'sys_assets' AS content_type_uid FROM assets"
)

# An old reference does not tell the content type of what it leads to.
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
_UNUSED: Final = """
SELECT a.uid, max(a.title) AS title, max(a.filename) AS filename,
    max(a.content_type) AS content_type, max(a.file_size) AS file_size, count(*) AS locales
FROM assets AS a
LEFT JOIN (SELECT DISTINCT to_uid FROM entry_references WHERE kind = 'asset') AS r
    ON r.to_uid = a.uid
WHERE r.to_uid IS NULL
GROUP BY a.uid
"""
_UNLINKED: Final = """
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


def tell_views(target: Target, *, create: bool) -> list[str]:
    """Return the statements that make the views of a dataset, in the destination's dialect.

    Args:
        target: where the dataset is.
        create: also run them, and replace what other hands have made of the views.

    Raises:
        FailedError: a view could not be made, or the destination cannot be read.
    """
    with one_line_errors():
        pipeline = target.pipeline()
        refuse_unfit(pipeline.destination)
        pipeline.sync_destination()
        if not pipeline.schema_names:
            return []
        views = views_of(pipeline)
        failed = keep_views(pipeline, views, OWN_VIEWS, anew=True) if create else {}
        for name, reason in failed.items():
            what = f"The view {name} could not be made: {reason}"
            raise FailedError(
                what, "Run its statement by hand: contentstack-source views prints it."
            )
        return list(statements_of(pipeline, views).values())


def views_of(pipeline: Pipeline) -> list[View]:
    """Return the views that the tables of a dataset allow, as its last load has left them."""
    position = position_of(pipeline.state)
    if position is None or not position.shape.get("link_graph"):
        return []
    tables = pipeline.default_schema.data_table_names(seen_data_only=True)
    if not {"entries", "entry_references"} <= {*tables}:
        return []
    parts = [_OF_ENTRIES, _OF_ASSETS] if "assets" in tables else [_OF_ENTRIES]
    views = [
        View("broken_references", _BROKEN.format(published=" UNION ALL ".join(parts))),
        View("unlinked_entries", _UNLINKED),
    ]
    return [*views, View("unused_assets", _UNUSED)] if "assets" in tables else views
