"""Fixtures of several test files: a pass made of items, compacted and turned into rows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention
from hypothesis import settings
from rich.console import Console

from contentstack_source.cli.demo import run_demo
from contentstack_source.dashboard.demo_data import FOLDER
from contentstack_source.naming import Names
from contentstack_source.schema import DestinationTable, RowBatch, SchemaDrift
from contentstack_source.simulator import Server, Stack
from contentstack_source.transform.compaction import Compaction
from contentstack_source.transform.row_builder import RowBuilder
from contentstack_source.transform.staging import Staging
from tests.harness import MakesJob, making_jobs
from tests.servers.shared import prepare

# The same examples every time: randomness belongs in the long tests and the soak test.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


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


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small demo: `demo-data/demo.duckdb` is in it."""
    folder = tmp_path_factory.mktemp("demo")
    run_demo(Console(file=io.StringIO()), entries=300, folder=str(folder / FOLDER))
    return folder


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[[Stack, Server], None]:
    """Configure the source as a user would, by the environment."""

    def set_environment(stack: Stack, server: Server) -> None:
        values = {
            "API_KEY": stack.api_key,
            "DELIVERY_TOKEN": stack.delivery_token,
            "ENVIRONMENT": stack.environment,
            "BASE_URL": server.base_url,
        }
        for name, value in values.items():
            monkeypatch.setenv(f"SOURCES__CONTENTSTACK__{name}", value)
        monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.01")

    return set_environment


@pytest.fixture
def make_job(
    tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakesJob]:
    """Make a job, see `tests.harness`."""
    with making_jobs(tmp_path, configure, monkeypatch) as make:
        yield make


def pytest_configure() -> None:
    """Runs before any worker starts: all of them share the servers."""
    prepare()
