"""What a pass asks of the service: the pages of its streams, and the content model."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from contentstack_source.api.client import Client, init_query
from contentstack_source.api.page_spool import Spool
from contentstack_source.api.sync_protocol import Page, parse_page
from contentstack_source.concurrency import iterate_concurrently
from contentstack_source.errors import InvalidTokenError, RefusedError
from contentstack_source.events import SYS_ASSETS
from contentstack_source.settings import Settings

_BYTES_AHEAD: Final = 16 << 20
"""So much may wait to be read before the service is asked for more."""


@dataclass
class FetchStats:
    """What was asked of the service in a pass.

    Attributes:
        full_sync_streams: streams that began with `init`, not with a sync token.
        pages: answers of the Sync API, those kept by an earlier run included.
        requests: answers asked for now, retries included.
        retries: requests sent because one before them had failed.
        tokens: where the pass ended: sync token by stream.
        invalid_tokens: tokens that the service no longer accepted.
        model_error: why the content model could not be read, empty if it was.
    """

    full_sync_streams: set[str] = field(default_factory=set)
    pages: int = 0
    requests: int = 0
    retries: int = 0
    tokens: dict[str, str] = field(default_factory=dict)
    invalid_tokens: int = 0
    model_error: str = ""


class PageSink(Protocol):
    """Takes the pages of a pass while others are on their way."""

    def take(self, stream: int, number: int, body: bytes, leg: int = 0) -> None:
        """Take one page of a stream."""

    def forget(self, stream: int) -> None:
        """Forget the pages of a stream whose pass begins again."""

    def read(self) -> None:
        """Read what was taken: no more pages come."""


@dataclass(frozen=True)
class Stream:
    """One of the streams of a pass.

    Attributes:
        name: `all`, a content type uid, or `sys_assets`.
        number: its place among the streams.
        settings: with the filters of this stream.
        sync_token: where to begin; None begins with `init`.
    """

    name: str
    number: int
    settings: Settings
    sync_token: str | None


@dataclass(frozen=True)
class _StreamStart:
    """A stream starts its pass, again if the service rejected one of its tokens."""

    stream: Stream
    is_initial: bool
    is_again: bool


@dataclass(frozen=True)
class _Arrived:
    """A page of a stream; the first of each leg has number 1."""

    stream: Stream
    leg: int
    number: int
    page: Page


class Pages:
    """The pages of one pass: asked for, kept, and handed over stream by stream.

    Args:
        client: carries the queries.
        folder: where the pages are kept until the pass is loaded; it may have some of it already.
    """

    def __init__(self, client: Client, folder: Path) -> None:
        self.folder = folder
        self._client = client

    def fetch(
        self,
        streams: Sequence[Stream],
        sink: PageSink,
        stats: FetchStats,
        on_page: Callable[[Page], None],
    ) -> None:
        """Bring the pages of all streams into the sink, which reads while they come.

        Args:
            streams: fetched side by side.
            sink: takes the pages.
            stats: counts the pages, and gets the tokens and the streams that begin with `init`.
            on_page: called with every page.

        Raises:
            InvalidTokenError: even the tokens of a new initial sync are rejected.
            FailedError, RefusedError: of the first stream that fails; what was kept stays.
        """
        jobs = [partial(self._arrivals, stream) for stream in streams]
        limit = self._client.max_concurrent
        with iterate_concurrently(jobs, workers=limit, ahead=_BYTES_AHEAD, size=_size) as arrivals:
            for each in arrivals:
                if isinstance(each, _StreamStart):
                    _start_stream(each, sink, stats)
                    continue
                stats.pages += 1
                on_page(each.page)
                if each.page.item_count:
                    sink.take(each.stream.number, each.number, each.page.body, each.leg)
                if each.page.sync_token is not None:
                    stats.tokens[each.stream.name] = each.page.sync_token
        sink.read()

    def clear(self) -> None:
        """Forget what was kept of all streams."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _arrivals(self, stream: Stream) -> Iterator[_StreamStart | _Arrived]:
        """Yield the pages of one stream.

        A rejected pagination token starts the pass again; so does the rejected sync token of kept
        pages. A rejected sync token of the sync state, or a second rejection, starts an initial
        sync, which also shows what vanished meanwhile (FACTS 7.7, T19).
        """
        spool = Spool(self.folder / sha256(stream.name.encode()).hexdigest()[:16])
        starts = [init_query(stream.settings)] * 2
        if stream.sync_token is not None:
            starts = [{"sync_token": stream.sync_token}] * 2 + starts
        is_again = False
        while True:
            query = starts.pop(0)
            yield _StreamStart(stream, "init" in query, is_again)
            leg = number = 0
            try:
                pages = spool.fetch_pass(self._client.fetch_page, query, stream.settings.identity())
                for page in pages:
                    number += 1
                    yield _Arrived(stream, leg, number, page)
                    if page.sync_token is not None:
                        leg, number = leg + 1, 0
            except InvalidTokenError as error:
                is_again = True
                spool.clear()
                if error.token_kind == "sync_token" and not leg:  # noqa: S105 - a name
                    starts = starts[-2:]
                if not starts:
                    raise
            else:
                return


def _size(each: _StreamStart | _Arrived) -> int:
    return len(each.page.body) if isinstance(each, _Arrived) else 0


def _start_stream(start: _StreamStart, sink: PageSink, stats: FetchStats) -> None:
    name = start.stream.name
    if start.is_again:
        stats.invalid_tokens += 1
        sink.forget(start.stream.number)
    if start.is_initial:
        stats.full_sync_streams.add(name)


def has_changed(client: Client, tokens: Mapping[str, str]) -> bool:
    """Ask whether anything changed since: one request per stream, and nothing kept.

    Raises:
        FailedError, RefusedError: of the first stream that fails.
    """

    def ask(token: str) -> Iterator[bool]:
        yield parse_page(client.fetch_page({"sync_token": token})).sync_token != token

    jobs = [partial(ask, token) for token in tokens.values()]
    with iterate_concurrently(jobs, workers=client.max_concurrent, ahead=len(jobs)) as answers:
        return any(answers)


def fetch_model(client: Client, stats: FetchStats) -> dict[str, Mapping[str, Any]] | None:
    """Return the content types by uid; None if the token may not read them.

    A service that only fails for now is not an answer: guessed types would stay for ever.

    Raises:
        FailedError: no good answer for now.
    """
    try:
        return {str(each["uid"]): each for each in client.fetch_content_types()}
    except RefusedError as error:
        stats.model_error = error.message
        return None


def add_missing_types(
    client: Client, content_types: dict[str, Mapping[str, Any]], uids: Iterable[str]
) -> None:
    """Ask one by one for the content types that the list lacks; add those the service knows.

    Args:
        client: carries the queries.
        content_types: the list, by uid; what is found is added.
        uids: of the content types that the pass needs.

    Raises:
        FailedError: no good answer for now.
    """
    for uid in sorted({*uids} - content_types.keys() - {SYS_ASSETS}):
        with suppress(RefusedError):  # the token may not read it: as if there were none
            if found := client.fetch_content_type(uid):
                content_types[uid] = found
