"""The asking side of a pass: its pages into the spool, the content model, and what to say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contentstack_source.client import Client
from contentstack_source.errors import RefusedError, TokenRefusedError
from contentstack_source.settings import Settings
from contentstack_source.spool import Spool
from contentstack_source.stream import Page
from contentstack_source.tables import Findings


@dataclass
class Report:
    """What a pass was and did; the summary of a run adds these up.

    Attributes:
        has_moved: the stream ended elsewhere than it began.
        is_initial: it began with `init`, not with a sync token.
        pages: answers of the Sync API, those kept by an earlier run included.
        requests: answers asked for now, retries included.
        events: by event type.
        sync_token: where the pass ended.
        refused_tokens: tokens the service no longer accepted.
        rejects: items that could not be understood.
        rows_put: rows of entries and assets published.
        rows_removed: rows of entries and assets unpublished or deleted one by one.
        findings: what the content model did not foresee.
        model_error: why the content model could not be read, empty if it was.
    """

    has_moved: bool = False
    is_initial: bool = False
    pages: int = 0
    requests: int = 0
    retries: int = 0
    events: dict[str, int] = field(default_factory=dict)
    sync_token: str = ""
    refused_tokens: int = 0
    rejects: int = 0
    rows_put: int = 0
    rows_removed: int = 0
    findings: Findings = field(default_factory=Findings)
    model_error: str = ""


def fetch_pass(
    client: Client,
    spool: Spool,
    settings: Settings,
    sync_token: str | None,
    report: Report,
    on_page: Callable[[Page], None],
) -> str:
    """Bring the pages of one pass into the spool; return the sync token it ends with.

    A refused pagination token begins the pass again; a refused sync token, or a second refusal,
    makes an initial sync of it, which also shows what vanished meanwhile (FACTS 7.7, T19).

    Args:
        client: carries the queries.
        spool: keeps the pages; it may have some of this pass already.
        settings: of the stream.
        sync_token: where to begin; None begins with `init`.
        report: counts the pages and tells of refused tokens.
        on_page: told of every page that arrives.

    Raises:
        TokenRefusedError: even the pages of a fresh initial sync are refused.
    """
    starts = [settings.init_query()] * 2
    if sync_token is not None:
        starts = [{"sync_token": sync_token}] * 2 + starts
    while True:
        start = starts.pop(0)
        report.is_initial = "init" in start
        try:
            for page in spool.fetch_pass(client.fetch_page, start, settings.identity()):
                report.pages += 1
                on_page(page)
        except TokenRefusedError as error:
            report.refused_tokens += 1
            spool.clear()
            if error.token_kind == "sync_token":  # noqa: S105 - a name
                starts = starts[-2:]
            if not starts:
                raise
        else:
            return _token_of(spool)


def _token_of(spool: Spool) -> str:
    last_page = spool.last_page()
    if last_page is None or last_page.sync_token is None:
        msg = "a whole pass ends with a sync token"
        raise AssertionError(msg)
    return last_page.sync_token


def fetch_model(client: Client, report: Report) -> dict[str, Mapping[str, Any]] | None:
    """Return the content types by uid; None if the token may not read them.

    A service that only fails for now is not an answer: guessed types would stay for ever.

    Raises:
        FailedError: no good answer for now.
    """
    try:
        return {str(each["uid"]): each for each in client.fetch_content_types()}
    except RefusedError as error:
        report.model_error = error.what
        return None
