"""What a pass was and did, and the pass that goes with it from resource to resource."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from contentstack_source.api.fetch import FetchStats
from contentstack_source.schema import RowBatch, SchemaDrift
from contentstack_source.transform.change_set import ChangeSet


@dataclass
class PassStats(FetchStats):
    """What a pass was and did; the summary of a run adds these up.

    Attributes:
        has_moved: the stream ended elsewhere than it began.
        changed_table_options: table options that changed, so that all streams need a full sync.
        history_begins: the history was off until now, so that all streams need a full sync.
        events: by event type.
        newest_event_at: of the events; None if there are none.
        rejects: items that could not be understood.
        rows_upserted: rows of entries and assets published.
        rows_deleted: rows of entries and assets unpublished or deleted one by one.
        merges: some rows go to tables that had rows before.
        largest_batch_bytes: of the rows handed to dlt at once, as Arrow has them.
        upserted_by_table: rows upserted into each table, those of lists, logs and the model too.
        drift: what the content model did not foresee.
    """

    has_moved: bool = False
    changed_table_options: list[str] = field(default_factory=list)
    history_begins: bool = False
    events: dict[str, int] = field(default_factory=dict)
    newest_event_at: datetime | None = None
    rejects: int = 0
    rows_upserted: int = 0
    rows_deleted: int = 0
    merges: bool = False
    largest_batch_bytes: int = 0
    upserted_by_table: Counter[str] = field(default_factory=Counter)
    drift: SchemaDrift = field(default_factory=SchemaDrift)

    def count_changes(self, changes: ChangeSet) -> None:
        """Take over what a pass changes."""
        self.events = changes.events
        self.newest_event_at = changes.newest_event_at
        self.rejects = changes.rejects
        self.rows_upserted = changes.rows_upserted
        self.rows_deleted = changes.rows_deleted
        self.drift = changes.drift

    def count_rows(self, rows: RowBatch, data_rows: int, *, merges: bool) -> None:
        """Count rows that are handed to dlt.

        Args:
            rows: of one table.
            data_rows: how many of them come to stay.
            merges: the table had rows before.
        """
        self.upserted_by_table[rows.table] += data_rows
        self.merges |= merges
        self.largest_batch_bytes = max(self.largest_batch_bytes, rows.data.nbytes)


@dataclass(frozen=True)
class RunningPass:
    """What the resource `sync` hands to the others.

    Attributes:
        changes: the rows to load.
        stats: of the pass, filled while they are loaded.
    """

    changes: ChangeSet
    stats: PassStats
