"""Measure a pipe of whole processes: seconds from the first start to the last end, peak memory.

The memory of a process is what the kernel reports at its end (`ru_maxrss`). A child inherits the
peak of the process that started it, so the measuring process imports nothing large.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.5
_KIBIBYTES_A_MEGABYTE = 1000 / 1.024


@dataclass(frozen=True)
class Limits:
    """Limits of one run; it is stopped above them."""

    seconds: float
    memory_mb: float


@dataclass(frozen=True)
class Measured:
    """What a run took; `stopped` names the limit it broke, `failed` how it ended."""

    seconds: float
    memory_mb: float
    printed: str
    stopped: str = ""
    failed: str = ""


class _Child(threading.Thread):
    """Waits for one process to end, and keeps what the kernel reports about it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.ended_at = 0.0
        self.memory_mb = 0.0

    def run(self) -> None:
        _, status, usage = os.wait4(self.process.pid, 0)
        self.ended_at = time.monotonic()
        self.memory_mb = usage.ru_maxrss / _KIBIBYTES_A_MEGABYTE
        self.process.returncode = os.waitstatus_to_exitcode(status)

    def memory_now_mb(self) -> float:
        with suppress(OSError, IndexError, ValueError):
            pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
            return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6
        return 0.0

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def measure(pipe: Sequence[Sequence[str]], folder: Path, limits: Limits) -> Measured:
    """Run the commands of a pipe in a folder; their output stays there, too."""
    printed, errors_file = folder / "stdout.txt", folder / "stderr.txt"
    started = time.monotonic()
    with printed.open("wb") as last, errors_file.open("wb") as errors:
        children = _start(pipe, folder, last.fileno(), errors.fileno())
        stopped = _wait(children, started, limits)
    failed = [child for child in children if child.process.returncode]
    return Measured(
        seconds=max(child.ended_at for child in children) - started,
        memory_mb=sum(child.memory_mb for child in children),
        printed=printed.read_text("utf-8", "replace"),
        stopped=stopped,
        failed=f"exit code {failed[0].process.returncode}" if failed and not stopped else "",
    )


def _start(pipe: Sequence[Sequence[str]], folder: Path, last: int, errors: int) -> list[_Child]:
    children: list[_Child] = []
    before: int | None = None
    for command in pipe:
        is_last = command is pipe[-1]
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL if before is None else before,
            stdout=last if is_last else subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # so that its children can be stopped with it
        )
        if before is not None:
            os.close(before)  # else the previous process would not notice that this one ends
        before = os.dup(process.stdout.fileno()) if process.stdout else None
        if process.stdout:
            process.stdout.close()
        child = _Child(process)
        child.start()
        children.append(child)
    return children


def _wait(children: list[_Child], started: float, limits: Limits) -> str:
    """Wait for all to end; return the limit that stopped them, or an empty text."""
    stopped = ""
    while any(child.is_alive() for child in children):
        for child in children:
            child.join(_POLL_SECONDS / len(children))
        if stopped:
            continue
        if time.monotonic() - started > limits.seconds:
            stopped = f"over {limits.seconds:.0f} s"
        elif sum(child.memory_now_mb() for child in children) > limits.memory_mb:
            stopped = f"over {limits.memory_mb / 1000:.0f} GB"
        if stopped:
            for child in children:
                child.kill()
    return stopped
