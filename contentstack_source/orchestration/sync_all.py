"""`contentstack-source sync --all`: every stack of a file, a process each, a few at a time."""

from __future__ import annotations

import asyncio
import signal
from asyncio import CancelledError, Lock, Semaphore
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import dlt
import orjson
from rich.markup import escape
from rich.table import Table

from contentstack_source.errors import RefusedError, StoppedError
from contentstack_source.orchestration.stacks_file import Stack, read_stacks
from contentstack_source.orchestration.subprocess_run import run_command

_REFUSED: Final = RefusedError.exit_code


@dataclass(frozen=True)
class Outcome:
    """What became of one stack.

    Attributes:
        name: of the stack.
        exit_code: of its run.
        result: its JSON result, parsed; one made here if it ended without.
    """

    name: str
    exit_code: int
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """What to do with all stacks of a file.

    Attributes:
        path: of the file.
        destination: of stacks that name none.
        pipelines_dir: dlt's folder of working folders; None for dlt's default.
        max_parallel: runs at a time.
    """

    path: str
    destination: str
    pipelines_dir: str | None
    max_parallel: int

    def arguments(self, stack: Stack) -> list[str]:
        """Return those of the command that syncs one stack."""
        chosen = ["--stacks", self.path, "--stack", stack.name, "--destination", self.destination]
        folder = ["--pipelines-dir", self.pipelines_dir] if self.pipelines_dir else []
        return ["sync", *chosen, *folder, "--json"]


def sync_all(
    job: Job, log: Callable[[str, str], None], write_result: Callable[[str], object]
) -> list[Outcome]:
    """Sync all stacks; one that fails stops no other.

    Args:
        job: which, and where to.
        log: takes the name of a stack and a line of its log.
        write_result: takes the JSON result of each as it ends.

    Returns:
        What became of each, in the order of the file.

    Raises:
        SettingsError: the file cannot be used.
        StoppedError: SIGTERM came; by then every run has ended.
    """
    stacks = read_stacks(job.path)
    try:
        return asyncio.run(_sync_all(job, stacks, log, write_result))
    except CancelledError:
        message = "Stopped by SIGTERM, and every run with it"
        raise StoppedError(message, "Run again: each goes on where it stopped.") from None


def to_table(outcomes: Sequence[Outcome]) -> Table:
    """Return what became of all, a line each."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("stack", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for name in ("events", "upserted", "deleted", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("error", overflow="fold")
    for each in outcomes:
        result = each.result
        counts = (sum(result.get("events", {}).values()), result.get("rows_upserted", 0))
        deleted, seconds = result.get("rows_deleted", 0), result.get("seconds", 0.0)
        figures = (*(f"{count:,}" for count in (*counts, deleted)), f"{seconds:.1f}")
        style = "" if each.exit_code == 0 else "red"
        table.add_row(
            each.name, result["outcome"], *figures, escape(result["error"] or ""), style=style
        )
    return table


def worst_exit_code(outcomes: Sequence[Outcome]) -> int:
    """Return 2 if any was refused, else 1 if any failed, else 0."""
    codes = {outcome.exit_code for outcome in outcomes}
    return _REFUSED if _REFUSED in codes else int(codes != {0})


async def _sync_all(
    job: Job,
    stacks: Sequence[Stack],
    log: Callable[[str, str], None],
    write_result: Callable[[str], object],
) -> list[Outcome]:
    task = asyncio.current_task()
    if task is None:
        raise TypeError
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    gate, files = Semaphore(job.max_parallel), defaultdict[str, Lock](Lock)

    async def sync_one(stack: Stack) -> Outcome:
        async with files[_file_of(stack, job)], gate:
            completed = await run_command(job.arguments(stack), lambda line: log(stack.name, line))
        line = completed.out.strip() or _missing_result(stack, job, completed.exit_code)
        write_result(line)
        return Outcome(stack.name, completed.exit_code, orjson.loads(line))

    return list(await asyncio.gather(*map(sync_one, stacks)))


def _file_of(stack: Stack, job: Job) -> str:
    """Return what only one run at a time may have open: a DuckDB file that stacks share."""
    destination = stack.destination or job.destination
    is_shared = dlt.secrets.get(f"destination.{destination}.credentials") is not None
    return destination if destination == "duckdb" and is_shared else f"stack {stack.name}"


def _missing_result(stack: Stack, job: Job, exit_code: int) -> str:
    """Return a JSON result for a run that could not write one."""
    error = f"Ended with {exit_code} and no JSON result: see the log."
    if exit_code < 0:
        error = f"Ended by {signal.Signals(-exit_code).name}, as for want of memory. Run again."
    target = stack.target(job.destination, job.pipelines_dir)
    line = {
        "pipeline_name": target.pipeline_name,
        "dataset": target.dataset,
        "outcome": "failed",
        "exit_code": exit_code,
        "error": error,
    }
    return orjson.dumps(line).decode()
