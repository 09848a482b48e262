"""The central test: after any edits and kills of runs, the tables equal the stack."""

from __future__ import annotations

import pytest

from tests.support.machines import PureMachine, WholeMachine, run_machine

# A warning inside dlt when a run finds a load that an earlier one left.
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")


def test_the_compaction_equals_the_stack_whatever_happens() -> None:
    run_machine(PureMachine, runs=60, steps=25)


def test_the_tables_equal_the_stack_whatever_happens() -> None:
    run_machine(WholeMachine, runs=2, steps=15)


@pytest.mark.integration
def test_the_tables_equal_the_stack_in_more_runs() -> None:
    run_machine(WholeMachine, runs=10, steps=15)


@pytest.mark.long
def test_the_tables_equal_the_stack_in_many_more_runs() -> None:
    run_machine(WholeMachine, runs=150, steps=25, at_random=True)


@pytest.mark.long
def test_the_compaction_equals_the_stack_in_many_more_runs() -> None:
    run_machine(PureMachine, runs=500, steps=40, at_random=True)
