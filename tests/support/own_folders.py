"""The folders of a test session, and a look at what a test left outside its own folder.

The home folder and dlt's data folder are temporary ones of the session. Each test has its own data
folder and working directory (`tests/conftest.py`), so whatever appears in those of the session, in
dlt's folder of root or in the repository was written to a wrong place.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.paths import ROOT

_SESSION: Final = "TEST_SESSION_FOLDER"
_PID: Final = "TEST_SESSION_PID"
_FOR_ROOT: Final = Path("/var/dlt/pipelines")
"""Where dlt puts the pipelines of root, unless DLT_DATA_DIR is set."""
_OF_TOOLS: Final = {".hypothesis", ".pytest_cache", "__pycache__"}
"""Caches of the test tools in the repository."""
_seen: set[Path] = set()


def prepare_folders() -> None:
    """Make the folders of a session, once; workers inherit them by the environment."""
    if _SESSION not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="test_session_"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name in ("home", "dlt", "servers"):
            (folder / name).mkdir()
        os.environ |= {
            _SESSION: str(folder),
            _PID: str(os.getpid()),
            "HOME": str(folder / "home"),
            "DLT_DATA_DIR": str(folder / "dlt"),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
        }
    _seen.update(_watched())


def session_folder() -> Path:
    """Return the folder that is removed at the end of the session."""
    return Path(os.environ[_SESSION])


def session_pid() -> int:
    """Return the process that lives as long as the session."""
    return int(os.environ[_PID])


@contextmanager
def in_own_folders(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a folder, with dlt's data in another one, and fail if anything appeared elsewhere."""
    (folder / "work").mkdir()
    patch.chdir(folder / "work")
    patch.setenv("DLT_DATA_DIR", str(folder / "dlt_data"))
    yield
    assert_nothing_outside()


def assert_nothing_outside() -> None:
    """Fail if anything appeared outside the folders of tests since the last look."""
    found = set(_watched()) - _seen
    _seen.update(found)
    assert not found, f"written outside the folder of the test: {sorted(map(str, found))}"


def _watched() -> Iterator[Path]:
    for folder in (ROOT, ROOT / ".dlt", ROOT / "notebooks", _FOR_ROOT):
        if folder.is_dir():
            yield from (each for each in folder.iterdir() if each.name not in _OF_TOOLS)
    yield from (session_folder() / "dlt").rglob("*")
    yield from (session_folder() / "home").glob("[!.]*")
    yield from (session_folder() / "home").glob(".dlt*")
