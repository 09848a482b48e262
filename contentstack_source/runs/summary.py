"""The summary of a run, and its sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from contentstack_source.errors import ContentstackError, RefusedError
from contentstack_source.source.stats import PassStats

_SHOWN: Final = 8
"""Findings named one by one before the rest is only counted."""


@dataclass
class RunSummary:
    """What a run did.

    Attributes:
        passes: passes that moved the stream.
        pages: answers of the Sync API.
        requests: requests sent, retries included.
        retries: requests sent because one before them had failed.
        rejects: items that could not be understood.
        rows_upserted: rows of entries and assets published.
        rows_deleted: rows of entries and assets unpublished or deleted one by one.
        upserted_by_table: rows upserted into each table, those of lists, logs and the model too.
        seconds: from the first step to the last.
        is_caught_up: False if the stack changed all the time.
        events: events received, by type.
        newest_event_at: of the events received; None if none came.
        unknown: values of fields the content model does not have, by `table.column`.
        variants: values that did not fit their column, by `table.column`.
        without_model: content types that the content model does not have.
        model_error: why the content model could not be read; empty if it was.
        invalid_tokens: tokens that the service no longer accepted.
        token_before: fingerprint of the token the run began with.
        token_after: fingerprint of the token it ended with.
        history_begins: the history was off until now, so that everything was loaded again.
        recreated: tables and columns that were missing, so that everything was loaded again.
        changed_table_options: changed table options, so that everything was loaded again.
        failed_views: why a view could not be made, by its name.
        row_counts_before: rows in each table when the run began.
        row_counts: rows in each table now.
        load_ids: of dlt's loads, one per pass that moved the stream.
    """

    passes: int = 0
    pages: int = 0
    requests: int = 0
    retries: int = 0
    rejects: int = 0
    rows_upserted: int = 0
    rows_deleted: int = 0
    upserted_by_table: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    is_caught_up: bool = False
    events: Counter[str] = field(default_factory=Counter)
    newest_event_at: datetime | None = None
    unknown: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    without_model: set[str] = field(default_factory=set)
    model_error: str = ""
    invalid_tokens: int = 0
    token_before: str | None = None
    token_after: str | None = None
    history_begins: bool = False
    recreated: list[str] = field(default_factory=list)
    changed_table_options: list[str] = field(default_factory=list)
    failed_views: dict[str, str] = field(default_factory=dict)
    row_counts_before: dict[str, int] = field(default_factory=dict)
    row_counts: dict[str, int] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)

    @property
    def changed_tables(self) -> list[str]:
        """Return the tables with upserted or deleted rows, sorted."""
        before, after = self.row_counts_before, self.row_counts
        shrunk = {name for name, count in before.items() if after.get(name, 0) < count}
        return sorted({*+self.upserted_by_table, *shrunk})

    def sentences(self) -> list[str]:
        """Return what users should read: what was odd, then one line that sums up the run."""
        return [*odd_lines(self), last_line(self)]

    def figures(self) -> Mapping[str, Any]:
        """Return what the run log and the JSON result share, under the names of the run log."""
        return {
            "passes": self.passes,
            "pages": self.pages,
            "requests": self.requests,
            "retries": self.retries,
            "events": dict(self.events),
            "rows_upserted": self.rows_upserted,
            "rows_deleted": self.rows_deleted,
            "rejects": self.rejects,
            "token_before": self.token_before,
        }

    def add(self, report: PassStats) -> None:
        """Add one pass."""
        self.passes += report.has_moved
        self.pages += report.pages
        self.requests += report.requests
        self.retries += report.retries
        self.rejects += report.rejects
        self.rows_upserted += report.rows_upserted
        self.rows_deleted += report.rows_deleted
        self.upserted_by_table.update(report.upserted_by_table)
        self.invalid_tokens += report.invalid_tokens
        self.events.update(report.events)
        instants = (self.newest_event_at, report.newest_event_at)
        self.newest_event_at = max(filter(None, instants), default=None)
        self.unknown.update(report.drift.unknown)
        self.variants.update(report.drift.variants)
        self.without_model.update(report.drift.without_model)
        self.history_begins |= report.history_begins
        self.model_error = self.model_error or report.model_error
        self.changed_table_options = self.changed_table_options or report.changed_table_options


def outcome_of(error: ContentstackError | None) -> str:
    """Return how a run ended, in one word: `ok`, `failed` or `refused`."""
    if error is None:
        return "ok"
    return "refused" if isinstance(error, RefusedError) else "failed"


def odd_lines(summary: RunSummary) -> list[str]:
    """Return a sentence for everything that did not fit, none if all did."""
    lines = []
    if summary.invalid_tokens:
        lines.append(
            f"{number(summary.invalid_tokens, 'token')} no longer accepted by the service: "
            "read again from the last good one, or from the start."
        )
    if summary.recreated:
        names = ", ".join(summary.recreated[:_SHOWN])
        lines.append(f"Missing at the destination, so all tables were reloaded: {names}.")
    if summary.history_begins:
        lines.append("History begins with this run, so all tables were reloaded.")
    if summary.changed_table_options:
        names = ", ".join(summary.changed_table_options)
        lines.append(f"{names} changed: all tables were reloaded.")
    if summary.rejects:
        lines.append(
            f"{number(summary.rejects, 'item')} could not be understood: see sync_rejects."
        )
    lines += [
        f"The view {name} could not be made ({reason}). The tables are complete without it."
        for name, reason in summary.failed_views.items()
    ]
    if summary.model_error:
        lines.append(
            "The content model could not be read, so types are inferred from the data: "
            f"{summary.model_error}."
        )
    elif summary.without_model:
        names = ", ".join(sorted(summary.without_model))
        lines.append(f"No content model for {names}: types are inferred from the data.")
    lines += _drift_lines("Values of fields the content model does not have", summary.unknown)
    lines += _drift_lines(
        "Values that do not match their column, kept in a variant column", summary.variants
    )
    return lines


def last_line(summary: RunSummary) -> str:
    """Return the one line that sums up a run."""
    did = f"{number(summary.passes, 'pass', 'passes')}, " if summary.passes else ""
    retried = f" ({summary.retries} retried)" if summary.retries else ""
    work = f"{did}{number(summary.requests, 'request')}{retried} in {summary.seconds:.1f} s."
    if not summary.is_caught_up:
        return f"Not caught up: the stack keeps changing. {work} Run again."
    return f"Up to date: {work}" if summary.passes else f"Nothing changed: {work}"


def _drift_lines(title: str, counts: Counter[str]) -> list[str]:
    if not counts:
        return []
    named = [f"{name} ({count:,})" for name, count in counts.most_common(_SHOWN)]
    rest = len(counts) - len(named)
    return [f"{title}: {', '.join(named)}" + (f" and {rest} more columns." if rest else ".")]


def number(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
