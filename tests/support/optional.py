"""Environments of their own that `make test-all` makes where it can."""

from __future__ import annotations

from pathlib import Path

from tests.support.paths import ROOT


def python_of(name: str) -> Path:
    """Return the interpreter of such an environment, which may not exist."""
    return ROOT / f".venv-{name}" / "bin" / "python"


def why_missing(name: str, root: Path = ROOT) -> str:
    """Return why an environment does not exist."""
    reason = root / f".venv-{name}" / "reason"
    if reason.is_file():
        return f".venv-{name} could not be made: {reason.read_text('utf-8').strip()}"
    return f"no .venv-{name}: `make test-all` makes it"
