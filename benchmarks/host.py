"""The server of a benchmark, seen from the run: a separate process."""

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
    """A running server; `settings` are the environment variables to reach it."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders, self._answers = orders, answers
        values = json.loads(self._answers.readline())
        self.settings = {f"SOURCES__CONTENTSTACK__{name}": value for name, value in values.items()}

    def send(self, order: str) -> str:
        """Send a command of `benchmarks.server`, and wait until it is done."""
        self._orders.write(f"{order}\n")
        self._orders.flush()
        return self._answers.readline().strip()


@contextmanager
def host(entries: int, content_types: int = 4) -> Iterator[Host]:
    """Serve a stack of that size until the block ends."""
    command = [sys.executable, "-m", "benchmarks.server", str(entries), str(content_types)]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdin is None or process.stdout is None:
                raise AssertionError  # both are requested above
            yield Host(process.stdin, process.stdout)
        finally:
            process.kill()
