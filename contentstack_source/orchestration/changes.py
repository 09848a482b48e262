"""What a run changed, table by table, for schedulers of what depends on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pendulum

from contentstack_source.dataset import row_checks
from contentstack_source.dataset.row_checks import Received
from contentstack_source.destinations.hints import existing_tables
from contentstack_source.destinations.state import sync_state_of
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.events import SYS_ASSETS
from contentstack_source.runs.summary import RunSummary

_RUNS: Final = "sync_runs"


@dataclass(frozen=True)
class Change:
    """A table that changed, the tables of its lists included.

    Attributes:
        table: its name.
        columns: the types of its columns by name, as dlt calls them.
        rows: rows in it when the run ended, before it left its own in `sync_runs`.
        lists: rows in the table of each of its lists.
        events: events of the run that concern it, by event type.
        newest_event: the latest `event_at` of them.
    """

    table: str
    columns: Mapping[str, str]
    rows: int
    lists: Mapping[str, int]
    events: Mapping[str, int]
    newest_event: pendulum.DateTime | None


def changes(target: Target, summary: RunSummary, reported_until: str | None) -> Iterator[Change]:
    """Yield the tables that changed since the last report; `sync_runs` always.

    Another run may have loaded meanwhile, or a run may have failed after its load. Then what
    changed is unknown, and all tables are reported.

    Args:
        target: where the run loaded to. Its working directory is left alone.
        summary: of the run.
        reported_until: `token_after` of the run that was reported last; None if none was.

    Raises:
        FailedError: the destination cannot be read.
    """
    with one_line_errors(), target.temporary_pipeline() as pipeline:
        pipeline.sync_destination()
        schema = pipeline.default_schema
        found = existing_tables(schema)
        received = list(row_checks.events_of(pipeline, summary.load_ids))
        sync_state = sync_state_of(pipeline.state)
    table_names = {**(sync_state.tables if sync_state else {}), SYS_ASSETS: "assets"}
    is_continued = summary.token_before == reported_until
    changed = summary.changed_tables if is_continued else summary.row_counts
    roots = {found[name].list_of or name for name in [*changed, _RUNS] if name in found}
    for table in sorted(roots):
        events = [each for each in received if _concerns(table, each, table_names)]
        yield Change(
            table=table,
            columns=found[table].columns,
            rows=summary.row_counts.get(table, 0),
            lists={
                name: summary.row_counts.get(name, 0)
                for name, each in sorted(found.items())
                if each.list_of == table
            },
            events=_counts(events),
            newest_event=max((each.newest for each in events), default=None),
        )


def _concerns(table: str, received: Received, table_names: Mapping[str, str]) -> bool:
    if table == "entries":
        return received.content_type_uid != SYS_ASSETS
    return table == "sync_events" or table_names.get(received.content_type_uid) == table


def _counts(events: Sequence[Received]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for each in events:
        counts[each.event_type] += each.count
    return dict(counts)
