"""What is measured: first loads side by side, later syncs, start-up, and many streams."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contestants import CONTESTANTS, FLOOR, OURS, Contestant
from benchmarks.destinations import runs
from benchmarks.figures import Delta, Elsewhere, Figures, Load, Network, Streams
from benchmarks.host import Host, host
from benchmarks.measure import Limits, measure

Log = Callable[[str], None]

_QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "AIRBYTE_OFFLINE_MODE": "1",  # no telemetry, and no request to its registry
    "NO_LIVE_PROGRESS": "1",
}
_WARM_UP = 300
"""Entries of the run that compiles modules and shows which contestants work."""
_ENOUGH_SECONDS = 120
"""A contestant that took this long at one size has no further round."""
_PARTITION = "SOURCES__CONTENTSTACK__PARTITION_BY"
_NETWORK_SIZES = (20_000, 100_000)
_NEAR_SECONDS = 0.02
_ELSEWHERE = 100_000
START_UP = {
    "`contentstack_source.sync`, and with it dlt": "from contentstack_source import sync",
    "dlt": "import dlt",
    "what the floor needs": "import duckdb, requests",
}


def warm_up(figures: Figures, log: Log) -> list[Contestant]:
    """Run every contestant once; return those that work, record why others fail."""
    working = []
    with host(_WARM_UP) as server:
        for contestant in CONTESTANTS:
            figures.versions[contestant.name] = contestant.versions()
            why = contestant.why_skipped()
            if not why:
                with _folder() as folder:
                    why = _load(contestant, server, folder, _limits(figures), _WARM_UP).outcome
            if why:
                figures.loads.append(Load(contestant.name, _WARM_UP, outcome=why))
                log(f"{contestant.name} is left out: {why}")
            else:
                working.append(contestant)
    return working


def measure_size(figures: Figures, working: list[Contestant], entries: int, log: Log) -> None:
    """Measure first loads of all at one size, round by round, and then our later syncs."""
    log(f"{entries:,} entries: building the stack")
    with host(entries) as server, _folder() as ours:
        for number in range(figures.rounds):
            for contestant in working:
                load = _figures_of(figures, contestant, entries)
                if load.outcome or sum(load.seconds) > _ENOUGH_SECONDS:
                    continue
                with _folder() as other:
                    # Ours stays in its folder for later syncs: dlt remembers the path of its file.
                    folder = _emptied(ours) if contestant is OURS else other
                    one = _load(contestant, server, folder, _limits(figures), entries)
                load.seconds += one.seconds
                load.memory_mb += one.memory_mb
                load.rows, load.outcome = one.rows, one.outcome
                log(f"{entries:,} entries, round {number + 1}: {_outcome(one)}")
        load_of_ours = figures.load(OURS.name, entries)
        if load_of_ours and not load_of_ours.outcome:
            _measure_deltas(figures, server, ours, entries, log)


def measure_start_up(figures: Figures) -> None:
    """Measure how long a program takes to import what it needs."""
    for task, program in START_UP.items():
        for _ in range(figures.rounds):
            with _folder() as folder:
                done = measure([[str(OURS.python), "-c", program]], folder, _limits(figures))
            figures.start_up.setdefault(task, []).append(done.seconds)


def measure_network(figures: Figures, log: Log) -> None:
    """Measure the floor and ours with the latency of a nearby CDN."""
    for entries in _NETWORK_SIZES:
        network = Network(entries, _NEAR_SECONDS)
        with host(entries) as server:
            server.send(f"late {_NEAR_SECONDS}")
            for number in range(figures.rounds):
                network.floor.append(_seconds(server, figures, FLOOR))
                network.ours.append(_seconds(server, figures, OURS))
                text = f"floor {network.floor[-1]:.1f} s, ours {network.ours[-1]:.1f} s"
                log(f"{entries:,} entries over a network, round {number + 1}: {text}")
        figures.network.append(network)


def measure_streams(figures: Figures, log: Log) -> None:
    """Measure one stream and many, with slow responses."""
    streams = Streams(entries=60_000, content_types=12, answer_seconds=0.15)
    with host(streams.entries, streams.content_types) as server:
        server.send(f"late {streams.answer_seconds}")
        for number in range(min(figures.rounds, 2)):
            streams.many.append(_seconds(server, figures, OURS, {_PARTITION: "content_type"}))
            streams.one.append(_seconds(server, figures, OURS))
            text = f"one {streams.one[-1]:.1f} s, many {streams.many[-1]:.1f} s"
            log(f"streams, round {number + 1}: {text}")
    figures.streams = streams


def measure_destinations(figures: Figures, log: Log) -> None:
    """Measure ours into one destination after the other, once."""
    with host(_ELSEWHERE) as server, _environment(server.settings):
        for run in runs(server, _ELSEWHERE):
            text = Elsewhere(run.destination, _ELSEWHERE, run.task, run.seconds, run.memory_mb)
            figures.elsewhere.append(text)
            log(f"{run.destination}, {run.task}: {run.seconds:.1f} s")


def _seconds(
    server: Host, figures: Figures, contestant: Contestant, more: dict[str, str] | None = None
) -> float:
    """Load once, in an empty folder; return the seconds of the whole process."""
    with _folder() as folder, _environment(server.settings | (more or {})):
        done = measure(contestant.pipe, folder, _limits(figures))
        if done.stopped or done.failed:
            raise RuntimeError((folder / "stderr.txt").read_text("utf-8"))
        return done.seconds


def _load(contestant: Contestant, server: Host, folder: Path, limits: Limits, entries: int) -> Load:
    """Load once; missing rows are a failure, so that no contestant wins by dropping them."""
    contestant.prepare(folder)
    server.send("requests")
    with _environment(server.settings):
        done = measure(contestant.pipe, folder, limits)
    load = Load(contestant.name, entries, outcome=done.stopped or done.failed)
    if not load.outcome:
        load.seconds, load.memory_mb = [done.seconds], [done.memory_mb]
        load.rows = contestant.count_rows(folder, done.printed)
        if load.rows != entries:
            load.outcome = f"{load.rows:,} rows of {entries:,}"
    return load


def _measure_deltas(figures: Figures, server: Host, folder: Path, entries: int, log: Log) -> None:
    """Sync again without and then with changes, in the folder of a first sync."""
    for changes in (0, min(100, entries // 4)):
        delta = Delta(entries, changes)
        for number in range(figures.rounds):
            if changes:
                server.send(f"change {changes} {number}")
            server.send("requests")
            with _environment(server.settings):
                done = measure(OURS.pipe, folder, _limits(figures))
            if done.stopped or done.failed:
                raise RuntimeError((folder / "stderr.txt").read_text("utf-8"))
            delta.seconds.append(done.seconds)
            delta.memory_mb.append(done.memory_mb)
            delta.requests.append(int(server.send("requests")))
            log(f"{entries:,} entries, {changes} changes: {done.seconds:.2f} s")
        figures.deltas.append(delta)


def _figures_of(figures: Figures, contestant: Contestant, entries: int) -> Load:
    """Find the figures to add to; a load that would break the limit is not tried."""
    found = figures.load(contestant.name, entries)
    if found is None:
        found = Load(
            contestant.name, entries, outcome=_bound_to_break(figures, contestant, entries)
        )
        figures.loads.append(found)
    return found


def _bound_to_break(figures: Figures, contestant: Contestant, entries: int) -> str:
    """Return why a size is not tried: the smaller one failed, or took half the limit's share."""
    smaller = [load for load in figures.loads if load.contestant == contestant.name]
    smaller = [load for load in smaller if _WARM_UP < load.entries < entries]
    if not smaller:
        return ""
    before = max(smaller, key=lambda load: load.entries)
    if before.outcome:
        return "not tried"
    ratio = entries / before.entries / 2
    too_long = before.seconds[0] * ratio > figures.limit_seconds
    too_large = before.memory_mb[0] * ratio > figures.limit_memory_mb
    return "not tried" if too_long or too_large else ""


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder)
    folder.mkdir()
    return folder


def _limits(figures: Figures) -> Limits:
    return Limits(figures.limit_seconds, figures.limit_memory_mb)


def _outcome(load: Load) -> str:
    if load.outcome:
        return f"{load.contestant} {load.outcome}"
    return f"{load.contestant} {load.seconds[0]:.2f} s, {load.memory_mb[0]:,.0f} MB"


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / "work"
        inner.mkdir()
        yield inner


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Set these settings for processes started in the block."""
    before = dict(os.environ)
    os.environ.update(_QUIET | settings)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
