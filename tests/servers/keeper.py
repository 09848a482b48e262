"""Keeps a server alive for as long as another process is, and no longer.

python keeper.py PID FOLDER COMMAND...

So a server ends with the tests that asked for it, however these end. What it wrote is cleared
away, unless it ended first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

LOOK_EVERY_SECONDS = 0.3
PATIENCE_SECONDS = 5.0


def main(pid: int, folder: str, command: list[str]) -> None:
    if os.fork():
        return  # whoever asked goes on, and has no child to wait for
    server = subprocess.Popen(command)
    while _is_alive(pid) and server.poll() is None:
        time.sleep(LOOK_EVERY_SECONDS)
    if server.poll() is not None:
        Path(folder, "ended").touch()
        return
    server.terminate()
    try:
        server.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
    shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    """A zombie's work is done, whoever forgot to ask how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is there, and another user's
        pass
    return not Path("/proc/self").exists()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
