"""The same scenario at every destination; the tables are compared row by row with the stack."""

from __future__ import annotations

import pytest

from tests.support.harness import MakesJob
from tests.support.scenario import STEPS
from tests.support.small_stack import filled_stack
from tests.support.warehouses import MAKERS, MakesWarehouse, at


# A warning of SQLAlchemy about dlt's SQL of a merge.
@pytest.mark.filterwarnings("ignore:implicitly coercing SELECT object")
@pytest.mark.filterwarnings("ignore:Cannot create BigQuery Storage client")  # rows come by REST
@at(*MAKERS)
def test_the_tables_equal_the_stack_through_every_kind_of_event(
    make_job: MakesJob, make_warehouse: MakesWarehouse
) -> None:
    job = make_job(filled_stack(), make_warehouse, MAX_DELETED_SHARE="1")
    for step in STEPS:
        step(job)
