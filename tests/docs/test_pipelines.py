"""The scripts that users copy, run unchanged."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Callable

from contentstack_source.simulator import serve
from tests.support.oracle import assert_equal
from tests.support.paths import ROOT
from tests.support.small_stack import filled_stack

SCRIPT = ROOT / "pipelines" / "contentstack_pipeline.py"


def test_the_pipeline_script_works_as_a_program_and_imported(
    configure: Callable[..., None],
) -> None:
    stack = filled_stack()
    with serve(stack) as server:
        configure(server)
        done = subprocess.run(
            [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "1 load package(s) were loaded" in done.stdout
        assert_equal("contentstack_warehouse.duckdb", stack)
        stack.delete_entry("author", "e1")
        runpy.run_path(str(SCRIPT))["load_contentstack"]()
        assert_equal("contentstack_warehouse.duckdb", stack)
