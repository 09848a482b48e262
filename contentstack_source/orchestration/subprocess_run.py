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
class Ended:
    """How it ended.

    Attributes:
        exit_code: as the command's; negative: the number of the signal that ended it.
        out: what it wrote to standard output.
    """

    exit_code: int
    out: str


async def run_child(arguments: Sequence[str], tell: Callable[[str], None]) -> Ended:
    """Run `contentstack-source` with arguments, to its end.

    Whoever is cancelled meanwhile sends it SIGTERM, and waits for it to end what it must.

    Args:
        arguments: of the command.
        tell: takes each line of its standard error.

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
    ending = asyncio.ensure_future(_end(process, tell))
    try:
        return await asyncio.shield(ending)
    except CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
        await ending
        raise


async def _end(process: Process, tell: Callable[[str], None]) -> Ended:
    if process.stdout is None or process.stderr is None:
        raise TypeError
    out, _ = await asyncio.gather(process.stdout.read(), _tell_lines(process.stderr, tell))
    return Ended(await process.wait(), out.decode(errors="replace"))


async def _tell_lines(stream: StreamReader, tell: Callable[[str], None]) -> None:
    async for line in stream:
        tell(line.decode(errors="replace").rstrip("\n"))
