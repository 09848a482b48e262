"""Locales: content by its fallback locales, and what is not translated, as views.

Contentstack publishes an entry in each locale by itself. A site that shows `de-at` falls back to
`de-de` where an entry is not published there, and from that to the master locale: which locale
falls back to which is a setting: the Sync API does not have it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from contentstack_source.dataset.views import View
from contentstack_source.naming import DELETED_AT, LOCALIZED, digest
from contentstack_source.schema import DestinationTable
from contentstack_source.transform.json_sql import literal, quote

COVERAGE: Final = "locale_coverage"

_PUBLISHED_LOCALE: Final = "published_locale"
_COVERAGE: Final = """
WITH e AS (SELECT * FROM entries WHERE {not_deleted}), wanted AS (
    SELECT entry.content_type_uid, entry.uid, asked.locale
    FROM (SELECT DISTINCT content_type_uid, uid FROM e) AS entry
    CROSS JOIN (SELECT locale FROM e UNION {configured}) AS asked
)
SELECT wanted.content_type_uid, wanted.uid, wanted.locale,
    CASE WHEN own.uid IS NULL THEN 'missing'
         WHEN wanted.locale = {master} THEN 'master'
         WHEN coalesce(own.updated_at, own.published_at)
            < coalesce(master.updated_at, master.published_at) THEN 'older_than_master'
         ELSE 'up_to_date' END AS state,
    coalesce(own.title, master.title) AS title,
    own.updated_at, own.published_at,
    master.updated_at AS master_updated_at, master.published_at AS master_published_at
FROM wanted
LEFT JOIN e AS own ON own.content_type_uid = wanted.content_type_uid
    AND own.uid = wanted.uid AND own.locale = wanted.locale
LEFT JOIN e AS master ON master.content_type_uid = wanted.content_type_uid
    AND master.uid = wanted.uid AND master.locale = {master}
"""


def locale_views(
    tables: Mapping[str, DestinationTable],
    roots: Collection[str],
    fallback: Mapping[str, str],
    master_locale: str,
) -> Iterator[View]:
    """Yield the views of locales that the tables of a dataset allow.

    Args:
        tables: of the dataset, by name.
        roots: those of content types.
        fallback: locale to the one it falls back to, without circles.
        master_locale: the locale that others are translated from.
    """
    locales = sorted({*fallback, *fallback.values()})
    if "entries" in tables:
        configured = " UNION ".join(f"SELECT {literal(each)}" for each in [master_locale, *locales])
        query = _COVERAGE.format(
            not_deleted=_not_deleted(tables["entries"]),
            configured=configured,
            master=literal(master_locale),
        )
        yield View(COVERAGE, query)
    if locales:
        for table in sorted({*roots} & tables.keys()):
            yield View(f"{LOCALIZED}__{table}", _localized(table, tables[table], locales, fallback))


def _localized(
    table: str, existing: DestinationTable, locales: Collection[str], fallback: Mapping[str, str]
) -> str:
    steps = " UNION ALL ".join(
        f"SELECT {literal(locale)} AS asked, {literal(each)} AS locale, {number} AS step"
        for locale in locales
        for number, each in enumerate(chain_of(locale, fallback))
    )
    names = [name for name, kind in existing.columns.items() if kind != "None" and name != "locale"]
    published_locale = _PUBLISHED_LOCALE
    if published_locale in names:
        published_locale = f"{published_locale}_{digest(published_locale)}"
    columns = ", ".join(f"nearest.{quote(name)}" for name in names)
    return f"""
        WITH chain AS ({steps}), nearest AS (
            SELECT t.*, chain.asked,
                row_number() OVER (PARTITION BY t.uid, chain.asked ORDER BY chain.step) AS place
            FROM {quote(table)} AS t JOIN chain ON chain.locale = t.locale
            WHERE {_not_deleted(existing, "t.")}
        )
        SELECT nearest.asked AS locale, nearest.locale AS {published_locale}, {columns}
        FROM nearest WHERE nearest.place = 1
    """


def _not_deleted(existing: DestinationTable, alias: str = "") -> str:
    return f"{alias}{DELETED_AT} IS NULL" if DELETED_AT in existing.columns else "1 = 1"


def chain_of(locale: str, fallback: Mapping[str, str]) -> list[str]:
    """Return a locale and those it falls back to, the nearest first."""
    chain = [locale]
    while (then := fallback.get(chain[-1])) is not None:
        chain.append(then)
    return chain
