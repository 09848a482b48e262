"""What there is to say about a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contentstack_source.errors import ContentstackError, RefusedError
from contentstack_source.fetch import Report


@dataclass
class Summary:
    """What a run did.

    Attributes:
        passes: passes that moved the stream.
        pages: answers of the Sync API.
        requests: requests sent, retries included.
        retries: requests sent because one before them had failed.
        rejects: items that could not be understood.
        rows_put: rows of entries and assets published.
        rows_removed: rows of entries and assets unpublished or deleted one by one.
        put_by_table: rows put into each table, those of lists, logs and the model too.
        seconds: from the first step to the last.
        is_caught_up: False if the stack changed all the time.
        events: events received, by type.
        newest_event_at: of the events received; None if none came.
        unknown: values of fields the content model does not have, by `table.column`.
        variants: values that did not fit their column, by `table.column`.
        without_model: content types that the content model does not have.
        model_error: why the content model could not be read; empty if it was.
        refused_tokens: tokens the service no longer accepted.
        token_before: fingerprint of the token the run began with.
        token_after: fingerprint of the token it ended with.
        history_begins: the history was off until now, so that all was loaded anew.
        healed: tables that were missing, so that all was loaded anew.
        reshaped_by: settings that shape the tables otherwise, so that all was loaded anew.
        failed_views: why a view could not be made, by its name.
        row_counts_before: rows in each table when the run began.
        row_counts: rows in each table now.
        load_ids: of dlt's loads, one a pass that moved the stream.
    """

    passes: int = 0
    pages: int = 0
    requests: int = 0
    retries: int = 0
    rejects: int = 0
    rows_put: int = 0
    rows_removed: int = 0
    put_by_table: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    is_caught_up: bool = False
    events: Counter[str] = field(default_factory=Counter)
    newest_event_at: datetime | None = None
    unknown: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    without_model: set[str] = field(default_factory=set)
    model_error: str = ""
    refused_tokens: int = 0
    token_before: str | None = None
    token_after: str | None = None
    history_begins: bool = False
    healed: list[str] = field(default_factory=list)
    reshaped_by: list[str] = field(default_factory=list)
    failed_views: dict[str, str] = field(default_factory=dict)
    row_counts_before: dict[str, int] = field(default_factory=dict)
    row_counts: dict[str, int] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)

    @property
    def changed_tables(self) -> list[str]:
        """Return the tables that rows were put into or taken from, sorted."""
        before, after = self.row_counts_before, self.row_counts
        shrunk = {name for name, count in before.items() if after.get(name, 0) < count}
        return sorted({*+self.put_by_table, *shrunk})

    def figures(self) -> Mapping[str, Any]:
        """Return what both the ledger and the closing line tell, under the names of the ledger."""
        return {
            "passes": self.passes,
            "pages": self.pages,
            "requests": self.requests,
            "retries": self.retries,
            "events": dict(self.events),
            "rows_put": self.rows_put,
            "rows_removed": self.rows_removed,
            "rejects": self.rejects,
            "token_before": self.token_before,
        }

    def add(self, report: Report) -> None:
        """Add one pass."""
        self.passes += report.has_moved
        self.pages += report.pages
        self.requests += report.requests
        self.retries += report.retries
        self.rejects += report.rejects
        self.rows_put += report.rows_put
        self.rows_removed += report.rows_removed
        self.put_by_table.update(report.put_by_table)
        self.refused_tokens += report.refused_tokens
        self.events.update(report.events)
        instants = (self.newest_event_at, report.newest_event_at)
        self.newest_event_at = max(filter(None, instants), default=None)
        self.unknown.update(report.findings.unknown)
        self.variants.update(report.findings.variants)
        self.without_model.update(report.findings.without_model)
        self.history_begins |= report.history_begins
        self.model_error = self.model_error or report.model_error
        self.reshaped_by = self.reshaped_by or report.reshaped_by


def outcome_of(error: ContentstackError | None) -> str:
    """Return how a run ended, in one word: `ok`, `failed` or `refused`."""
    if error is None:
        return "ok"
    return "refused" if isinstance(error, RefusedError) else "failed"
