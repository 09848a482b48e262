"""The protocol of the Sync API, without any I/O: what to ask next, and when a pass is whole.

A *pass* is one walk from a start (`init`, or a sync token) over pages to the next sync token. The
functions here read bytes and return queries; the caller sends them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from contentstack_source.api.envelope import read_envelope, repeats_items
from contentstack_source.errors import InvalidResponseError, PaginationLoopError

_Kind = TypeVar("_Kind")

Query = dict[str, str]
Fetch = Callable[[Query], bytes]


@dataclass(frozen=True)
class Page:
    """One answer of the Sync API.

    Attributes:
        body: the answer, byte for byte but for what was repaired.
        item_count: number of items in it, 0 to 100.
        total_count: items in the whole pass; None where the answer has no counts (FACTS 2.3).
        pagination_token: asks for the next page, unless this is the last one.
        sync_token: asks for what changes after this pass; only on the last page (FACTS 7.4).
    """

    body: bytes
    item_count: int
    total_count: int | None
    pagination_token: str | None
    sync_token: str | None


def parse_page(body: bytes) -> Page:
    """Read the envelope of an answer.

    Raises:
        InvalidResponseError: not JSON, no list of items or two, or not exactly one of the two
            tokens (FACTS 2.1).
    """
    envelope = read_envelope(body)
    if envelope.fault:
        how = f"is not a JSON object ({envelope.fault})"
        raise _broken_answer(how)
    if envelope.item_count is None:
        raise _broken_answer("has no list of items")
    if repeats_items(envelope):
        raise _broken_answer("has the field `items` twice")
    pagination_token = _decoded(envelope.fields.get("pagination_token"), str)
    sync_token = _decoded(envelope.fields.get("sync_token"), str)
    if pagination_token and sync_token:
        raise _broken_answer("has a pagination token and a sync token")
    token = pagination_token or sync_token
    if not token:
        raise _broken_answer("has neither a pagination token nor a sync token")
    if "\ufffd" in token:  # no question can be asked with it
        raise _broken_answer("is not a JSON object with a readable token")
    return Page(
        envelope.body,
        envelope.item_count,
        _decoded(envelope.fields.get("total_count"), int),
        pagination_token or None,
        sync_token or None,
    )


def is_json_object(body: bytes) -> bool:
    """Return whether a body is a whole JSON object: not cut, not an error page of a proxy."""
    return not read_envelope(body).fault


def walk(fetch: Fetch, start: Query, resume_at: str | None = None) -> Iterator[Page]:
    """Yield the pages of one pass until the page that holds the sync token.

    Args:
        fetch: carries a query to the service and returns the body.
        start: the first query: `init` with its filters, or a sync token.
        resume_at: the pagination token of the last page already kept; the pass goes on there.

    Raises:
        InvalidResponseError: an answer breaks the protocol.
        PaginationLoopError: a pagination token comes back (FACTS T14). Items do not matter: an
            empty page may have a successor (FACTS 2.4).
    """
    seen = set() if resume_at is None else {resume_at}
    query = start if resume_at is None else {"pagination_token": resume_at}
    while True:
        page = parse_page(fetch(query))
        if page.pagination_token in seen:
            message = "The service sent the same pagination token twice in one pass"
            raise PaginationLoopError(
                message, "Run again later; if it stays, ask the vendor's support."
            )
        yield page
        if page.pagination_token is None:
            return
        seen.add(page.pagination_token)
        query = {"pagination_token": page.pagination_token}


def _decoded(raw: msgspec.Raw | None, kind: type[_Kind]) -> _Kind | None:
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError:
        return None


def _broken_answer(how: str) -> InvalidResponseError:
    message = f"An answer of the Sync API {how}"
    return InvalidResponseError(
        message, "Run again; if it stays, check base_url and what stands before it."
    )
