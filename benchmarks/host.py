"""The server of a benchmark, seen from the run: a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).parent.parent


class Host:
    """A running server; `settings` are those that reach it, as environment variables."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders, self._answers = orders, answers
        told = json.loads(self._answers.readline())
        self.settings = {f"SOURCES__CONTENTSTACK__{name}": value for name, value in told.items()}

    def tell(self, order: str) -> str:
        """Give an order of `benchmarks.server`, and wait until it is done."""
        self._orders.write(f"{order}\n")
        self._orders.flush()
        return self._answers.readline().strip()


@contextmanager
def host(entries: int, content_types: int = 4) -> Iterator[Host]:
    """Serve a world of that size until the block ends."""
    command = [sys.executable, "-m", "benchmarks.server", str(entries), str(content_types)]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdin is None or process.stdout is None:
                raise AssertionError  # both are asked for above
            yield Host(process.stdin, process.stdout)
        finally:
            process.kill()
