"""The DuckDB file of the demo, which the notebooks read until users put in their own dataset."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = "demo-data"
FILE: Final = "demo.duckdb"
ENTRIES: Final = 3000


def demo_file(entries: int = ENTRIES) -> Path:
    """Return the file of the demo, here or one folder up; run the demo first if there is none.

    Args:
        entries: published rows of the stack, if the demo runs.
    """
    places = [folder / FOLDER / FILE for folder in (Path.cwd(), Path.cwd().parent)]
    found = [file for file in places if file.is_file()]
    if not found:
        command = [sys.executable, "-m", "contentstack_source.cli.main", "demo"]
        subprocess.run([*command, "--folder", FOLDER, "--entries", str(entries)], check=True)  # noqa: S603 - no shell
    return (found or places)[0]
