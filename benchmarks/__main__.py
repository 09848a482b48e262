"""`make bench`: measure all contestants side by side, then write docs/performance.md.

BENCH_SIZES (entries, with commas), BENCH_ROUNDS, BENCH_SECONDS and BENCH_GIGABYTES (limits of one
command) set the sizes and limits. The figures are saved after each step; `python -m
benchmarks.page` writes the page and the picture from them again.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import figures as kept
from benchmarks import scenarios

FIGURES = Path(__file__).parent / "figures.json"


def main() -> None:
    sizes = [int(each) for each in os.environ.get("BENCH_SIZES", "10000,100000,1000000").split(",")]
    figures = kept.Figures(
        machine=f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        rounds=int(os.environ.get("BENCH_ROUNDS", "3")),
        limit_seconds=float(os.environ.get("BENCH_SECONDS", "300")),
        limit_memory_mb=float(os.environ.get("BENCH_GIGABYTES", "8")) * 1000,
    )
    started = time.monotonic()

    def log(text: str) -> None:
        kept.write(figures, FIGURES)
        print(f"{time.monotonic() - started:5.0f} s  {text}", flush=True)

    working = scenarios.warm_up(figures, log)
    scenarios.measure_start_up(figures)
    for entries in sorted(sizes):
        scenarios.measure_size(figures, working, entries, log)
    scenarios.measure_network(figures, log)
    scenarios.measure_streams(figures, log)
    scenarios.measure_destinations(figures, log)
    log("writing docs/performance.md")
    # In a separate process: drawing needs memory, and the measuring process must stay small.
    subprocess.run([sys.executable, "-m", "benchmarks.page"], check=True)


if __name__ == "__main__":
    main()
