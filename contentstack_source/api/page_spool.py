"""The pages of the pass under way, kept on disk as they came.

A first sync of a large stack is thousands of requests. Each answer goes to the end of one file
before anyone hears of it, so a run that dies loses at most the page in flight: the next one asks
for the page after the last one that is whole. The folder lives beside dlt's working directory,
which dlt may drop.

The file is frames: eight bytes of length, then so many bytes. The first frame says
whose pass it is, each other one is a page. (A file a page took a fifth of the time of a page.)

A pass has one leg, from its start to a sync token, unless it was kept by an earlier run: then each
page with a sync token ends a leg, and the next leg begins with that token.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Final

import orjson

from contentstack_source.api.sync_protocol import Fetch, Page, Query, parse_page, walk
from contentstack_source.errors import InvalidResponseError

_LENGTH: Final = Struct(">Q")

MOST_LEGS: Final = 50
"""A pass with so many legs, each of a run that failed, is thrown away and begins again."""


class Spool:
    """A folder that holds at most one pass.

    Args:
        folder: created when a pass begins.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "pages"

    def fetch_pass(self, fetch: Fetch, start: Query, stream: dict[str, str]) -> Iterator[Page]:
        """Yield the pages of the pass that begins with `start`, and keep those that are new.

        Pages kept by an earlier run are used again if they belong to the same start of the same
        stream; any others are thrown away. Kept pages show the stack as it was when they came. So
        the pass goes on from their sync token: its last leg is asked for by this run alone.

        Args:
            fetch: carries a query to the service.
            start: `init` with its filters, or a sync token.
            stream: the settings that make this stream, so that two never share a pass.

        Raises:
            InvalidResponseError: the service broke the protocol; what was kept stays.
        """
        last_page = self._open(start, stream)
        if last_page is None:
            yield from self._keep_all(walk(fetch, start))
            return
        for body in self.bodies():
            yield parse_page(body)
        sync_token = last_page.sync_token
        if sync_token is None:
            for page in self._keep_all(walk(fetch, start, last_page.pagination_token)):
                yield page
                sync_token = page.sync_token
        if sync_token is not None:
            yield from self._keep_all(walk(fetch, {"sync_token": sync_token}))

    def bodies(self) -> Iterator[bytes]:
        """Yield the pages kept, in order of arrival: the whole answers of the service."""
        for start, end in self._frames()[1:]:
            yield self._read(start, end)

    def last_page(self) -> Page | None:
        """Return the newest page kept, None if there is none or it cannot be read."""
        pages = self._frames()[1:]
        if not pages:
            return None
        try:
            return parse_page(self._read(*pages[-1]))
        except InvalidResponseError:
            return None

    def clear(self) -> None:
        """Forget the pass."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self, start: Query, stream: dict[str, str]) -> Page | None:
        """Return where the kept pass stands; None if it is of no use and a new one begins."""
        identity = orjson.dumps([start, stream], option=orjson.OPT_SORT_KEYS)
        frames = self._frames()
        if frames and self._read(*frames[0]) == identity:
            page = self.last_page()
            # Whether anything has changed since must be asked again: only a changed pass is kept.
            is_unchanged = page is not None and page.sync_token == start.get("sync_token", "")
            if page is not None and not is_unchanged and self._leg_count() < MOST_LEGS:
                with self._file.open("r+b") as file:
                    file.truncate(frames[-1][1])  # a kill may have left a torn page
                return page
        self.clear()
        self.folder.mkdir(parents=True, mode=0o700)
        self._keep(identity)
        return None

    def _leg_count(self) -> int:
        return sum(parse_page(body).sync_token is not None for body in self.bodies())

    def _keep_all(self, pages: Iterator[Page]) -> Iterator[Page]:
        for page in pages:
            self._keep(page.body)
            yield page

    def _keep(self, content: bytes) -> None:
        with self._file.open("ab", buffering=0) as file:
            file.write(_LENGTH.pack(len(content)) + content)

    def _read(self, start: int, end: int) -> bytes:
        with self._file.open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def _frames(self) -> list[tuple[int, int]]:
        """Return where the content of each whole frame begins and ends."""
        if not self._file.is_file():
            return []
        size = self._file.stat().st_size
        frames, end = [], 0
        with self._file.open("rb") as file:
            while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
                start = end + _LENGTH.size
                end = start + _LENGTH.unpack(head)[0]
                if end > size:
                    break
                frames.append((start, end))
                file.seek(end)
        return frames
