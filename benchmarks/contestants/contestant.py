"""A contestant as the benchmark sees it: a pipe of processes, and the rows they leave."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_COUNT = "import duckdb, sys; print(duckdb.connect(sys.argv[1]).sql(sys.argv[2]).fetchone()[0])"
_VERSIONS = """
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
"""


@dataclass(frozen=True)
class Tables:
    """Where entries are loaded: the tables of a DuckDB file, keyed by uid and locale."""

    file: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Contestant:
    """One way to bring a stack into DuckDB.

    Attributes:
        name: the key of its figures.
        title: its name on the page.
        short: its name in the picture.
        leaves: what it leaves in DuckDB.
        pipe: the commands, each reading the output of the previous one.
        python: the interpreter of its environment.
        packages: distributions it needs there.
        tables: where entries are loaded; if None, it prints how many it has seen.
        files: name and text of files it expects in its working folder.
    """

    name: str
    title: str
    short: str
    leaves: str
    pipe: tuple[tuple[str, ...], ...]
    python: Path
    packages: tuple[str, ...]
    tables: Tables | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def prepare(self, folder: Path) -> None:
        """Write the files it expects into its working folder."""
        for name, text in self.files.items():
            (folder / name).write_text(text, "utf-8")

    def versions(self) -> dict[str, str]:
        """Return the versions of its packages; empty if one is not installed."""
        if not self.python.exists():
            return {}
        command = [str(self.python), "-c", _VERSIONS, *self.packages]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found: dict[str, str] = json.loads(done.stdout) if done.returncode == 0 else {}
        return found

    def why_skipped(self) -> str:
        """Return why it cannot run here; empty if it can."""
        if not self.python.exists():
            return f"no {self.python.parent.parent.name}: `make bench` creates it"
        return "" if self.versions() else f"not all installed: {', '.join(self.packages)}"

    def count_rows(self, folder: Path, printed: str) -> int:
        """Count the entries it loaded, each (uid, locale) once.

        In a separate process: the measuring process must stay small, see `benchmarks.measure`.
        """
        if self.tables is None:
            return int(printed.rsplit(maxsplit=1)[-1])
        counts = (f"SELECT count(DISTINCT (uid, locale)) AS n FROM {t}" for t in self.tables.names)
        query = f"SELECT sum(n)::BIGINT FROM ({' UNION ALL '.join(counts)})"
        command = [sys.executable, "-c", _COUNT, str(folder / self.tables.file), query]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(done.stdout)
