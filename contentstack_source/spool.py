"""The pages of the pass under way, kept on disk as they came.

A first sync of a large stack is thousands of requests. Each page is a file, complete before it
has its name, so a run that dies loses at most the page in flight: the next one asks for the page
after the last file. The folder lives beside dlt's working directory, which dlt may drop.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson

from contentstack_source.errors import AnswerError
from contentstack_source.stream import Fetch, Page, Query, parse_page, walk


class Spool:
    """A folder that holds at most one pass.

    Args:
        folder: created when the first page arrives.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start_file = folder / "start.json"

    @property
    def pages(self) -> list[Path]:
        """The page files, in order of arrival: ``00000001.json`` is the first answer."""
        return sorted(self.folder.glob("[0-9]*.json"))

    def fetch_pass(self, fetch: Fetch, start: Query, stream: dict[str, str]) -> Iterator[Page]:
        """Yield the pages of the pass that begins with `start`, and keep those that are new.

        Pages kept by an earlier run are used again if they belong to the same start of the same
        stream; any others are thrown away.

        Args:
            fetch: carries a query to the service.
            start: `init` with its filters, or a sync token.
            stream: the settings that make this stream, so that two never share a pass.

        Raises:
            AnswerError: the service broke the protocol; what was kept stays.
        """
        last_page = self._open(start, stream)
        kept = self.pages
        for file in kept:
            yield parse_page(file.read_bytes())
        if last_page is not None and last_page.sync_token is not None:
            return
        resume_at = None if last_page is None else last_page.pagination_token
        for number, page in enumerate(walk(fetch, start, resume_at), len(kept) + 1):
            self._keep(f"{number:08d}.json", page.body)
            yield page

    def last_page(self) -> Page | None:
        """Return the newest page kept, None if there is none or it cannot be read."""
        pages = self.pages
        if not pages:
            return None
        try:
            return parse_page(pages[-1].read_bytes())
        except AnswerError:
            return None

    def clear(self) -> None:
        """Forget the pass."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self, start: Query, stream: dict[str, str]) -> Page | None:
        """Return where the kept pass stands; None if it is of no use and a new one begins."""
        identity = orjson.dumps([start, stream], option=orjson.OPT_SORT_KEYS)
        if self._start_file.is_file() and self._start_file.read_bytes() == identity:
            page = self.last_page()
            # That nothing had changed by then says nothing of now: only a changed pass is kept.
            if page is not None and page.sync_token != start.get("sync_token", ""):
                return page
        self.clear()
        self.folder.mkdir(parents=True, mode=0o700)
        self._keep(self._start_file.name, identity)
        return None

    def _keep(self, name: str, content: bytes) -> None:
        # A file has its name only when it is whole: a kill between the two leaves a .part file.
        part = self.folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(self.folder / name)
