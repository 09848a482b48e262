"""Runs: until caught up, and one at a time."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import pendulum
from dlt.common.destination.exceptions import DestinationException
from dlt.common.pipeline import LoadInfo
from dlt.common.runtime import signals
from dlt.common.runtime.collector_base import Collector
from dlt.common.schema import Schema
from dlt.extract.source import DltSource
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.api.client import Client
from contentstack_source.api.fetch import has_changed
from contentstack_source.dataset import row_checks
from contentstack_source.dataset.view_definitions import update_standard_views
from contentstack_source.destinations.capabilities import refuse_unsupported
from contentstack_source.destinations.load_step import bounded_memory, configure_load
from contentstack_source.destinations.state import (
    SOURCE,
    SyncState,
    forget_tokens,
    sync_state_of,
)
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import (
    ConcurrentRunError,
    ContentstackError,
    DatasetOwnedError,
    NoHistoryError,
    SettingsChangedError,
    SettingsError,
    UnknownTablesError,
)
from contentstack_source.runs import locks, recovery, run_log
from contentstack_source.runs.summary import RunSummary, outcome_of
from contentstack_source.settings import Settings
from contentstack_source.source import sync_source
from contentstack_source.source.configuration import load_settings
from contentstack_source.source.run_context import RunContext
from contentstack_source.source.stats import PassStats
from contentstack_source.source.sync_pass import spool_folder

_MOST_PASSES: Final = 50
"""A stack that changes faster than it can be read is caught up with in the next run."""

_WRITE_NOTHING: Final = (
    SettingsError,
    SettingsChangedError,
    UnknownTablesError,
    DatasetOwnedError,
    NoHistoryError,
    ConcurrentRunError,
)
_FROM_CONFIGURATION: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class CatchUp:
    """What a sync or a resync does.

    Attributes:
        settings: arguments of `contentstack_source`; others come from dlt's configuration.
        from_start: load everything again, whatever the state is.
        take_over: become the owner of the dataset.
    """

    settings: Mapping[str, Any]
    from_start: bool = False
    take_over: bool = False


@dataclass(frozen=True)
class Status:
    """Where a stream stands.

    Attributes:
        sync_state: None if nothing was ever loaded.
        row_counts: rows in each table now.
    """

    sync_state: SyncState | None
    row_counts: dict[str, int]


def sync(
    target: Target,
    progress: Collector | None = None,
    settings: Mapping[str, Any] = _FROM_CONFIGURATION,
    summary: RunSummary | None = None,
) -> RunSummary:
    """Load what changed, again and again until nothing did.

    Args:
        target: where to.
        progress: shows how far the run is.
        settings: arguments of `contentstack_source`; others come from dlt's configuration.
        summary: filled as the run goes, so that a failed run can be reported too.

    Raises:
        RefusedError: needs user action.
        FailedError: worth trying again; the next run goes on where this one stopped.
    """
    options = CatchUp(settings)
    return recorded(target, progress, summary or RunSummary(), partial(_catch_up, options=options))


def resync(
    target: Target,
    progress: Collector | None = None,
    settings: Mapping[str, Any] = _FROM_CONFIGURATION,
    summary: RunSummary | None = None,
    *,
    take_over: bool = False,
) -> RunSummary:
    """Load everything again and delete what is no longer published, whatever the state is.

    Args:
        target: where to.
        progress: shows how far the run is.
        settings: arguments of `contentstack_source`; others come from dlt's configuration.
        summary: filled as the run goes, so that a failed run can be reported too.
        take_over: become the owner of a dataset that another pipeline keeps; from then on that
            one is refused.

    Raises:
        RefusedError: needs user action.
        FailedError: worth trying again: `resync`, or `sync` for what changed since the last load.
    """
    options = CatchUp(settings, from_start=True, take_over=take_over)
    return recorded(target, progress, summary or RunSummary(), partial(_catch_up, options=options))


def status(target: Target) -> Status:
    """Return where the stream stands at the destination; writes nothing there.

    Raises:
        FailedError: the destination cannot be read.
    """
    with one_line_errors():
        pipeline = target.pipeline()
        refuse_unsupported(pipeline.destination)
        pipeline.sync_destination()
        return Status(sync_state_of(pipeline.state), row_checks.count_rows(pipeline))


def recorded(
    target: Target,
    progress: Collector | None,
    summary: RunSummary,
    work: Callable[[Pipeline, RunSummary], Settings],
) -> RunSummary:
    """Do the work of a run under the lock of its target, and leave a row in the run log.

    Args:
        target: where to.
        progress: shows how far the run is.
        summary: filled as the run goes.
        work: fills the summary, and returns the settings it used.

    Raises:
        ContentstackError: as `work` did.
    """
    with one_line_errors(), locks.one_run_at_a_time(target), ExitStack() as to_the_end:
        started, started_at = time.monotonic(), pendulum.now("UTC")
        pipeline = target.pipeline(progress)
        configure_load(pipeline)
        refuse_unsupported(pipeline.destination)
        error: ContentstackError | None = None
        try:
            with one_line_errors():
                settings = work(pipeline, summary)
                to_the_end.enter_context(locks.connected(pipeline))
                check = summary.passes > 0  # a run that loads nothing does not check the views
                summary.failed_views = update_standard_views(pipeline, settings, check=check)
        except _WRITE_NOTHING:
            raise  # nothing may be written, or another run is writing
        except ContentstackError as failed:
            error = failed
        if summary.passes or error is not None:
            with suppress(DestinationException):  # the first error is the one to report
                summary.row_counts = row_checks.count_rows(pipeline)
        summary.token_after = run_log.token_fingerprint(pipeline)
        _record(pipeline, summary, started_at, error)
        summary.seconds = time.monotonic() - started
        if error is not None:
            raise error
        return summary


def _catch_up(pipeline: Pipeline, summary: RunSummary, options: CatchUp) -> Settings:
    settings = load_settings(options.settings)
    if options.from_start:
        _delete_pages(pipeline)
    recovery.drop_incomplete_folder(pipeline)
    with locks.connected(pipeline):
        confirmed = recovery.trust_destination(pipeline)
        if options.take_over:
            schema = recovery.take_dataset_over(pipeline)
        else:
            recovery.refuse_other_owner(pipeline)
            schema = recovery.known_schema(pipeline)
        summary.token_before = run_log.token_fingerprint(pipeline)
        summary.recreated = recovery.missing_tables(pipeline, schema)
        if schema is not None and summary.recreated:
            recovery.make_tables(pipeline, schema, summary.recreated)
        if options.from_start or summary.recreated:
            with pipeline.managed_state() as state:
                forget_tokens(state.get("sources", {}).get(SOURCE, {}))
        summary.row_counts = summary.row_counts_before = row_checks.count_rows(pipeline)
    for _ in range(_MOST_PASSES):
        context = RunContext(loads_once=True)
        try:
            known = None if pipeline.schema_names else schema
            source = sync_source(settings, context)
            if (info := run_pass(pipeline, source, context, confirmed, known)) is not None:
                summary.load_ids += info.loads_ids
        finally:
            summary.add(context.stats)
        if not context.stats.has_moved or not _has_changed_since(settings, context, summary):
            summary.is_caught_up = True
            break
        confirmed = recovery.confirmed_state(pipeline)
    return settings


def _record(
    pipeline: Pipeline,
    summary: RunSummary,
    started_at: pendulum.DateTime,
    error: ContentstackError | None,
) -> None:
    run_log.record(
        pipeline,
        {
            "started_at": started_at,
            "ended_at": pendulum.now("UTC"),
            "outcome": outcome_of(error),
            "error": None if error is None else str(error),
            **summary.figures(),
            "row_counts": _rows_left(pipeline, summary),
        },
    )


def _rows_left(pipeline: Pipeline, summary: RunSummary) -> Mapping[str, int]:
    """Return the rows that runs left in each table, not changes by other processes since."""
    last = run_log.last_run(pipeline) if not summary.passes else None
    is_unchanged = last is not None and last.token == run_log.token_fingerprint(pipeline)
    return last.row_counts if last and is_unchanged and last.row_counts else summary.row_counts


def _has_changed_since(settings: Settings, context: RunContext, summary: RunSummary) -> bool:
    """Ask whether anything changed during a pass (FACTS 7.6), without all that a pass takes."""
    client = Client(settings)
    answer = has_changed(client, context.stats.tokens)
    summary.pages += client.requests - client.retries
    summary.requests += client.requests
    summary.retries += client.retries
    return answer


def run_pass(
    pipeline: Pipeline,
    source: DltSource,
    context: RunContext,
    confirmed: str | None,
    schema: Schema | None,
) -> LoadInfo | None:
    """Run one pass: what `pipeline.run` does, alone at the destination while it loads.

    Args:
        pipeline: loads the pass.
        source: made with `context`.
        context: has `loads_once`: a load that breaks is dropped and extracted again, by
            `recovery.trust_destination`.
        confirmed: the hash of the state that the destination had before.
        schema: of the dataset, where the pipeline does not know it.

    Returns:
        What was loaded; None if there was nothing to load.
    """
    parts = [source, *run_log.to_make(pipeline)]
    if schema is None:
        pipeline.extract(parts)
    else:
        pipeline.extract(parts, schema=schema)
        pipeline.schemas.save_schema(pipeline.default_schema)  # dlt writes only what it changed
    gc.collect()  # what a pass holds is as large as the stack, and dlt's pipes hold the pass
    if not pipeline.has_pending_data:
        return None
    # dlt ends what is under way when a signal comes, and then forgets that one came.
    with signals.intercepted_signals():
        pipeline.normalize()
        # Open all the time: DuckDB writes its file back whenever the last connection closes.
        with (
            locks.alone_at_destination(pipeline, confirmed),
            _limited_memory(pipeline, context.stats),
        ):
            info = pipeline.load()
        _delete_pages(pipeline)
        signals.raise_if_signalled()
    return info


def _delete_pages(pipeline: Pipeline) -> None:
    folder = spool_folder(pipeline.pipelines_dir, pipeline.pipeline_name)
    shutil.rmtree(folder, ignore_errors=True)


def _limited_memory(pipeline: Pipeline, stats: PassStats) -> AbstractContextManager[None]:
    return nullcontext() if stats.merges else bounded_memory(pipeline, stats.largest_batch_bytes)
