"""The real command in a separate process, and the moments to kill it at."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.support.harness import Command

_KEYS: Final = {"content_types": "uid", "sync_events": "_dlt_id"}
_POLL_SECONDS: Final = 0.001
_TIMEOUT_SECONDS: Final = 300.0

SIGNS: Final = {
    "after a delay": "",
    "a page is stored": "dlt/.contentstack.spool/*/pages",
    "all data is extracted": "dlt/contentstack/normalize/extracted/*",
    "the load package is created": "dlt/contentstack/load/new/*",
    "the load package is complete": "dlt/contentstack/load/normalized/*",
    "a table is loaded": "dlt/contentstack/load/normalized/*/completed_jobs/*",
    "the load is finished": "dlt/contentstack/load/loaded/*",
    "the file changed": "*.duckdb*",
}
"""Files in the working folder that show the moment to kill at."""


@dataclass
class KilledCommand(Command):
    """The command `sync`, which may be killed.

    Attributes:
        seconds: how long a whole run takes.
    """

    seconds: float = 10.0

    def begin(self) -> subprocess.Popen[str]:
        return self.start("sync", "--pipelines-dir", "dlt", stdout=subprocess.DEVNULL)

    def finish(self) -> tuple[int, str]:
        """Let a run end; return its exit code and its output."""
        with self.begin() as process:
            _, output = process.communicate(timeout=_TIMEOUT_SECONDS)
            return process.returncode, output

    def assert_equal(self) -> None:
        """Compare all tables with the stack; no table has duplicates, sync_events included."""
        super().assert_equal()
        for table, key in _KEYS.items():
            found = self.rows(f"SELECT count(*) - count(DISTINCT {key}) FROM {table}")
            assert found == [(0,)], f"{table} has a duplicate row"

    def measure(self) -> None:
        """Let a first sync end in another folder, and use its time as that of a run."""
        elsewhere = KilledCommand(self.server, self.folder / "elsewhere")
        elsewhere.folder.mkdir()
        started = time.monotonic()
        exit_code, output = elsewhere.finish()
        self.seconds = time.monotonic() - started
        assert exit_code == 0, output

    def kill(self, rng: random.Random) -> str:
        """Kill a run at a random moment; return the moment, or that it ended before."""
        sign = rng.choice([*SIGNS, "after a delay", "a table is loaded"])
        if sign == "after a delay":
            after = rng.uniform(0, self.seconds)
            return self.kill_when(sign, lambda: True, after)
        if sign == "the file changed":
            after = rng.choice([0, rng.uniform(0, 0.2)])
        else:
            after = rng.choice([0, rng.uniform(0, 0.02), rng.uniform(0, self.seconds / 3)])
        before = self._state(sign)
        return self.kill_when(sign, lambda: bool(self._state(sign) - before), after)

    def kill_when(self, sign: str, is_seen: Callable[[], bool], after: float = 0.0) -> str:
        """Kill a run that many seconds after a sign is seen."""
        with self.begin() as process:
            while process.poll() is None and not is_seen():
                time.sleep(_POLL_SECONDS)
            until = time.monotonic() + after
            while process.poll() is None and time.monotonic() < until:
                time.sleep(_POLL_SECONDS)
            process.kill()
            _, output = process.communicate()
        assert "Traceback" not in output, output
        if process.returncode >= 0:
            return f"ended with {process.returncode} before it was killed ({sign})"
        return f"killed {after:.3f} s after: {sign}"

    def _state(self, sign: str) -> set[tuple[str, int]]:
        """Return the files of a sign; a changed file counts as another one."""
        found = set()
        for path in self.folder.glob(SIGNS[sign]):
            try:
                stat = path.stat()
            except FileNotFoundError:  # deleted meanwhile
                continue
            found.add((str(path), stat.st_mtime_ns if path.is_file() else stat.st_ino))
        return found
