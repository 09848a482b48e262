"""A run that makes the tables anew from their history."""

from __future__ import annotations

from dlt.common.runtime.collector_base import Collector
from dlt.pipeline.pipeline import Pipeline

from contentstack_source import guard, ledger, tally
from contentstack_source.failures import one_line_errors
from contentstack_source.passes import CONTENT_TYPES
from contentstack_source.position import SYNC
from contentstack_source.rebuild import no_history
from contentstack_source.run import recorded, run_pass
from contentstack_source.settings import HISTORY, Settings
from contentstack_source.source import history_source, settings_of
from contentstack_source.summary import Summary
from contentstack_source.target import Target


def rebuild(target: Target, progress: Collector | None = None) -> Summary:
    """Make all tables anew from their history, without a request to the service.

    Raises:
        NoHistoryError: there is none, or it misses what the tables hold.
        RefusedError: a human must act.
        FailedError: worth trying again.
    """
    with one_line_errors(), guard.one_run_at_a_time(target):
        return recorded(target, progress, Summary(), _rebuild)


def _rebuild(pipeline: Pipeline, summary: Summary) -> Settings:
    confirmed = guard.trust_destination(pipeline)
    guard.refuse_other_owner(pipeline)
    summary.token_before = ledger.token_fingerprint(pipeline)
    schema = guard.known_schema(pipeline)
    summary.healed = guard.missing_tables(pipeline, schema)
    lost = {name.split(".")[0] for name in summary.healed}
    if schema is None or {HISTORY, CONTENT_TYPES} & lost:
        raise no_history()
    guard.make_tables(pipeline, schema, summary.healed)
    summary.row_counts_before = tally.count_rows(pipeline)
    source = history_source()
    if (info := run_pass(pipeline, source, confirmed, None)) is not None:
        summary.load_ids += info.loads_ids
    summary.add(source.resources[SYNC].custom_metrics["report"])
    summary.is_caught_up = True
    return settings_of(source)
