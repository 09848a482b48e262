"""A simulated stack for the demos of Airflow and Dagster: `contentstack-source simulate`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import IO

SETTINGS = ("base_url", "api_key", "delivery_token", "environment")


@contextmanager
def simulated_stack(edit_every: float, is_ready: Event) -> Iterator[dict[str, str]]:
    """Serve a stack until the block ends, and print its edits.

    Args:
        edit_every: seconds between two edits.
        is_ready: edits are printed from the moment it is set.

    Yields:
        The settings that lead to the stack, by name.
    """
    options = ["--port", "0", "--edit-every", str(edit_every)]
    command = [str(Path(sys.executable).parent / "contentstack-source"), "simulate", *options]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends it only after the rest
    )
    try:
        settings = _read_settings(process.stdout)
        Thread(target=_print_edits, args=(process.stdout, is_ready), daemon=True).start()
        yield settings
    finally:
        process.kill()
        process.wait()


def _read_settings(lines: IO[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines or ():
        name, _, value = line.partition("=")
        found[name.strip()] = value.strip()
        if found.keys() >= {*SETTINGS}:
            return {each: found[each] for each in SETTINGS}
    sys.exit("The simulated stack did not start.")


def _print_edits(lines: IO[str], is_ready: Event) -> None:
    for line in lines:
        if is_ready.is_set():
            print(f"  An editor {line.strip()}.", flush=True)
