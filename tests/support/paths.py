"""Folders of the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
RECORDED: Final = ROOT / "tests" / "support" / "data" / "recorded"
"""Recorded answers of the service."""
