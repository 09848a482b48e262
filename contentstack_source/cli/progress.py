"""What a person sees while a run is under way: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from dlt.common.runtime.collector_base import Collector
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contentstack_source import log

_STEPS: Final = {"Pages": "Fetching pages", "Jobs": "Loading tables"}
"""The steps of dlt whose progress users see."""

SECONDS_BETWEEN_LINES: Final = 10.0


class BarCollector(Collector):
    """One progress bar for each stage, gone when the run ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._tasks: dict[str, Any] = {}

    def update(  # dlt's signature
        self,
        name: str,
        inc: int = 1,
        total: int | None = None,
        inc_total: int | None = None,
        message: str | None = None,
        label: str | None = None,
    ) -> None:
        """Move the bar of `name`, if that step is shown."""
        del inc_total, message
        if self._progress is None or name not in _STEPS or label:
            return
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(_STEPS[name], total=total)
        self._progress.update(self._tasks[name], advance=inc, total=total)

    def _start(self, step: str) -> None:
        del step
        self._tasks = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._progress.start()

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
        self._progress = None


class LineCollector(Collector):
    """A line now and then, for logs.

    Args:
        write_line: takes a line.
        seconds_between_lines: a line is written when the last one is older.
    """

    def __init__(
        self,
        write_line: Callable[[str], object],
        seconds_between_lines: float = SECONDS_BETWEEN_LINES,
    ) -> None:
        self._write_line = write_line
        self._seconds_between_lines = seconds_between_lines
        self._counts: dict[str, int] = {}
        self._logged_at = time.monotonic()

    def update(  # dlt's signature
        self,
        name: str,
        inc: int = 1,
        total: int | None = None,
        inc_total: int | None = None,
        message: str | None = None,
        label: str | None = None,
    ) -> None:
        """Count, and write a line if the last one is old."""
        del inc_total, message
        if name not in _STEPS or label or not inc:
            return
        self._counts[name] = self._counts.get(name, 0) + inc
        if time.monotonic() - self._logged_at >= self._seconds_between_lines:
            self._logged_at = time.monotonic()
            of_total = f" of {total:,}" if total else ""
            self._write_line(f"{_STEPS[name]}: {self._counts[name]:,}{of_total}")

    def _start(self, step: str) -> None:
        del step
        self._counts = {}

    def _stop(self) -> None:
        pass


def collector_for(console: Console) -> Collector:
    """Return the way to show progress on `console`, or in dlt's log where that is JSON."""
    if log.are_json():
        return LineCollector(log.LOGGER.info)
    return BarCollector(console) if console.is_terminal else LineCollector(console.print)
