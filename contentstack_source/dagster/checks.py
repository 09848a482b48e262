"""The asset checks: what can be verified without asking the stack."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg
import pendulum
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.dagster.stacks import RUNS, Stacks, Tables, key_of
from contentstack_source.dataset import row_checks
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.runs import run_log

Found = tuple[bool, Mapping[str, Any]]
"""Whether all is well, and what was found."""


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        stack: the stack it is about.
        run: runs it at the destination of the stack.
    """

    stack: str
    run: Callable[[Pipeline], Found]


def checks_of(
    stacks: Stacks, tables: Tables, freshness_window: timedelta
) -> Mapping[dg.AssetCheckKey, Check]:
    """Return the checks of all tables; with many stacks, each stack has its own.

    - `unique_keys`: no key of a table has two rows.
    - `no_orphans`: no element of a list is without its row.
    - `fresh`: the last good run, started by Dagster or not, ended in the last `freshness_window`.
    """
    content = [*tables, "assets"]
    wanted = [("unique_keys", each, _unique_keys(each)) for each in content]
    wanted += [("unique_keys", each, _unique_keys(each)) for each in ("entries", "content_types")]
    wanted += [("no_orphans", each, _no_orphans(each)) for each in content]
    wanted += [("fresh", RUNS, _fresh(freshness_window))]
    return {
        dg.AssetCheckKey(key_of(table), stacks.named(word, name)): Check(name, run)
        for name in stacks.targets
        for word, table, run in wanted
    }


def results(
    stacks: Stacks, name: str, checks: Mapping[dg.AssetCheckKey, Check]
) -> Iterator[dg.AssetCheckResult]:
    """Run checks at the destination of a stack, and yield their results.

    Args:
        stacks: the stacks.
        name: of the stack.
        checks: those selected, of other stacks too.

    Raises:
        FailedError: the destination cannot be read.
    """
    with one_line_errors(), stacks.targets[name].temporary_pipeline() as pipeline:
        pipeline.sync_destination()
        for key, check in checks.items():
            if check.stack == name:
                passed, found = check.run(pipeline)
                yield dg.AssetCheckResult(
                    asset_key=key.asset_key, check_name=key.name, passed=passed, metadata=found
                )


def _unique_keys(table: str) -> Callable[[Pipeline], Found]:
    def check(pipeline: Pipeline) -> Found:
        count = row_checks.repeated_keys(pipeline, table)
        return count == 0, {"repeated_keys": count}

    return check


def _no_orphans(table: str) -> Callable[[Pipeline], Found]:
    def check(pipeline: Pipeline) -> Found:
        found = row_checks.orphans(pipeline, table)
        return not found, {"orphans": found}

    return check


def _fresh(freshness_window: timedelta) -> Callable[[Pipeline], Found]:
    def check(pipeline: Pipeline) -> Found:
        last = run_log.last_success(pipeline)
        if last is None:
            return False, {}
        is_fresh = pendulum.now("UTC") - last <= freshness_window
        return is_fresh, {"last_good_run": dg.MetadataValue.timestamp(last)}

    return check
