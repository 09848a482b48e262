"""local-bigquery: an emulator that speaks BigQuery's REST API, in a separate environment.

It needs Python 3.13 and DuckDB's extensions, which are installed where DuckDB expects them.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import requests

from tests.support.optional import python_of, why_missing
from tests.support.servers.shared import folder_for, free_ports, keep, once, wait

PROJECT = "local"
_PYTHON = python_of("bigquery")
_EXTENSIONS = """
import duckdb, duckdb_extensions
with duckdb.connect() as con:
    for name in ("ducklake", "spatial", "icu"):
        duckdb_extensions.import_extension(name, con=con)
"""


def bigquery() -> str:
    """Return the address of a running server."""
    if not _PYTHON.exists():
        pytest.skip(why_missing("bigquery"))
    return once("bigquery", _start)


def _start() -> str:
    folder, (port, other) = folder_for("bigquery"), free_ports(2)
    subprocess.run([_PYTHON, "-c", _EXTENSIONS], check=True, capture_output=True, timeout=120)
    (folder / "data").mkdir()
    command: list[str | Path] = [_PYTHON.with_name("local-bigquery"), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--grpc-port", str(other), "--project", PROJECT]
    keep([*command, "--data-dir", folder / "data"], folder)
    address = f"http://127.0.0.1:{port}"
    wait(lambda: _answers(address), folder)
    return address


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/bigquery/v2/projects", timeout=5).ok
    except requests.RequestException:
        return False
