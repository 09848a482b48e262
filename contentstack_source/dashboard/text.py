"""Text of the dashboard: its headlines, and the runs in readable form."""

from __future__ import annotations

import dlt
import pandas as pd

from contentstack_source.dashboard.queries import ASSETS
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import ContentstackError

Headline = tuple[str, str, str]
"""Label, value and caption."""
_SPANS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def opened(target: Target) -> tuple[dlt.Dataset | None, str | None]:
    """Return the dataset, or a sentence why it cannot be read."""
    try:
        with one_line_errors():
            dataset = target.reader()
            if "entries" not in dataset.tables:
                return None, f"Nothing has been synced into `{target.dataset}` yet."
            return dataset, None
    except ContentstackError as error:
        return None, str(error)


def headlines(
    published: pd.DataFrame,
    runs: pd.DataFrame,
    arrivals: pd.DataFrame,
    rejects: pd.DataFrame,
    now: pd.Timestamp,
) -> list[Headline]:
    """Return the numbers to know first; the arguments are answers to questions of that name."""
    is_asset = published["content_type_uid"] == ASSETS
    entries, assets = published[~is_asset], published[is_asset]
    found = [
        ("Entries published", f"{entries['published'].sum():,}", _locales(entries)),
        ("Assets published", f"{assets['published'].sum():,}", _locales(assets)),
        _last_sync(runs, now),
        _lag(arrivals),
    ]
    if not rejects.empty:
        found.append(("Rejected", f"{rejects['items'].sum():,}", "items in sync_rejects"))
    return found


def format_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs with their instants and seconds as one reads them."""
    took = (runs["ended_at"] - runs["started_at"]).dt.total_seconds()
    shown = runs.drop(columns=["ended_at"]).assign(
        started_at=runs["started_at"].dt.strftime("%Y-%m-%d %H:%M:%S"), seconds=took.round(1)
    )
    first = ["started_at", "seconds", "outcome"]
    return shown[first + [name for name in shown.columns if name not in first]]


def format_duration(seconds: float) -> str:
    """Return a span of time in its largest unit, as in `3 hours`."""
    unit, size = next((each for each in _SPANS if seconds >= each[1]), _SPANS[-1])
    count = max(round(seconds / size), 0)
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _locales(published: pd.DataFrame) -> str:
    count = published["locale"].nunique()
    return f"in {count} locale" if count == 1 else f"in {count} locales"


def _last_sync(runs: pd.DataFrame, now: pd.Timestamp) -> Headline:
    if runs.empty:
        return ("Last sync", "unknown", "no run of the command is recorded")
    ago = format_duration((now - runs["ended_at"].iloc[0]).total_seconds())
    failed = int((runs["outcome"] != "ok").sum())
    caption = f"{runs['outcome'].iloc[0]}; of the last {len(runs)} runs {failed or 'none'} failed"
    return ("Last sync", f"{ago} ago", caption)


def _lag(arrivals: pd.DataFrame) -> Headline:
    """How long the newest change had been there when it was loaded."""
    if arrivals.empty:
        return ("Lag", "unknown", "no event has been received")
    last = arrivals.iloc[-1]
    lag = format_duration((last["loaded_at"] - last["newest"]).total_seconds())
    return ("Lag", lag, "from the newest change to its load")
