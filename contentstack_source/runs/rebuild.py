"""A run that rebuilds the tables from their history."""

from __future__ import annotations

from dlt.common.runtime.collector_base import Collector
from dlt.pipeline.pipeline import Pipeline

from contentstack_source.dataset import row_checks
from contentstack_source.destinations.target import Target
from contentstack_source.runs import recovery, run_log
from contentstack_source.runs.run import recorded, run_pass
from contentstack_source.runs.summary import RunSummary
from contentstack_source.settings import HISTORY, Settings
from contentstack_source.source import rebuild_source
from contentstack_source.source.configuration import load_local_settings
from contentstack_source.source.rebuild_pass import no_history
from contentstack_source.source.run_context import RunContext
from contentstack_source.transform.change_set import CONTENT_TYPES


def rebuild(target: Target, progress: Collector | None = None) -> RunSummary:
    """Rebuild all tables from their history, without a request to the service.

    Raises:
        NoHistoryError: there is none, or it misses what the tables hold.
        RefusedError: needs user action.
        FailedError: worth trying again.
    """
    return recorded(target, progress, RunSummary(), _rebuild)


def _rebuild(pipeline: Pipeline, summary: RunSummary) -> Settings:
    confirmed = recovery.trust_destination(pipeline)
    recovery.refuse_other_owner(pipeline)
    summary.token_before = run_log.token_fingerprint(pipeline)
    schema = recovery.known_schema(pipeline)
    summary.recreated = recovery.missing_tables(pipeline, schema)
    lost = {name.split(".")[0] for name in summary.recreated}
    if schema is None or {HISTORY, CONTENT_TYPES} & lost:
        raise no_history()
    recovery.make_tables(pipeline, schema, summary.recreated)
    summary.row_counts_before = row_checks.count_rows(pipeline)
    settings, context = load_local_settings(), RunContext(loads_once=True)
    source = rebuild_source(settings, context)
    if (info := run_pass(pipeline, source, context, confirmed, None)) is not None:
        summary.load_ids += info.loads_ids
    summary.add(context.stats)
    summary.is_caught_up = True
    return settings
