"""Keep a server alive exactly as long as another process.

python keeper.py PID FOLDER COMMAND...

So a server ends with the tests that started it, however these end. Its files are removed, unless it
ended first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

POLL_SECONDS = 0.3
PATIENCE_SECONDS = 5.0


def main(pid: int, folder: str, command: list[str]) -> None:
    if os.fork():
        return  # the caller continues, and has no child to wait for
    server = subprocess.Popen(command)
    while _is_alive(pid) and server.poll() is None:
        time.sleep(POLL_SECONDS)
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
    """Return whether a process is alive; a zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it exists and belongs to another user
        pass
    return not Path("/proc/self").exists()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
