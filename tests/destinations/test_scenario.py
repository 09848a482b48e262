"""The same scenario at every destination; the tables are compared row by row with the stack."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.harness import MakesJob
from tests.support.scenario import FEW_STEPS, STEPS, Step
from tests.support.small_stack import filled_stack
from tests.support.warehouses import MAKERS, MakesWarehouse, at

SLOW = ("ducklake", "ducklake on S3", "delta on S3", "iceberg on S3")
"""A sync takes ten seconds there; what S3 adds is another place for the files."""
# A warning of SQLAlchemy about dlt's SQL of a merge, and rows that come by REST.
IGNORED = ("ignore:implicitly coercing SELECT object", "ignore:Cannot create BigQuery Storage")
pytestmark = [pytest.mark.filterwarnings(each) for each in IGNORED]


@at(*(name for name in MAKERS if name not in SLOW))
def test_the_tables_equal_the_stack_through_every_kind_of_event(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    run_steps(make_job, make_warehouse, STEPS)


@at(*SLOW)
def test_the_tables_equal_the_stack_at_slow_destinations(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    run_steps(make_job, make_warehouse, FEW_STEPS)


@pytest.mark.long
@at(*SLOW)
def test_the_tables_equal_the_stack_through_every_kind_of_event_at_slow_destinations(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    run_steps(make_job, make_warehouse, STEPS)


def run_steps(make_job: MakesJob, make_warehouse: MakesWarehouse, steps: Sequence[Step]) -> None:
    job = make_job(filled_stack(), make_warehouse, MAX_DELETED_SHARE="1")
    for step in steps:
        step(job)
