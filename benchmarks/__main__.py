"""`make bench`: measure against the floor, and write docs/performance.md from what was measured."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

ROOT = Path(__file__).parent.parent
REPEATS = 3
SYNC = [sys.executable, "-m", "contentstack_source.cli", "sync"]
FLOOR = [sys.executable, str(ROOT / "benchmarks" / "floor.py")]
START_UP = [sys.executable, "-c", "import contentstack_source.run"]
FLOOR_START_UP = [sys.executable, "-c", "import duckdb, requests"]


def main(entries: int) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", str(entries)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert server.stdout is not None  # noqa: S101 - asked for above
    try:
        told = (line.partition("=") for line in server.stdout.readline().decode().split())
        os.environ.update((name, value) for name, _, value in told)
        rounds = [_round() for _ in range(REPEATS)]
    finally:
        server.kill()
    medians = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    text = _page(entries, medians)
    (ROOT / "docs" / "performance.md").write_text(text, "utf-8")
    print(text)


def _round() -> dict[str, float]:
    """Measure everything once, one after the other, so that all meet the same machine."""
    with _empty_folder():
        floor, _ = _seconds(FLOOR)
        ours, told = _seconds([*SYNC, "--pipelines-dir", "dlt"])
        unchanged, _ = _seconds([*SYNC, "--pipelines-dir", "dlt"])
        start_up, _ = _seconds(START_UP)
        floor_start_up, _ = _seconds(FLOOR_START_UP)
    in_process = re.search(r"in ([\d.]+) s\.", told)
    return {
        "floor": floor,
        "first sync": ours,
        "unchanged delta": unchanged,
        "start-up": start_up,
        "floor start-up": floor_start_up,
        "first sync, itself": float(in_process[1]) if in_process else 0.0,
    }


def _seconds(command: list[str]) -> tuple[float, str]:
    started = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.monotonic() - started, done.stdout


@contextmanager
def _empty_folder() -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _page(entries: int, seconds: dict[str, float]) -> str:
    floor = seconds["floor"]
    rows = "\n".join(
        f"| {name} | {seconds[key]:.2f} | {seconds[key] / floor:.1f} |"
        for name, key in (
            ("floor: fetch one after another, keep, parse once", "floor"),
            ("first sync: `contentstack-source sync`, whole process", "first sync"),
            ("the same without Python's and dlt's start", "first sync, itself"),
            ("unchanged delta, whole process", "unchanged delta"),
        )
    )
    floor_itself = floor - seconds["floor start-up"]
    ratio = seconds["first sync, itself"] / floor_itself
    return f"""# Performance

Written by `make bench`. Medians of {REPEATS} rounds, all commands of a round one after the other on
one server: the simulator in a process of its own on the same machine
({os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()},
DuckDB {duckdb.__version__}).

{entries:,} published entries of four content types, about 1 kB each, into DuckDB
({entries // 100:,} pages, 12 tables of content):

| what | seconds | times the floor |
|---|---:|---:|
{rows}

Importing the package and dlt takes {seconds["start-up"]:.2f} s of every whole process, what the
floor imports {seconds["floor start-up"]:.2f} s.
Both without their start: {ratio:.1f} times the floor.

The floor fetches the same pages one after another, writes them to disk and parses them once with
DuckDB. Nothing that reads the Sync API on one stream can be faster.
"""


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
