"""The rows that a pass makes of events, as Python values: fixtures and helpers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention

from contentstack_source.naming import Names
from contentstack_source.schema import DestinationTable, RowBatch, SchemaDrift
from contentstack_source.transform.compaction import Compaction
from contentstack_source.transform.row_builder import RowBuilder
from contentstack_source.transform.staging import Staging


class Loaded:
    """The rows that a pass upserts, as Python values."""

    def __init__(self, rows: Sequence[RowBatch], drift: SchemaDrift) -> None:
        self.drift = drift
        self.parts = list(rows)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.types: dict[str, dict[str, str]] = {}
        for part in rows:
            self.rows.setdefault(part.table, []).extend(part.data.to_pylist())
            self.types.setdefault(part.table, {}).update(part.types)

    def row(self, table: str) -> dict[str, Any]:
        """Return the only row of a table, without NULLs."""
        (row,) = self.rows[table]
        return {name: value for name, value in row.items() if value is not None}

    def column(self, table: str, name: str) -> list[Any]:
        """Return a column of a list table, in the order of the list."""
        rows = sorted(self.rows[table], key=lambda row: row.get("_dlt_list_idx", 0))
        return [row.get(name) for row in rows]


def published(
    data: Mapping[str, Any],
    content_type_uid: str = "blog",
    at: str = "2026-01-01T00:00:00.000Z",
) -> dict[str, Any]:
    """Return the item of a published entry."""
    return {
        "type": "entry_published",
        "event_at": at,
        "content_type_uid": content_type_uid,
        "data": {"locale": "en-us", **data},
    }


@pytest.fixture(scope="session")
def compacted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Compaction]]:
    """Compact the given pages."""
    compactions: list[Compaction] = []

    def compaction(
        *pages: Sequence[object],
        only_locale: str | None = None,
        known_locales: Sequence[str] = (),
        legs: Sequence[int] = (),
    ) -> Compaction:
        while len(compactions) > 1:  # a test uses two at most
            compactions.pop(0).con.close()
        folder = tmp_path_factory.mktemp("compaction")
        staging = Staging(only_locale=only_locale, temp_folder=folder)
        for number, items in enumerate(pages, 1):
            leg = legs[number - 1] if legs else 0
            staging.take(0, number, json.dumps({"items": items}).encode(), leg)
        staging.read()
        compactions.append(Compaction(staging.con, known_locales))
        return compactions[-1]

    yield compaction
    for each in compactions:
        each.con.close()


@pytest.fixture(scope="session")
def load_items(compacted: Callable[..., Compaction]) -> Callable[..., Loaded]:
    """Compact one page of items and turn it into rows: entries, then assets."""

    def load(
        items: Sequence[object],
        *,
        content_types: Mapping[str, Mapping[str, Any]] | None = None,
        existing: Mapping[str, DestinationTable] | None = None,
        naming: NamingConvention | None = None,
        reads_rich_text: bool = False,
    ) -> Loaded:
        compaction = compacted(items)
        names = Names(naming or NamingConvention())
        names.assign_tables({*compaction.published_types, *(content_types or {})})
        tables = RowBuilder(
            compaction, names, existing or {}, content_types or {}, reads_rich_text=reads_rich_text
        )
        return Loaded([*tables.entries(), *tables.assets()], tables.drift)

    return load


@pytest.fixture(scope="session")
def loaded(load_items: Callable[..., Loaded]) -> Callable[..., Loaded]:
    """Turn the data of entries of the type `blog`, each with its own uid, into rows."""

    def load(
        *entries: Mapping[str, Any],
        schema: Sequence[Mapping[str, Any]] | None = None,
        existing: Mapping[str, DestinationTable] | None = None,
        reads_rich_text: bool = False,
    ) -> Loaded:
        items = [published({"uid": f"e{number}", **data}) for number, data in enumerate(entries)]
        content_types = {} if schema is None else {"blog": {"uid": "blog", "schema": schema}}
        return load_items(
            items,
            content_types=content_types,
            existing=existing,
            reads_rich_text=reads_rich_text,
        )

    return load
