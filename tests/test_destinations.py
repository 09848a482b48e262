"""The same scenario at every destination; the tables are compared row by row with the stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contentstack_source.destinations.target import Target
from contentstack_source.simulator import serve
from tests.destinations import LAKES, SLOW, TIER_ONE, TIER_TWO
from tests.scenario import STEPS, Scenario


# A warning of SQLAlchemy about dlt's SQL of a merge.
@pytest.mark.filterwarnings("ignore:implicitly coercing SELECT object")
@pytest.mark.filterwarnings("ignore:Cannot create BigQuery Storage client")  # rows come by REST
@pytest.mark.parametrize(
    "name",
    [*TIER_ONE, *TIER_TWO, *LAKES, *(pytest.param(name, marks=pytest.mark.long) for name in SLOW)],
)
def test_the_tables_equal_the_stack_through_every_kind_of_event(
    name: str, tmp_path: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CONTENTSTACK__MAX_DELETED_SHARE", "1")
    with {**TIER_ONE, **TIER_TWO, **LAKES, **SLOW}[name](tmp_path) as warehouse:
        scenario = Scenario(
            warehouse, Target(warehouse.destination, pipelines_dir=str(tmp_path / "dlt"))
        )
        with serve(scenario.stack, scenario.behavior) as server:
            configure(scenario.stack, server)
            for step in STEPS:
                step(scenario)
