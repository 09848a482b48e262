"""The extras of destinations install together, and each has what its destination imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit

from tests.support.paths import ROOT

PROJECT = tomlkit.parse((ROOT / "pyproject.toml").read_text("utf-8")).unwrap()["project"]
SCHEDULERS = {"airflow", "dagster"}  # tested in separate environments
EXTRAS = sorted(PROJECT["optional-dependencies"].keys() - SCHEDULERS)
IMPORTS = """
import importlib.util, sys
from dlt.common.destination.reference import Destination
for name in sys.argv[1:]:
    if name == "lake":
        import deltalake, pyiceberg, s3fs
        from contentstack_source.destinations.lake import delta, destination, iceberg
    elif name == "mssql":  # imports a system library, which pip cannot install
        assert importlib.util.find_spec("pyodbc")
    else:
        assert Destination.from_reference(name).client_class
"""


@pytest.mark.long
def test_all_extras_of_destinations_install_together_and_import(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    run(python, "-m", "pip", "install", "--quiet", f"{ROOT}[{','.join(EXTRAS)}]")
    run(python, "-m", "pip", "check")
    run(python, "-c", IMPORTS, *EXTRAS)


def run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
