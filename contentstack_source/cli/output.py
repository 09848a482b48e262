"""What the command line prints about a run: tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping

import pendulum
from rich.console import Console
from rich.table import Table

from contentstack_source.destinations.state import SyncState
from contentstack_source.events import EVENT_TYPES
from contentstack_source.runs.run import Status
from contentstack_source.runs.summary import RunSummary, last_line, number, odd_lines


def print_summary(console: Console, summary: RunSummary) -> None:
    """Print what a run did: events by type, rows by table, requests, seconds, and what was odd."""
    if summary.passes:
        console.print(_counts("event", "received", summary.events))
    console.print(_rows(summary.row_counts))
    for line in odd_lines(summary):
        console.print(line, style="yellow")
    console.print(last_line(summary))


def print_rebuilt(console: Console, summary: RunSummary) -> None:
    """Print what a rebuild left in the tables, and what was odd."""
    console.print(_rows(summary.row_counts))
    for line in odd_lines(summary):
        console.print(line, style="yellow")
    versions = number(summary.rows_upserted, "version")
    console.print(f"Rebuilt from {versions}, without a request, in {summary.seconds:.1f} s.")


def print_status(console: Console, status: Status) -> None:
    """Print the sync state of a stream."""
    if status.sync_state is None:
        console.print("Nothing has been synced yet. `contentstack-source sync` begins.")
        return
    for name, value in _state_lines(status.sync_state).items():
        console.print(f"{name:<17} {value}", soft_wrap=True)
    console.print(_rows(status.row_counts))


def _state_lines(sync_state: SyncState) -> Mapping[str, str]:
    identity = dict(sync_state.identity)
    moved = pendulum.parse(sync_state.moved_at)
    ago = moved.diff_for_humans() if isinstance(moved, pendulum.DateTime) else ""
    last = ", ".join(f"{count:,} {name}" for name, count in sync_state.events.items())
    shown = {"host", "stack", "environment", "branch"}
    if identity.get("event_types") == ",".join(EVENT_TYPES):
        shown.add("event_types")
    filters = {name: value for name, value in identity.items() if name not in shown}
    return {
        "service": identity.get("host", ""),
        "environment": f"{identity.get('environment', '')} (branch {identity.get('branch', '')})",
        **filters,
        **_tokens(sync_state),
        "last moved": f"{sync_state.moved_at[:19]}Z ({ago})",
        "by": last or "no events",
    }


def _tokens(sync_state: SyncState) -> dict[str, str]:
    if len(sync_state.tokens) == 1:
        return {"sync token": f"{next(iter(sync_state.tokens.values()))[:8]}…"}
    return {"sync tokens": f"{len(sync_state.tokens)}, one per stream"}


def _rows(row_counts: Mapping[str, int]) -> Table:
    """Root tables with their list tables below them."""
    return _counts("table", "rows now", row_counts, indent=True)


def _counts(title: str, how_many: str, counts: Mapping[str, int], *, indent: bool = False) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(title, header_style="bold", no_wrap=True)
    table.add_column(how_many, header_style="bold", justify="right")
    for name, count in counts.items():
        is_list = indent and "__" in name
        table.add_row(f"  {name}" if is_list else name, f"{count:,}")
    table.add_section()
    return table
