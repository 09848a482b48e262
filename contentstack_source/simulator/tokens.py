"""The tokens a stack has given out. They have no expiry time (vendor's page) and live with it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from contentstack_source.simulator.passes import Filters, Pass


class Checkpoint(NamedTuple):
    """What a sync token stands for: all before `position` was sent, under these filters."""

    position: int
    filters: Filters


class Tokens:
    """Sync tokens and pagination tokens, and what each leads to."""

    def __init__(self) -> None:
        """Begin with none."""
        self.checkpoints: dict[str, Checkpoint] = {}
        self.pages: dict[str, tuple[Pass, int]] = {}

    def for_checkpoint(self, checkpoint: Checkpoint) -> str:
        """Give out a new sync token."""
        token = new_token()
        self.checkpoints[token] = checkpoint
        return token

    def for_page(self, whole: Pass, number: int) -> str:
        """Give out a new pagination token for page `number` of a pass, counted from 0."""
        token = new_token()
        self.pages[token] = (whole, number)
        return token

    def forget(self, *sync_tokens: str) -> None:
        """Invalidate these sync tokens, or every token so far, as if the service had lost them."""
        for token in sync_tokens:
            del self.checkpoints[token]
        if not sync_tokens:
            self.checkpoints.clear()
            self.pages.clear()


def new_token() -> str:
    """Make `blt` and 22 hex digits (FACTS 2.10)."""
    return f"blt{secrets.token_hex(11)}"
