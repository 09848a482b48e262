"""docs/performance.md, written from the figures of a run: `python -m benchmarks.page`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.contestants import CONTESTANTS
from benchmarks.figures import Delta, Figures, Load, median, read

_HERE = Path(__file__).parent
_DOCS = _HERE.parent / "docs"
_SMALL = 1_000
"""Below this, a size only warmed up."""


def to_page(figures: Figures) -> str:
    """Return the page with these figures."""
    parts = (
        _introduction(figures),
        _loads(figures),
        _network(figures),
        _contestants(figures),
        _deltas(figures),
        _start_up(figures),
        _streams(figures),
        _elsewhere(figures),
        _again(),
    )
    return "\n".join(part for part in parts if part)


def _introduction(figures: Figures) -> str:
    return f"""# Performance

Written by `make bench` from `benchmarks/figures.json`. Every figure is for whole processes,
including Python's start, and the median of {_rounds(figures.rounds)}. In a round all tools run
one after the other, against one server: the simulator in a separate process on the same machine
({figures.machine}), its pages compressed beforehand.
The content has four types, about 1 kB per entry. All but Singer and PyAirbyte run in one
environment, with only the packages that users install.
"""


def _rounds(number: int) -> str:
    return "one round" if number == 1 else f"{number} rounds"


def _loads(figures: Figures) -> str:
    sizes = [each for each in figures.sizes() if each >= _SMALL]
    heads = "".join(f" {entries:,} |" for entries in sizes)
    rows = []
    for contestant in CONTESTANTS:
        loads = [figures.load(contestant.name, entries) for entries in sizes]
        if any(loads):
            cells = "".join(f" {_cell(load, figures)} |" for load in loads)
            rows.append(f"| {contestant.title} |{cells}")
    return f"""## First load

![Seconds and peak memory against the number of entries](performance.svg)

Seconds, the ratio to the floor, and peak memory:

| entries |{heads}
|---|{"---:|" * len(sizes)}
{chr(10).join(rows)}

The floor fetches the same pages one after another, writes them to disk and parses them once with
DuckDB: nothing that reads the Sync API on one stream can be faster. A run counts only if every
entry was loaded once. Memory is the peak that the kernel reports for each process at its end: for
the pipe of Singer the sum of both processes, where dlt starts workers the largest of all.
A run that exceeded {figures.limit_seconds:.0f} s or
{figures.limit_memory_mb / 1000:.0f} GB was stopped, or not tried where the size before took half
of its share of that; slow runs were measured fewer times.
"""


def _cell(load: Load | None, figures: Figures) -> str:
    if load is None:
        return "-"
    seconds, memory = median(load.seconds), median(load.memory_mb)
    if load.outcome or seconds is None or memory is None:
        return load.outcome or "-"
    floor = figures.load("floor", load.entries)
    base = median(floor.seconds) if floor else None
    times = f" ({seconds / base:.1f} times)" if base else ""
    return f"{seconds:.1f} s{times}, {memory:,.0f} MB"


def _network(figures: Figures) -> str:
    if not figures.network:
        return ""
    rows = []
    for each in figures.network:
        floor, ours = median(each.floor) or 0.0, median(each.ours) or 0.0
        rows.append(f"| {each.entries:,} | {floor:.1f} | {ours:.1f} | {ours / floor:.2f} |")
    return f"""## Over a network

The server above answers at once, which no service does. Here each answer takes
{figures.network[0].answer_seconds * 1000:.0f} ms, as from a nearby cache. An answer that is not
cached takes several times as long:

| entries | floor, seconds | `contentstack-source sync`, seconds | times the floor |
|---:|---:|---:|---:|
{chr(10).join(rows)}
"""


def _contestants(figures: Figures) -> str:
    rows = []
    left_out = []
    for contestant in CONTESTANTS:
        versions = figures.versions.get(contestant.name, {})
        cells = ", ".join(f"{name} {version}" for name, version in versions.items())
        program = _program(contestant.name)
        rows.append(f"| {contestant.title} | {contestant.leaves} | {program} | {cells} |")
        warm_up = next((e for e in figures.loads if _is_left_out(e, contestant.name)), None)
        if warm_up:
            left_out.append(f"{contestant.title} is left out: {warm_up.outcome}.")
    return f"""## Tools compared

| tool | result in DuckDB | program | versions |
|---|---|---|---|
{chr(10).join(rows)}

