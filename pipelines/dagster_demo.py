"""`make dagster`: the demo stack as Dagster assets, with simulated edits, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from urllib.error import URLError
from urllib.request import urlopen

from pipelines.simulated_stack import simulated_stack

PIPELINES = Path(__file__).parent
START_SECONDS = 180
SECONDS_BETWEEN_EDITS = 20.0


def main() -> None:
    """Show Dagster with the definitions that users copy, in a temporary home."""
    is_ready = Event()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    with (
        TemporaryDirectory(prefix="contentstack_dagster_") as home,
        suppress(KeyboardInterrupt),
        simulated_stack(SECONDS_BETWEEN_EDITS, is_ready) as stack,
        _dagster(Path(home), stack) as (dagster, address),
    ):
        print(f"\nDagster: {address}/asset-groups   (Ctrl-C stops everything)")
        print("The first sync starts within half a minute; each later edit triggers another one.\n")
        is_ready.set()
        dagster.wait()
        sys.exit("Dagster ended by itself.")
    print("Ended; nothing is left.")


@contextmanager
def _dagster(home: Path, stack: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start Dagster and yield it with its address; all its processes end with the block."""
    with (home / "dagster.yaml").open("w") as file:
        file.write((PIPELINES / "dagster.yaml").read_text() + "nux:\n  enabled: false\n")
    port = _free_port()
    print(f"Starting Dagster on port {port}, about half a minute. Its log is {home}/dagster.log")
    with (home / "dagster.log").open("w") as log:
        dagster = subprocess.Popen(
            [
                *(str(Path(sys.executable).parent / "dg"), "dev"),
                *("-f", str(PIPELINES / "dagster_defs.py")),
                *("-h", "127.0.0.1", "-p", str(port)),
            ],
            cwd=home,
            env=os.environ
            | {f"SOURCES__CONTENTSTACK__{name.upper()}": value for name, value in stack.items()}
            | {
                "RUNTIME__DLTHUB_TELEMETRY": "false",
                "DAGSTER_HOME": str(home),
                "DESTINATION__DUCKDB__CREDENTIALS": str(home / "demo.duckdb"),
                "DLT_DATA_DIR": str(home / "dlt"),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that all of them can be stopped together
        )
        try:
            _wait_until_ready(dagster, f"http://127.0.0.1:{port}", Path(log.name))
            yield dagster, f"http://127.0.0.1:{port}"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(dagster.pid, signal.SIGKILL)
            dagster.wait()


def _free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return int(any_port.getsockname()[1])


def _wait_until_ready(dagster: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and dagster.poll() is None:
        with suppress(URLError, OSError), urlopen(f"{address}/server_info", timeout=5):
            return
        time.sleep(0.5)
    sys.exit(f"Dagster did not start within {START_SECONDS} s:\n{log.read_text()[-4000:]}")


if __name__ == "__main__":
    main()
