"""The stacks of a code location: one, or a partition for each of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import dagster as dg

from contentstack_source.destinations.target import Target

POOL: Final = "contentstack"
"""The instance limits it to one run at a time; `runs.locks` stops any other."""

RUNS: Final = "sync_runs"
"""The table in which every run leaves a row."""

Tables = Mapping[str, Mapping[str, str]]
"""The tables of content types by name, as `ContentTable` describes them."""

_PARTITION_TAG: Final = "dagster/partition"


def key_of(table: str) -> dg.AssetKey:
    """Return the asset of a table."""
    return dg.AssetKey(["contentstack", table])


def storage_of(target: Target) -> str:
    """Return the kind of destination a target has, as Dagster shows it: `duckdb`."""
    name = getattr(target.destination, "destination_name", target.destination)
    return str(name).rpartition(".")[2]


@dataclass(frozen=True)
class Stacks:
    """The stacks by name.

    Attributes:
        targets: where each is loaded to.
    """

    targets: Mapping[str, Target]

    @property
    def partitions(self) -> dg.StaticPartitionsDefinition | None:
        """Return a partition a stack; None if there is one stack only."""
        return dg.StaticPartitionsDefinition([*self.targets]) if len(self.targets) > 1 else None

    def of_run(self, run: dg.DagsterRun) -> Mapping[str, Target]:
        """Return the stacks that a run is about: one, but all for checks run by themselves."""
        name = run.tags.get(_PARTITION_TAG)
        return {name: self.targets[name]} if name else self.targets

    def request(self, name: str, moment: str = "") -> dg.RunRequest:
        """Return what asks Dagster to sync a stack; once only, if it names the moment."""
        key = f"{name} {moment}" if moment else None
        return dg.RunRequest(run_key=key, partition_key=name if self.partitions else None)

    def last_run(
        self, instance: dg.DagsterInstance, job_name: str, name: str
    ) -> dg.DagsterRun | None:
        """Return the newest run of a job about a stack."""
        tags = {_PARTITION_TAG: name} if self.partitions else {}
        runs = instance.get_runs(dg.RunsFilter(job_name=job_name, tags=tags), limit=1)
        return runs[0] if runs else None

    def named(self, word: str, name: str) -> str:
        """Return a word of its own for a stack, where there are many."""
        return f"{word}_{name}" if self.partitions else word
