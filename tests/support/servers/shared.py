"""Servers for tests: started on first use, one for all workers of a session."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.own_folders import session_folder, session_pid
from tests.support.paths import ROOT

_START_UP_SECONDS = 60.0


def once(name: str, start: Callable[[], str]) -> str:
    """Return what `start` returned to the first worker.

    A server that could not start is not tried again: every worker skips for the same reason.
    """
    result_file = session_folder() / "servers" / name
    with FileLock(result_file.with_suffix(".lock")):
        if not result_file.exists():
            try:
                result_file.write_text(f"ok {start()}", "utf-8")
            except pytest.skip.Exception as skipped:
                result_file.write_text(f"skip {skipped}", "utf-8")
    outcome, _, answer = result_file.read_text("utf-8").partition(" ")
    if outcome == "skip":
        pytest.skip(answer)
    return answer


def keep(
    command: Sequence[str | Path],
    folder: Path,
    *,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a server as long as the session; `folder` is deleted with it.

    Args:
        command: stays in the foreground.
        folder: holds all that the server writes.
        user: runs the server if root runs the tests.
        environment: added to the current one.
    """
    keeper = [sys.executable, "-m", "tests.support.servers.keeper", str(session_pid()), str(folder)]
    as_user = [] if user is None else ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]
    with (folder / "log").open("wb") as log:
        subprocess.run(
            [*keeper, *as_user, *map(str, command)],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            check=True,
        )


def wait(is_up: Callable[[], bool], folder: Path) -> None:
    """Wait until the server of a folder answers.

    Raises:
        RuntimeError: it does not answer, or it ended.
    """
    until = time.monotonic() + _START_UP_SECONDS
    while not (folder / "ended").exists() and time.monotonic() < until:
        if is_up():
            return
        time.sleep(0.05)
    raise RuntimeError((folder / "log").read_text("utf-8", errors="replace")[-2000:])


def folder_for(name: str, user: str | None = None) -> Path:
    """Return a new empty folder that `user` can write to."""
    folder = Path(tempfile.mkdtemp(prefix=f"test_{name}_"))
    folder.chmod(0o755)
    if user is not None:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    return folder


def user_for(name: str) -> str | None:
    """Return the user of a server that root may not run; None if root does not run the tests."""
    return name if os.geteuid() == 0 else None


def free_ports(count: int) -> list[int]:
    """Return free ports whose number plus 10,000 is free, too: SeaweedFS uses both.

    All are below the ports that the system gives to clients.
    """
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(12_000, 22_000)
        if not is_listening(port) and not is_listening(port + 10_000):
            found.add(port)
    return sorted(found)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def apt_install(*packages: str) -> None:
    """Install Debian packages, if root runs the tests."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip(f"needs the package {' and '.join(packages)}, and only root can install it")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-qq"], install):
        done = subprocess.run(command, check=False, capture_output=True, env=quiet, text=True)
    if done.returncode:
        pytest.skip(f"{' and '.join(packages)} could not be installed: {done.stderr[-300:]}")
