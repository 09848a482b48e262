"""The definitions of a code location: one asset per table, with or without a reachable stack."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.definitions.repository_definition import RepositoryLoadData

from tests.orchestrators.dagster.conftest import DEFINITIONS, Location

OWN_TABLES = {"assets", "content_types", "entries", "sync_events", "sync_rejects", "sync_runs"}


def tables(location: Location) -> set[str]:
    keys = location.defs.resolve_all_asset_keys()
    return {key.path[1] for key in keys if key.path[0] == "contentstack"}


@pytest.mark.usefixtures("location")
def test_dagster_itself_finds_the_definitions_valid() -> None:
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-f", str(DEFINITIONS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "All code locations passed validation" in done.stdout


def test_every_content_type_and_own_table_has_an_asset(location: Location) -> None:
    assert tables(location) == {"article", "author", *OWN_TABLES}
    graph = location.defs.resolve_asset_graph()
    for table in tables(location):
        node = graph.get(dg.AssetKey(["contentstack", table]))
        assert node.parent_keys == {dg.AssetKey("contentstack_stack")}
        assert node.pools == {"contentstack"}


def test_the_page_about_dagster_names_every_definition(location: Location) -> None:
    page = (DEFINITIONS.parents[1] / "docs" / "dagster.md").read_text("utf-8")
    assert location.defs.sensors is not None
    assert location.defs.schedules is not None
    named = {each.name for each in [*location.defs.sensors, *location.defs.schedules]}
    named |= {each.name for each in location.defs.resolve_all_job_defs()} - {"__ASSET_JOB"}
    named |= {key.name for key in location.defs.resolve_asset_graph().asset_check_keys}
    listed = re.findall(r"^\| [a-z ]*\| `([a-z_]+)` \|", page, flags=re.MULTILINE)
    assert set(listed) == named


def test_an_unreachable_stack_has_the_tables_of_the_last_run(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    location.sync()
    monkeypatch.setenv("SOURCES__CONTENTSTACK__BASE_URL", "http://127.0.0.1:9/v3")
    location.load()
    assert tables(location) == {"article", "author", *OWN_TABLES}


def test_only_own_tables_exist_without_configuration(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCES__CONTENTSTACK__API_KEY")
    location.load()
    assert tables(location) == OWN_TABLES


def test_a_worker_uses_the_assets_of_its_code_location_without_requests(location: Location) -> None:
    metadata: Any = location.defs.metadata
    location.server.clear()
    Path(location.file).unlink(missing_ok=True)
    location.stack.create_content_type("page", [])
    data = RepositoryLoadData(cacheable_asset_data={}, reconstruction_metadata=metadata)
    context = DefinitionsLoadContext(DefinitionsLoadType.RECONSTRUCTION, data)
    with DefinitionsLoadContext.scoped(context):
        location.load()
    assert tables(location) == {"article", "author", *OWN_TABLES}
    assert not location.server.requests
