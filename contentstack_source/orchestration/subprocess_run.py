"""A run of our own command in a process of its own.

dlt keeps configuration, pipelines and signals once a process; a run also gives its memory back only
when its process ends.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import CancelledError, StreamReader
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_LONGEST_LINE: Final = 1 << 20


@dataclass(frozen=True)
class CompletedRun:
    """How it ended.

    Attributes:
        exit_code: as the command's; negative: the number of the signal that ended it.
        out: what it wrote to standard output.
    """

    exit_code: int
    out: str


async def run_command(arguments: Sequence[str], log: Callable[[str], None]) -> CompletedRun:
    """Run `contentstack-source` with arguments, to its end.

    On cancellation it gets SIGTERM, and its end is awaited.

    Args:
        arguments: of the command.
        log: takes each line of its standard error.

    Raises:
        CancelledError: the process has ended by then.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "contentstack_source.cli.main",
        *arguments,
        stdout=PIPE,
        stderr=PIPE,
        limit=_LONGEST_LINE,
    )
    completion = asyncio.ensure_future(_end(process, log))
    try:
        return await asyncio.shield(completion)
    except CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
        await completion
        raise


async def _end(process: Process, log: Callable[[str], None]) -> CompletedRun:
    if process.stdout is None or process.stderr is None:
        raise TypeError
    out, _ = await asyncio.gather(process.stdout.read(), _log_lines(process.stderr, log))
    return CompletedRun(await process.wait(), out.decode(errors="replace"))


async def _log_lines(stream: StreamReader, log: Callable[[str], None]) -> None:
    async for line in stream:
        log(line.decode(errors="replace").rstrip("\n"))
