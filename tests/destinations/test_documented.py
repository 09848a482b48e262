"""docs/destinations.md: its settings parse, and dlt knows them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import tomlkit
from dlt.common.destination.reference import Destination
from dlt.common.libs.pyiceberg import IcebergConfig

from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "destinations.md").read_text("utf-8")
SNIPPETS = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
PROJECT = tomlkit.parse((ROOT / "pyproject.toml").read_text("utf-8")).unwrap()["project"]
TABLE = re.findall(r"^\| (`\w+`(?:, `\w+`)*)(?: with `\w+`)? \|", PAGE, flags=re.MULTILINE)
OURS = {"filesystem": {"table_format": str}}
NAMED = [name for row in TABLE for name in re.findall(r"\w+", row)]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_setting_shown_is_one_of_the_destination(snippet: str) -> None:
    shown = tomlkit.parse(snippet).unwrap()
    assert shown.keys() <= {"destination", "iceberg_catalog", "pipelines"}
    assert_known(shown, {"iceberg_catalog": IcebergConfig})
    for name, settings in shown.get("destination", {}).items():
        destination = Destination.from_reference(name)
        assert destination is not None
        known = {**destination.spec().get_resolvable_fields(), **OURS.get(name, {})}
        assert settings.keys() <= known.keys(), name
        assert_known(settings, known)


def assert_known(settings: dict[str, Any], known: dict[str, Any]) -> None:
    for name, value in settings.items():
        if isinstance(value, dict) and hasattr(known.get(name), "get_resolvable_fields"):
            below = known[name]().get_resolvable_fields()
            assert value.keys() <= below.keys(), name


def test_every_destination_of_the_table_has_its_settings() -> None:
    parsed = [tomlkit.parse(each).unwrap() for each in SNIPPETS]
    assert set(NAMED) - {"synapse"} == {
        name for each in parsed for name in each.get("destination", ())
    }


def test_every_destination_with_packages_of_its_own_has_an_extra() -> None:
    others = {"airflow", "dagster", "lake", "listen", "dashboard"}
    extras = set(PROJECT["optional-dependencies"]) - others
    assert set(NAMED) - {"duckdb", "fabric", "filesystem", "synapse"} == extras
