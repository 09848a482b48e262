"""The checks: what can be told of a table without asking the stack."""

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
class Look:
    """What one check looks at.

    Attributes:
        stack: the stack it is about.
        at: does it, at the destination of the stack.
    """

    stack: str
    at: Callable[[Pipeline], Found]


def looks_of(
    stacks: Stacks, tables: Tables, fresh_for: timedelta
) -> Mapping[dg.AssetCheckKey, Look]:
    """Return the checks of all tables; with many stacks, each stack has its own.

    - `unique_keys`: no key of a table has two rows.
    - `no_orphans`: no element of a list is without its row.
    - `fresh`: the last good run, whoever started it, ended no longer ago than `fresh_for`.
    """
    content = [*tables, "assets"]
    wanted = [("unique_keys", each, _unique_keys(each)) for each in content]
    wanted += [("unique_keys", each, _unique_keys(each)) for each in ("entries", "content_types")]
    wanted += [("no_orphans", each, _no_orphans(each)) for each in content]
    wanted += [("fresh", RUNS, _fresh(fresh_for))]
    return {
        dg.AssetCheckKey(key_of(table), stacks.named(word, name)): Look(name, at)
        for name in stacks.targets
        for word, table, at in wanted
    }


def results(
    stacks: Stacks, name: str, looks: Mapping[dg.AssetCheckKey, Look]
) -> Iterator[dg.AssetCheckResult]:
    """Look at the destination of a stack, and yield what is found.

    Args:
        stacks: the stacks.
        name: of the stack.
        looks: the checks selected, those of other stacks too.

    Raises:
        FailedError: the destination cannot be read.
    """
    with one_line_errors(), stacks.targets[name].aside() as pipeline:
        pipeline.sync_destination()
        for key, look in looks.items():
            if look.stack == name:
                passed, found = look.at(pipeline)
                yield dg.AssetCheckResult(
                    asset_key=key.asset_key, check_name=key.name, passed=passed, metadata=found
                )


def _unique_keys(table: str) -> Callable[[Pipeline], Found]:
    def look(pipeline: Pipeline) -> Found:
        count = row_checks.repeated_keys(pipeline, table)
        return count == 0, {"repeated_keys": count}

    return look


def _no_orphans(table: str) -> Callable[[Pipeline], Found]:
    def look(pipeline: Pipeline) -> Found:
        found = row_checks.orphans(pipeline, table)
        return not found, {"orphans": found}

    return look


def _fresh(fresh_for: timedelta) -> Callable[[Pipeline], Found]:
    def look(pipeline: Pipeline) -> Found:
        last = run_log.last_success(pipeline)
        if last is None:
            return False, {}
        is_fresh = pendulum.now("UTC") - last <= fresh_for
        return is_fresh, {"last_good_run": dg.MetadataValue.timestamp(last)}

    return look
