"""The scripts that users copy, run unchanged."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contentstack_source.simulator import serve
from tests.oracle import assert_equal
from tests.small_stack import filled_stack

SCRIPT = Path(__file__).parent.parent / "pipelines" / "contentstack_pipeline.py"


def test_the_pipeline_script_works_as_a_program_and_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]
) -> None:
    stack = filled_stack()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt_data"))
    with serve(stack) as server:
        configure(stack, server)
        done = subprocess.run(
            [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "1 load package(s) were loaded" in done.stdout
        assert_equal("contentstack_warehouse.duckdb", stack)
        stack.delete_entry("author", "e1")
        runpy.run_path(str(SCRIPT))["load_contentstack"]()
        assert_equal("contentstack_warehouse.duckdb", stack)