The results differ. A tool that applies deletes, checks types against the content model, logs
events and can be killed at any moment does more than one that only loads rows. The second column
shows which tools flatten lists into tables, which is most of the work.
The tap and the declarative source have a stream per content type, as such connectors do. Both
request with `content_type_uid` and fetch as many pages. Airbyte's CDK reads its streams
concurrently.
`target-duckdb` 0.8.0 drops the first row of each batch; it runs with the fix that upstream has
merged and not released.
{chr(10).join(left_out)}"""


def _is_left_out(load: Load, contestant: str) -> bool:
    return load.contestant == contestant and load.entries < _SMALL and bool(load.outcome)


def _program(contestant: str) -> str:
    named = {"singer": "singer_tap", "airbyte": "airbyte_source"}
    if contestant == "ours":
        return "the command"
    return f"`benchmarks/contestants/{named.get(contestant, contestant)}.py`"


def _deltas(figures: Figures) -> str:
    if not figures.deltas:
        return ""
    rows = "\n".join(
        f"| {delta.entries:,} | {delta.changes} | {median(delta.seconds) or 0:.2f} "
        f"| {median(delta.requests) or 0:.0f} | {median(delta.memory_mb) or 0:,.0f} |"
        for delta in figures.deltas
    )
    return f"""## Incremental syncs

`contentstack-source sync` again, with nothing changed or after entries were published again:

| entries in the stack | changed | seconds | requests | MB |
|---:|---:|---:|---:|---:|
{rows}
{_ratio(figures)}"""


def _ratio(figures: Figures) -> str:
    changed = [delta for delta in figures.deltas if delta.changes]
    if len(changed) < 2:  # noqa: PLR2004 - a ratio is of two
        return ""
    small, large = (_seconds(each) for each in (changed[0], changed[-1]))
    return f"""
{changed[-1].changes} changes in {changed[-1].entries:,} entries take {large / small:.2f} times as
long as in {changed[0].entries:,}.
"""


def _seconds(delta: Delta) -> float:
    return median(delta.seconds) or 0.0


def _start_up(figures: Figures) -> str:
    if not figures.start_up:
        return ""
    rows = "\n".join(
        f"| {task} | {median(seconds) or 0:.2f} |" for task, seconds in figures.start_up.items()
    )
    return f"""## Start-up

Each process above includes this time before the first request:

| imported | seconds |
|---|---:|
{rows}
"""


def _streams(figures: Figures) -> str:
    streams = figures.streams
    one, many = (median(streams.one), median(streams.many)) if streams else (None, None)
    if streams is None or not one or not many:
        return ""
    return f"""## Many streams

{streams.entries:,} entries of {streams.content_types} content types from a service that takes
{streams.answer_seconds} s for each answer: {one:.1f} s on one stream, {many:.1f} s with
`partition_by = "content_type"`, {one / many:.1f} times as fast.
"""


def _elsewhere(figures: Figures) -> str:
    if not figures.elsewhere:
        return ""
    tasks = list(dict.fromkeys(run.task for run in figures.elsewhere))
    by_name = {(run.destination, run.task): run for run in figures.elsewhere}
    first = tasks[0]
    rows = []
    for name in dict.fromkeys(run.destination for run in figures.elsewhere):
        runs = [by_name[name, task] for task in tasks]
        times = runs[0].seconds / by_name["DuckDB", first].seconds
        cells = "".join(f" {run.seconds:.1f} |" for run in runs)
        memory = max(run.memory_mb for run in runs)
        rows.append(f"| {name} |{cells} {times:.1f} | {memory:,.0f} |")
    return f"""## Other destinations

`contentstack-source` with {figures.elsewhere[0].entries:,} entries, seconds of one run each.
Servers and files are on the same machine. The environment is that of development, where
each start takes slightly longer. *resync* is the command of that name, which also deletes rows
that are no longer published:

| destination | {" | ".join(tasks)} | first, times DuckDB | MB at most |
|---|{"---:|" * (len(tasks) + 2)}
{chr(10).join(rows)}
"""


def _again() -> str:
    return """## Run the benchmarks

```sh
make bench                                          # all benchmarks, about half an hour
make bench BENCH_SIZES=10000,100000 BENCH_ROUNDS=5  # other sizes, other rounds
.venv/bin/python -m benchmarks.page                 # this page from the stored figures
```

`BENCH_SECONDS` and `BENCH_GIGABYTES` are the limits of one command.
"""


def main() -> None:
    # Drawing needs the group `bench`; writing the page does not.
    from benchmarks.picture import draw  # noqa: PLC0415

    figures = read(_HERE / "figures.json")
    (_DOCS / "performance.md").write_text(to_page(figures), "utf-8")
    draw(figures, _DOCS / "performance.svg")


if __name__ == "__main__":
    main()
