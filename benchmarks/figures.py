"""The figures of a run, as JSON: the source of the page and the picture."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec


@dataclass
class Load:
    """First loads of one contestant at one size, one value per round.

    Attributes:
        contestant: its name.
        entries: how many were published.
        seconds: whole processes.
        memory_mb: peak memory; the sum for a pipe.
        rows: entries loaded.
        outcome: why there is no figure, or empty.
    """

    contestant: str
    entries: int
    seconds: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    rows: int = 0
    outcome: str = ""


@dataclass
class Delta:
    """Later syncs, one value per round: `changes` entries are published again before each."""

    entries: int
    changes: int
    seconds: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)


@dataclass
class Streams:
    """First loads from a slow service: one stream, or one per content type."""

    entries: int
    content_types: int
    answer_seconds: float
    one: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)


@dataclass
class Network:
    """First loads from a service with the latency of a real one: the floor, and ours."""

    entries: int
    answer_seconds: float
    floor: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)


@dataclass
class Elsewhere:
    """One run of ours into a destination.

    Attributes:
        destination: its name.
        entries: how many were published.
        what: first, nothing changed, so many changed, or resync.
        seconds: whole process.
        memory_mb: peak memory.
    """

    destination: str
    entries: int
    task: str
    seconds: float
    memory_mb: float


@dataclass
class Figures:
    """All figures of a run.

    Attributes:
        machine: what it ran on.
        rounds: how often each command was measured, at most.
        limit_seconds: time after which a command was stopped.
        limit_memory_mb: memory above which a command was stopped.
        versions: packages and versions by contestant.
        loads: first loads.
        deltas: later syncs.
        start_up: seconds of a whole process, by what it imports.
        network: first loads with the latency of a network.
        streams: one stream and many.
        elsewhere: ours into several destinations.
    """

    machine: str
    rounds: int
    limit_seconds: float
    limit_memory_mb: float
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)
    start_up: dict[str, list[float]] = field(default_factory=dict)
    network: list[Network] = field(default_factory=list)
    streams: Streams | None = None
    elsewhere: list[Elsewhere] = field(default_factory=list)

    def sizes(self) -> list[int]:
        """Return the numbers of entries measured, smallest first."""
        return sorted({load.entries for load in self.loads})

    def load(self, contestant: str, entries: int) -> Load | None:
        """Return the first loads of a contestant at one size."""
        for load in self.loads:
            if (load.contestant, load.entries) == (contestant, entries):
                return load
        return None

    def delta(self, entries: int, changes: int) -> Delta | None:
        """Return the syncs after that many changes at one size."""
        for delta in self.deltas:
            if (delta.entries, delta.changes) == (entries, changes):
                return delta
        return None


def median(values: Sequence[float]) -> float | None:
    """Return the median; None without values."""
    return statistics.median(values) if values else None


def read(path: Path) -> Figures:
    """Read the figures of an earlier run."""
    return msgspec.json.decode(path.read_bytes(), type=Figures)


def write(figures: Figures, path: Path) -> None:
    """Write figures, rounded to a sensible precision."""
    plain = msgspec.to_builtins(figures)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(_rounded(plain))) + b"\n")


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
