"""Service behavior for tests that act at a certain request."""

from __future__ import annotations

from collections.abc import Callable

from contentstack_source.simulator import Behavior, Fault


class HookedBehavior(Behavior):
    """Counts requests, and acts just before one is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.acts: dict[int, Callable[[], None]] = {}

    def before(self, request: int, act: Callable[[], None]) -> None:
        """Run an action before the given next request is answered."""
        self.acts[self.seen + request] = act

    def next_fault(self) -> Fault:
        self.seen += 1
        self.acts.pop(self.seen, lambda: None)()
        return super().next_fault()
