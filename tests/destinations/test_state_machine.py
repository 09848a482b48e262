"""The state machine at other destinations than DuckDB."""

from __future__ import annotations

import pytest

from tests.support.machines import MachineInDelta, MachineInIceberg, MachineInPostgres, run_machine

# A warning inside dlt when a run finds a load that an earlier one left.
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")
LAKES = pytest.mark.parametrize("machine", [MachineInDelta, MachineInIceberg])


def test_the_tables_in_postgres_equal_the_stack_whatever_happens() -> None:
    run_machine(MachineInPostgres, runs=3, steps=15)


@LAKES
def test_the_tables_in_a_lake_equal_the_stack_whatever_happens(
    machine: type[MachineInPostgres],
) -> None:
    run_machine(machine, runs=2, steps=12)


@pytest.mark.long
def test_the_tables_in_postgres_equal_the_stack_in_many_more_runs() -> None:
    run_machine(MachineInPostgres, runs=60, steps=25, at_random=True)


@pytest.mark.long
@LAKES
def test_the_tables_in_a_lake_equal_the_stack_in_more_runs(
    machine: type[MachineInPostgres],
) -> None:
    run_machine(machine, runs=20, steps=20, at_random=True)
