"""The real command in a process of its own, and the many moments to kill it at."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from contentstack_source.simulator import Server
from tests.mirror import assert_equal

COMMAND: Final = [
    sys.executable,
    "-m",
    "contentstack_source.cli.main",
    "sync",
    "--pipelines-dir",
    "dlt",
]
_KEYS: Final = {"content_types": "uid", "sync_events": "_dlt_id"}
_LOOK_EVERY: Final = 0.001
_AT_MOST: Final = 300.0

SIGNS: Final = {
    "after a while": "",
    "a page is kept": "dlt/.contentstack.spool/*/pages",
    "all is extracted": "dlt/contentstack/normalize/extracted/*",
    "the load is made": "dlt/contentstack/load/new/*",
    "the load is there": "dlt/contentstack/load/normalized/*",
    "a table is loaded": "dlt/contentstack/load/normalized/*/completed_jobs/*",
    "the load is over": "dlt/contentstack/load/loaded/*",
    "the file changed": "*.duckdb*",
}
"""What to see in the working folder before killing."""


@dataclass
class Command:
    """The command `sync` in a folder of its own, configured by the environment.

    Attributes:
        folder: where it runs, and what it writes.
        server: what it asks.
        seconds: how long a whole run takes.
    """

    folder: Path
    server: Server
    seconds: float = 10.0

    @property
    def file(self) -> str:
        return str(self.folder / "contentstack_warehouse.duckdb")

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            COMMAND,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> tuple[int, str]:
        """Let a run end; return its exit code and what it said."""
        with self.start() as process:
            _, told = process.communicate(timeout=_AT_MOST)
            return process.returncode, told

    def assert_equal(self) -> None:
        """Compare all tables with the stack; nothing is kept twice, the log included."""
        assert_equal(self.file, self.server.stack)
        for table, key in _KEYS.items():
            query = f"SELECT count(*) - count(DISTINCT {key}) FROM contentstack.{table}"
            with duckdb.connect(self.file, read_only=True) as con:
                assert con.execute(query).fetchall() == [(0,)], f"{table} has a row twice"

    def measure(self) -> None:
        """Let a first sync end in another folder, and take its time for what a run takes."""
        elsewhere = Command(self.folder / "elsewhere", self.server)
        elsewhere.folder.mkdir()
        started = time.monotonic()
        exit_code, told = elsewhere.finish()
        self.seconds = time.monotonic() - started
        assert exit_code == 0, told

    def kill(self, rng: random.Random) -> str:
        """Kill a run somewhere; return where, or that it was done before."""
        sign = rng.choice([*SIGNS, "after a while", "a table is loaded"])
        if sign == "after a while":
            after = rng.uniform(0, self.seconds)
            return self.kill_when(sign, lambda: True, after)
        if sign == "the file changed":
            after = rng.choice([0, rng.uniform(0, 0.2)])
        else:
            after = rng.choice([0, rng.uniform(0, 0.02), rng.uniform(0, self.seconds / 3)])
        before = self._state(sign)
        return self.kill_when(sign, lambda: bool(self._state(sign) - before), after)

    def kill_when(self, sign: str, is_seen: Callable[[], bool], after: float = 0.0) -> str:
        """Kill a run so many seconds after a sign is seen."""
        with self.start() as process:
            while process.poll() is None and not is_seen():
                time.sleep(_LOOK_EVERY)
            until = time.monotonic() + after
            while process.poll() is None and time.monotonic() < until:
                time.sleep(_LOOK_EVERY)
            process.kill()
            _, told = process.communicate()
        assert "Traceback" not in told, told
        if process.returncode >= 0:
            return f"ended with {process.returncode} before it was killed ({sign})"
        return f"killed {after:.3f} s after: {sign}"

    def _state(self, sign: str) -> set[tuple[str, int]]:
        """Return the files of a sign; one that changes is another."""
        found = set()
        for path in self.folder.glob(SIGNS[sign]):
            try:
                stat = path.stat()
            except FileNotFoundError:  # gone while looking
                continue
            found.add((str(path), stat.st_mtime_ns if path.is_file() else stat.st_ino))
        return found
