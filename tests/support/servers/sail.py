"""Sail: a server of Spark Connect in a wheel, with workers, in a separate environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.optional import python_of, why_missing
from tests.support.servers.shared import folder_for, free_ports, is_listening, keep, once, wait

PYTHON = python_of("sail")


def sail() -> str:
    """Return the address of a running server."""
    if not PYTHON.exists():
        pytest.skip(why_missing("sail"))
    return once("sail", _start)


def _start() -> str:
    folder, (port,) = folder_for("sail"), free_ports(1)
    command: list[str | Path] = [PYTHON.with_name("sail"), "spark", "server"]
    command += ["--ip", "127.0.0.1", "--port", str(port)]
    keep(command, folder, environment={"SAIL_MODE": "local-cluster"})
    wait(lambda: is_listening(port), folder)
    return f"sc://127.0.0.1:{port}"
