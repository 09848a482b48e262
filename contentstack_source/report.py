"""What the command line says about a run: tables and sentences on a console."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pendulum
from rich.console import Console
from rich.table import Table

from contentstack_source.events import EVENT_TYPES
from contentstack_source.position import Position
from contentstack_source.run import Status
from contentstack_source.summary import Summary

_SHOWN = 8
"""Findings named one by one before the rest is only counted."""


def print_summary(console: Console, summary: Summary) -> None:
    """Tell what a run did: events by type, rows by table, requests, seconds, and what was odd."""
    if summary.passes:
        console.print(_counts("event", "received", summary.events))
    console.print(_rows(summary.row_counts))
    for line in odd_lines(summary):
        console.print(line, style="yellow")
    console.print(last_line(summary))


def print_rebuilt(console: Console, summary: Summary) -> None:
    """Tell what a rebuild left in the tables, and what was odd."""
    console.print(_rows(summary.row_counts))
    for line in odd_lines(summary):
        console.print(line, style="yellow")
    versions = _number(summary.rows_put, "version")
    console.print(f"Rebuilt from {versions}, without a request, in {summary.seconds:.1f} s.")


def print_status(console: Console, status: Status) -> None:
    """Tell where a stream stands."""
    if status.position is None:
        console.print("Nothing has been synced yet. `contentstack-source sync` begins.")
        return
    for name, value in _position_lines(status.position).items():
        console.print(f"{name:<17} {value}", soft_wrap=True)
    console.print(_rows(status.row_counts))


def odd_lines(summary: Summary) -> list[str]:
    """Return a sentence for everything that did not fit, none if all did."""
    lines = []
    if summary.refused_tokens:
        lines.append(
            f"{_number(summary.refused_tokens, 'token')} no longer accepted by the service: "
            "read again from the last good one, or from the start."
        )
    if summary.healed:
        names = ", ".join(summary.healed[:_SHOWN])
        lines.append(f"Missing at the destination, so everything was loaded anew: {names}.")
    if summary.history_begins:
        lines.append("History begins with this run, so everything was loaded anew.")
    if summary.reshaped_by:
        names = ", ".join(summary.reshaped_by)
        lines.append(f"The tables are shaped otherwise by {names}: everything was loaded anew.")
    if summary.rejects:
        lines.append(
            f"{_number(summary.rejects, 'item')} could not be understood: see sync_rejects."
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
    lines += _finding("Values of fields the content model does not have", summary.unknown)
    lines += _finding("Values that do not fit their column, kept beside it", summary.variants)
    return lines


def last_line(summary: Summary) -> str:
    """Return the one line that sums up a run."""
    did = f"{_number(summary.passes, 'pass', 'passes')}, " if summary.passes else ""
    retried = f" ({summary.retries} retried)" if summary.retries else ""
    work = f"{did}{_number(summary.requests, 'request')}{retried} in {summary.seconds:.1f} s."
    if not summary.is_caught_up:
        return f"Not caught up: the stack keeps changing. {work} Run again."
    return f"Up to date: {work}" if summary.passes else f"Nothing changed: {work}"


def _position_lines(position: Position) -> Mapping[str, str]:
    identity = dict(position.identity)
    moved = pendulum.parse(position.moved_at)
    ago = moved.diff_for_humans() if isinstance(moved, pendulum.DateTime) else ""
    last = ", ".join(f"{count:,} {name}" for name, count in position.events.items())
    told_apart = {"host", "stack", "environment", "branch"}
    if identity.get("event_types") == ",".join(EVENT_TYPES):
        told_apart.add("event_types")
    filters = {name: value for name, value in identity.items() if name not in told_apart}
    return {
        "service": identity.get("host", ""),
        "environment": f"{identity.get('environment', '')} (branch {identity.get('branch', '')})",
        **filters,
        **_tokens(position),
        "last moved": f"{position.moved_at[:19]}Z ({ago})",
        "by": last or "no events",
    }


def _tokens(position: Position) -> dict[str, str]:
    if len(position.tokens) == 1:
        return {"sync token": f"{next(iter(position.tokens.values()))[:8]}…"}
    return {"sync tokens": f"{len(position.tokens)}, one a stream"}


def _rows(row_counts: Mapping[str, int]) -> Table:
    """Root tables with their list tables below them."""
    return _counts("table", "rows now", row_counts, indent=True)


def _counts(what: str, how_many: str, counts: Mapping[str, int], *, indent: bool = False) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(what, header_style="bold", no_wrap=True)
    table.add_column(how_many, header_style="bold", justify="right")
    for name, count in counts.items():
        is_list = indent and "__" in name
        table.add_row(f"  {name}" if is_list else name, f"{count:,}")
    table.add_section()
    return table


def _finding(what: str, counts: Counter[str]) -> list[str]:
    if not counts:
        return []
    named = [f"{name} ({count:,})" for name, count in counts.most_common(_SHOWN)]
    rest = len(counts) - len(named)
    return [f"{what}: {', '.join(named)}" + (f" and {rest} more columns." if rest else ".")]


def _number(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
