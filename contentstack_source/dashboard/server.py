"""`contentstack-source dashboard`: the dashboard, served to this machine's browser."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from contentstack_source.destinations.target import Target
from contentstack_source.errors import FailedError, MissingPackagesError

_NEEDED: Final = ("marimo", "matplotlib", "pandas")
_DASHBOARD: Final = Path(__file__).with_name("app.py")


def serve_dashboard(target: Target, *, port: int, browser: bool) -> None:
    """Serve the dashboard until interrupted, to this machine only.

    Args:
        target: the dataset to show, its destination by name.
        port: where to serve it; if it is taken, the next one that is free.
        browser: whether to open it in the browser.

    Raises:
        MissingPackagesError: the extra `dashboard` is not installed.
        FailedError: the server did not start.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        message = f"The dashboard needs packages that are not installed: {', '.join(missing)}"
        raise MissingPackagesError(
            message, "Install them: pip install 'contentstack-source[dashboard]'."
        )
    command = [sys.executable, "-m", "marimo", "run", str(_DASHBOARD)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--no-sandbox"]
    command += [] if browser else ["--headless"]
    arguments = ["--destination", target.destination, "--dataset", target.dataset]
    command += ["--", *arguments, "--pipeline-name", target.pipeline_name]
    try:
        exit_code = _serve(command)
    except KeyboardInterrupt:
        return
    if exit_code > 0:
        message = f"The server of the dashboard ended with {exit_code}"
        raise FailedError(message, "See its output above.")


def _serve(command: list[str]) -> int:
    """Run the server and return its exit code; what ends this process ends the server."""
    with subprocess.Popen(command) as server:  # noqa: S603 - no shell
        before = signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            return server.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
