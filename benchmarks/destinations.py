"""The same stack into several destinations, one after the other: prints a table.

    python -m benchmarks.destinations 100000

PostgreSQL takes part where DESTINATION__POSTGRES__CREDENTIALS leads to an empty database.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.host import Host, host
from benchmarks.measure import Limits, measure

_LIMITS = Limits(600, 8000)
_COMMAND = (sys.executable, "-m", "contentstack_source.cli")
_WHERE = {
    "DuckDB": {"name": "duckdb"},
    "PostgreSQL": {"name": "postgres"},
    "Delta": {"name": "filesystem", "table_format": "delta"},
    "Iceberg": {"name": "filesystem", "table_format": "iceberg"},
}
_MOST_CHANGES = 1000


def main(entries: int) -> None:
    print("| destination | run | seconds | of a processor | MB |\n|---|---|---:|---:|---:|")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with host(entries) as server:
        os.environ.update(server.settings)
        for title, where in _WHERE.items():
            if title == "PostgreSQL" and "DESTINATION__POSTGRES__CREDENTIALS" not in os.environ:
                continue
            with tempfile.TemporaryDirectory() as folder:
                for run, command in _runs(server, min(_MOST_CHANGES, entries // 4)):
                    print(f"| {title} | {run} | {_measured(Path(folder), where, command)} |")
                    sys.stdout.flush()


def _runs(server: Host, changes: int) -> Iterator[tuple[str, str]]:
    yield "first", "sync"
    yield "nothing changed", "sync"
    server.tell(f"change {changes} 1")
    yield f"{changes:,} changed", "sync"
    yield "read anew", "resync"


def _measured(folder: Path, where: dict[str, str], command: str) -> str:
    os.environ["DESTINATION__FILESYSTEM__TABLE_FORMAT"] = where.get("table_format", "")
    os.environ["DESTINATION__FILESYSTEM__BUCKET_URL"] = f"file://{folder}/lake"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = measure(
        [(*_COMMAND, command, "--destination", where["name"], "--pipelines-dir", "dlt")],
        folder,
        _LIMITS,
    )
    if done.stopped or done.failed:
        raise RuntimeError((folder / "stderr.txt").read_text("utf-8"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{done.seconds:.1f} | {processor:.1f} | {done.memory_mb:,.0f}"


if __name__ == "__main__":
    main(int(sys.argv[1]))
