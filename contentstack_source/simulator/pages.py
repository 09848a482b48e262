"""Pages of frozen passes, kept as long as they may be asked for again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from contentstack_source.simulator import zipping

PAGE_SIZE = 100
"""Always 100, whatever `limit` asks for (FACTS 1.10)."""


@dataclass(frozen=True)
class Page:
    """A page of a pass: how many items came before it, and its items as JSON."""

    skip: int
    items: list[bytes]

    @property
    def beginning(self) -> bytes:
        """The answer's body up to the end of its items; what follows is another each time."""
        return b'{"items":[' + b",".join(self.items) + b"]"

    @cached_property
    def zipped_beginning(self) -> zipping.Beginning:
        """The same, compressed once for all requests."""
        return zipping.beginning(self.beginning)


class Snapshot(NamedTuple):
    """All items of one moment, cut in pages."""

    pages: list[Page]
    total_count: int


@dataclass
class Moment:
    """The snapshots taken since the last event: until the next one, others may share them."""

    position: int = -1
    """How long the log was."""
    snapshots: dict[Hashable, Snapshot] = field(default_factory=dict)
    """By filters and behavior."""
