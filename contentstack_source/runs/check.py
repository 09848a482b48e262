"""`contentstack-source check`: what works, one finding a line, and what to do about the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contentstack_source.api.client import Client, init_query
from contentstack_source.api.sync_protocol import parse_page
from contentstack_source.dataset import row_checks
from contentstack_source.destinations.target import Target
from contentstack_source.error_mapping import one_line_errors
from contentstack_source.errors import ContentstackError, RefusedError, RowsChangedError
from contentstack_source.runs import recovery, run_log
from contentstack_source.runs.run import status
from contentstack_source.settings import Settings
from contentstack_source.source.configuration import load_settings

_SHOWN = 8
"""Tables named one by one; there may be hundreds."""


@dataclass(frozen=True)
class CheckResult:
    """One line.

    Attributes:
        name: what was checked.
        message: what was found, and what to do if it is not good.
        exit_code: 0 good; 1 failed, try again; 2 needs user action.
    """

    name: str
    message: str
    exit_code: int = 0


def check(target: Target) -> Iterator[CheckResult]:
    """Yield a finding for each thing a sync needs, stopping where going on makes no sense."""
    try:
        with one_line_errors():
            settings = load_settings()
    except ContentstackError as error:
        yield CheckResult("settings", str(error), error.exit_code)
        return
    yield CheckResult("settings", "api_key, delivery_token and environment are there")
    yield CheckResult("region", settings.base_url)
    client = Client(settings)
    content = _try("credentials", lambda: _content(client, settings))
    yield content
    if content.exit_code == 0:
        yield _try("model", lambda: _model(client))
    destination = _try("destination", lambda: _destination(target))
    yield destination
    if destination.exit_code == 0:
        yield _try("rows", lambda: _rows(target))


def _try(name: str, run: Callable[[], str]) -> CheckResult:
    try:
        return CheckResult(name, run())
    except ContentstackError as error:
        return CheckResult(name, str(error), error.exit_code)


def _content(client: Client, settings: Settings) -> str:
    """Ask for the first page of an initial sync: the one request that needs everything right."""
    page = parse_page(client.fetch_page(init_query(settings)))
    where = f"environment {settings.environment}, branch {settings.branch or 'main'}"
    if not page.item_count:
        return (
            f"accepted, but nothing is published in {where} with these filters. "
            "If that is a surprise: environment is its name, not its uid."
        )
    return f"accepted: {page.total_count or page.item_count:,} published items in {where}"


def _model(client: Client) -> str:
    try:
        count = sum(1 for _ in client.fetch_content_types())
    except RefusedError as error:
        return f"not readable, so types will be inferred from the data ({error.message})"
    return f"{count:,} content types readable"


def _destination(target: Target) -> str:
    recovery.refuse_other_owner(target.pipeline())
    found = status(target)
    place = f"{target.destination}, dataset {target.dataset}"
    if found.sync_state is None:
        return f"{place}: nothing synced yet"
    rows = sum(found.row_counts.values())
    return f"{place}: {rows:,} rows in {len(found.row_counts):,} tables"


def _rows(target: Target) -> str:
    """Look for rows that another process changed: the Sync API never sends them again."""
    found = status(target)
    if found.sync_state is None:
        return "none yet"
    pipeline = target.pipeline()
    lost = recovery.missing_tables(pipeline, recovery.known_schema(pipeline))
    changes = [f"{name} is missing" for name in lost]
    changes += row_checks.inconsistencies(pipeline, found.sync_state.tables)
    last = run_log.last_run(pipeline)
    if last is not None and last.token == run_log.token_fingerprint(pipeline) and last.row_counts:
        changes += row_checks.differences(last.row_counts, found.row_counts)
    if changes:
        message = f"Another process changed rows: {'; '.join(changes[:_SHOWN])}"
        raise RowsChangedError(message, "contentstack-source resync makes the tables equal again.")
    return "as the last run left them"
