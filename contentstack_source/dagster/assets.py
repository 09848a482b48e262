"""The assets: one per table, and the run that brings all of them up to date."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import dagster as dg
import pendulum

from contentstack_source.dagster.checks import checks_of, results
from contentstack_source.dagster.stacks import POOL, RUNS, Stacks, Tables, key_of, storage_of
from contentstack_source.destinations.target import Target
from contentstack_source.errors import ContentstackError, RefusedError
from contentstack_source.orchestration.changes import Change, changes
from contentstack_source.runs import run
from contentstack_source.runs.summary import RunSummary, last_line, odd_lines

_GROUP: Final = "contentstack"
_STACK: Final = dg.AssetKey("contentstack_stack")

_TOKEN: Final = "token_after"  # noqa: S105 - the name of its fingerprint

OWN_TABLES: Final = {
    "assets": "Assets published now in a locale.",
    "entries": "Published entries of every content type, with what all share.",
    "content_types": "Content types of the stack, with the table of each.",
    "sync_events": "Events received, append-only.",
    "sync_rejects": "Items that could not be understood.",
    "sync_runs": "Runs. Every good run leaves a row, whether anything changed or not.",
}
"""The tables there are whatever the content model is."""

Result = dg.MaterializeResult[Any] | dg.AssetCheckResult


def sync_assets(
    stacks: Stacks, tables: Tables, retries: dg.RetryPolicy, freshness_window: timedelta
) -> dg.AssetsDefinition:
    """Return the assets of all tables, those of content types included, with their checks.

    A run materialises the tables that changed, and `sync_runs`; others are skipped, and so is what
    depends on them. Whichever assets are asked for, a sync loads all that changed. Asked for checks
    alone, it only checks the tables.
    """
    descriptions = OWN_TABLES | {name: _described(each) for name, each in tables.items()}
    checks = checks_of(stacks, tables, freshness_window)
    kinds = {"dlt", *sorted(map(storage_of, stacks.targets.values()))[:2]}  # three at most

    @dg.multi_asset(
        name="contentstack_sync",
        specs=[_spec(table, text, kinds, freshness_window) for table, text in descriptions.items()],
        check_specs=[dg.AssetCheckSpec(key.name, asset=key.asset_key) for key in checks],
        can_subset=True,
        partitions_def=stacks.partitions,
        pool=POOL,
        retry_policy=retries,
    )
    def contentstack_sync(context: dg.AssetExecutionContext) -> Iterator[Result]:
        selected = {key: checks[key] for key in sorted(context.selected_asset_check_keys)}
        for name, target in stacks.of_run(context.run).items():
            if context.selected_asset_keys:
                yield from _materialised(context, _sync(context, target))
            if selected:
                yield from results(stacks, name, selected)

    return contentstack_sync


def stack_spec() -> dg.AssetSpec:
    """Return where all comes from: an asset that Dagster does not make."""
    return dg.AssetSpec(
        _STACK, description="What is published.", group_name=_GROUP, kinds={"contentstack"}
    )


def _spec(
    table: str, description: str, kinds: set[str], freshness_window: timedelta
) -> dg.AssetSpec:
    is_runs = table == RUNS  # the one table that every good run writes to
    return dg.AssetSpec(
        key_of(table),
        deps=[_STACK],
        description=description,
        group_name=_GROUP,
        kinds=kinds,
        skippable=True,
        freshness_policy=dg.FreshnessPolicy.time_window(freshness_window) if is_runs else None,
    )


def _described(table: Mapping[str, str]) -> str:
    about = f" {table['description']}" if table["description"] else ""
    return f"Entries of {table['title']}, published now in a locale.{about}"


def _sync(context: dg.AssetExecutionContext, target: Target) -> dict[str, dict[str, Any]]:
    """Sync until caught up, and return the metadata of each table written to.

    Raises:
        Failure: without retries if the error needs user action.
    """
    try:
        summary = run.sync(target)
        changed = changes(target, summary, _reported_until(context))
        found = {each.table: _metadata(each, target) for each in changed}
    except ContentstackError as error:
        may_retry = not isinstance(error, RefusedError)
        raise dg.Failure(str(error), allow_retries=may_retry) from error
    if RUNS in found:
        found[RUNS] |= _run_metadata(summary)
    for line in odd_lines(summary):
        context.log.warning(line)
    context.log.info(last_line(summary))
    return found


def _materialised(
    context: dg.AssetExecutionContext, changed: Mapping[str, Mapping[str, Any]]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Yield the results that the run was asked for, and record the others."""
    for table, metadata in changed.items():
        key = key_of(table)
        if key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)
            continue
        if key not in context.assets_def.keys:
            context.log.warning("%s is new: reload the code location to see it.", table)
        partition = context.partition_key if context.has_partition_key else None
        context.log_event(dg.AssetMaterialization(key, metadata=metadata, partition=partition))


def _metadata(change: Change, target: Target) -> dict[str, Any]:
    columns = [dg.TableColumn(name, kind) for name, kind in change.columns.items()]
    metadata: dict[str, Any] = {
        "dagster/row_count": change.rows,
        "dagster/table_name": f"{target.dataset}.{change.table}",
        "dagster/storage_kind": storage_of(target),
        "dagster/column_schema": dg.TableSchema(columns),
    }
    if change.lists:
        metadata["lists"] = dict(change.lists)
    if change.events:
        metadata["events"] = dict(change.events)
    if change.newest_event is not None:
        lag = pendulum.now("UTC") - change.newest_event
        metadata["newest_event"] = dg.MetadataValue.timestamp(change.newest_event)
        metadata["lag_seconds"] = round(lag.total_seconds(), 1)
    return metadata


def _reported_until(context: dg.AssetExecutionContext) -> str | None:
    """Return the token up to which changes were reported to Dagster; None if none were."""
    partitions = [context.partition_key] if context.has_partition_key else None
    of_runs = dg.AssetRecordsFilter(key_of(RUNS), asset_partitions=partitions)
    for record in context.instance.fetch_materializations(of_runs, limit=1).records:
        if (event := record.asset_materialization) and _TOKEN in event.metadata:
            return str(event.metadata[_TOKEN].value)
    return None


def _run_metadata(summary: RunSummary) -> dict[str, Any]:
    """Return the metadata of a run, for the asset `sync_runs`."""
    return {
        "passes": summary.passes,
        "requests": summary.requests,
        "retries": summary.retries,
        "rows_upserted": summary.rows_upserted,
        "rows_deleted": summary.rows_deleted,
        "rejects": summary.rejects,
        "seconds": round(summary.seconds, 1),
        "events": dict(summary.events),
        _TOKEN: summary.token_after or "",
    }
