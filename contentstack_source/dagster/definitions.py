"""All definitions of a code location, and what they are when the stack is out of reach."""

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

import dagster as dg

# No public name leads to it; Dagster's own integrations load by it what a service describes.
from dagster._core.definitions.definitions_load_context import StateBackedDefinitionsLoader

from contentstack_source.dagster.assets import stack_spec, sync_assets
from contentstack_source.dagster.stacks import Stacks
from contentstack_source.dagster.triggers import schedule, sensor
from contentstack_source.destinations.target import Target
from contentstack_source.orchestration.planned_tables import fetch_tables

JOB: Final = "contentstack"
CHECKS_JOB: Final = "contentstack_checks"
_RETRIES: Final = dg.RetryPolicy(
    max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def contentstack_definitions(
    stacks: Mapping[str, Target],
    *,
    cron: str = "7 * * * *",
    sensor_interval_seconds: int = 30,
    freshness_window: timedelta = timedelta(hours=3),
    retries: dg.RetryPolicy = _RETRIES,
) -> dg.Definitions:
    """Return assets, checks, a job, a schedule and a sensor for one stack or many.

    Args:
        stacks: where each stack is loaded to, by its name. Many are partitions; each needs a
            dataset and a pipeline name of its own, and has its credentials under that name.
        cron: when to sync whether anything changed or not.
        sensor_interval_seconds: how often the sensor asks for changes.
        freshness_window: how long ago the last good run may be.
        retries: for errors worth trying again; others fail at once.
    """
    loader = _Loader(Stacks(stacks), cron, sensor_interval_seconds, freshness_window, retries)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)  # of the loader's own way
        return loader.build_defs()


@dataclass(frozen=True)
class _Loader(StateBackedDefinitionsLoader[dict[str, dict[str, str]]]):
    """Asks which tables there are when the code location loads, and passes the answer to workers.

    So a worker has the same assets as the run it works for, without a request.
    """

    stacks: Stacks
    cron: str
    sensor_interval_seconds: int
    freshness_window: timedelta
    retries: dg.RetryPolicy

    @property
    def defs_key(self) -> str:
        return "contentstack_tables"

    def fetch_state(self) -> dict[str, dict[str, str]]:
        """Return the tables of content types by name, those of all stacks together."""
        found = [each for target in self.stacks.targets.values() for each in fetch_tables(target)]
        return {each.name: asdict(each) for each in found}

    def defs_from_state(self, state: dict[str, dict[str, str]]) -> dg.Definitions:
        assets = sync_assets(self.stacks, state, self.retries, self.freshness_window)
        job = dg.define_asset_job(
            JOB,
            selection=dg.AssetSelection.assets(assets),
            # A lost worker is replaced; errors of a sync are for `retries`.
            tags={"dagster/max_retries": "2", "dagster/retry_on_asset_or_op_failure": "false"},
        )
        checks = dg.define_asset_job(
            CHECKS_JOB, selection=dg.AssetSelection.checks_for_assets(assets)
        )
        return dg.Definitions(
            assets=[
                stack_spec(),
                assets,
            ],
            jobs=[job, checks],
            schedules=[schedule(self.stacks, JOB, self.cron)],
            sensors=[sensor(self.stacks, JOB, self.sensor_interval_seconds)],
        )
