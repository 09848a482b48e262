"""The benchmarks: every contestant loads all rows, and the page shows the given figures."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.figures import Delta, Elsewhere, Figures, Load, Streams, read, write
from benchmarks.measure import Limits, measure
from benchmarks.page import to_page
from benchmarks.world import build
from contentstack_source.simulator import serve
from tests.support.paths import ROOT

PUBLISHED = 300
AMPLE = Limits(seconds=120, memory_mb=4000)


@pytest.fixture
def _served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    stack = build(PUBLISHED)
    with serve(stack) as server:
        for name, value in {
            "API_KEY": stack.api_key,
            "DELIVERY_TOKEN": stack.delivery_token,
            "ENVIRONMENT": stack.environment,
            "BASE_URL": server.base_url,
        }.items():
            monkeypatch.setenv(f"SOURCES__CONTENTSTACK__{name}", value)
        monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        monkeypatch.setenv("AIRBYTE_OFFLINE_MODE", "1")
        monkeypatch.setenv("NO_LIVE_PROGRESS", "1")
        yield


@pytest.mark.integration
@pytest.mark.usefixtures("_served")
@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda each: each.name)
def test_a_contestant_loads_every_entry(contestant: Contestant, tmp_path: Path) -> None:
    why = contestant.why_skipped()
    if why:
        pytest.skip(why)
    contestant.prepare(tmp_path)
    done = measure(contestant.pipe, tmp_path, AMPLE)
    assert (done.stopped, done.failed) == ("", ""), (tmp_path / "stderr.txt").read_text()
    assert contestant.count_rows(tmp_path, done.printed) == PUBLISHED


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


MEASURED_FROM_A_SMALL_PROCESS = """
import sys
from pathlib import Path
from benchmarks.measure import Limits, measure
large = "import sys; text = 'x' * 100_000_000; sys.stdout.write(text[:9])"
pipe = [[sys.executable, "-c", large], [sys.executable, "-c", "print(input() + 'y', end='')"]]
done = measure(pipe, Path(sys.argv[1]), Limits(60, 4000))
print(done.printed, done.memory_mb)
"""


def test_a_pipe_is_measured_as_one_and_its_memory_is_the_sum(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEASURED_FROM_A_SMALL_PROCESS, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    printed, memory_mb = done.stdout.split()
    assert printed == "x" * 9 + "y"
    assert 110 < float(memory_mb) < 180


@pytest.mark.parametrize(
    ("program", "limits", "stopped"),
    [
        ("import time; time.sleep(60)", Limits(0.2, 4000), "over 0 s"),
        ("text = 'x' * 10**9; import time; time.sleep(60)", Limits(60, 500), "over 0 GB"),
    ],
)
def test_a_command_over_a_limit_is_stopped(
    program: str, limits: Limits, stopped: str, tmp_path: Path
) -> None:
    done = measure([python(program)], tmp_path, limits)
    assert done.stopped == stopped
    assert done.seconds < 30


def test_a_failed_command_is_reported(tmp_path: Path) -> None:
    done = measure([python("raise SystemExit(3)")], tmp_path, AMPLE)
    assert done.failed == "exit code 3"


def some_figures() -> Figures:
    return Figures(
        machine="3 cores",
        rounds=3,
        limit_seconds=300,
        limit_memory_mb=8000,
        versions={"singer": {"singer-sdk": "9.8.7"}},
        loads=[
            Load("airbyte", 300, outcome="exit code 1"),
            Load("floor", 10_000, [2.0, 1.0, 3.0], [60.0, 70.0, 80.0], 10_000),
            Load("ours", 10_000, [9.0, 3.0, 3.0], [400.0, 1500.0, 1600.0], 10_000),
            Load("dlt_plain", 10_000, outcome="over 300 s"),
        ],
        deltas=[
            Delta(10_000, 0, [1.25], [200.0], [1]),
            Delta(10_000, 100, [2.0], [210.0], [3]),
            Delta(1_000_000, 100, [3.0], [220.0], [3]),
        ],
        start_up={"dlt": [1.5, 1.75, 9.0]},
    )


@pytest.mark.parametrize(
    "expected",
    [
        "| floor: fetch, keep on disk, parse once | 2.0 s (1.0 times), 70 MB |",
        "| `contentstack-source sync` | 3.0 s (1.5 times), 1,500 MB |",
        "| plain dlt, as it comes | over 300 s |",
        "singer-sdk 9.8.7",
        "PyAirbyte: declarative source, DuckDB cache is left out: exit code 1.",
        "| 10,000 | 0 | 1.25 | 1 | 200 |",
        "100 changes in 1,000,000 entries take 1.50 times as\nlong as in 10,000.",
        "| dlt | 1.75 |",
    ],
)
def test_the_page_shows_the_medians_of_the_figures(expected: str) -> None:
    assert expected in to_page(some_figures())


def test_many_streams_are_shown_once_measured() -> None:
    figures = some_figures()
    assert "Many streams" not in to_page(figures)
    figures.streams = Streams(12_000, 12, 0.15, one=[20.0], many=[4.0])
    assert "20.0 s on one stream, 4.0 s with" in to_page(figures)
    assert "5.0 times as fast" in to_page(figures)


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    write(some_figures(), path)
    assert read(path) == some_figures()


def test_docs_performance_md_is_the_page_of_the_stored_figures() -> None:
    page = (ROOT / "docs" / "performance.md").read_text("utf-8")
    assert page == to_page(read(ROOT / "benchmarks" / "figures.json"))


@pytest.mark.long
def test_the_same_stack_is_measured_into_every_destination() -> None:
    command = [sys.executable, "-m", "benchmarks.destinations", "40"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ")[:2] for line in done.stdout.splitlines()[2:]]
    runs = ["first", "nothing changed", "10 changed", "resync"]
    destinations = dict.fromkeys(destination.removeprefix("| ") for destination, _ in rows)
    assert {"DuckDB", "Delta", "Iceberg"} <= {*destinations} <= {"PostgreSQL", *destinations}
    assert rows == [[f"| {destination}", run] for destination in destinations for run in runs]


def test_destinations_are_compared_with_duckdb() -> None:
    figures = some_figures()
    figures.elsewhere = [
        Elsewhere(name, 100_000, task, seconds, 500.0)
        for name, factor in (("DuckDB", 1), ("Delta", 2))
        for task, seconds in (("first", 5.0 * factor), ("resync", 7.0 * factor))
    ]
    page = to_page(figures)
    assert "| destination | first | resync | first, times DuckDB | MB at most |" in page
    assert "| Delta | 10.0 | 14.0 | 2.0 | 500 |" in page
