"""The tests themselves: their folders, and that none writes outside of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.optional import why_missing
from tests.support.paths import ROOT

TESTS = ROOT / "tests"
PACKAGES = {path.parent.name for path in (ROOT / "contentstack_source").glob("*/__init__.py")}

WRITES = """
import os, sys
from pathlib import Path
from tests.support.own_folders import assert_nothing_outside, prepare_folders

prepare_folders()
assert_nothing_outside()
place = Path(os.path.expandvars(sys.argv[1]))
place.mkdir(parents=True)
try:
    assert_nothing_outside()
except AssertionError as error:
    print(error)
finally:
    place.rmdir()
assert_nothing_outside()
"""


@pytest.mark.parametrize("place", ["$DLT_DATA_DIR/pipelines", "$HOME/data"])
def test_what_a_test_writes_outside_of_its_folder_is_found(place: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TEST_SESSION")}
    done = subprocess.run(
        [sys.executable, "-c", WRITES, place],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("written outside the folder of the test")


def test_an_environment_that_cannot_be_made_leaves_its_reason(tmp_path: Path) -> None:
    """A shim that is on the PATH and does not run, as pyenv leaves one."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\necho 'shim: python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    made = subprocess.run(
        ["make", ".venv-bigquery/.made", f"PYTHON313={shim}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    reason = "shim: python3.13: command not found"
    assert f"Without .venv-bigquery: {reason}" in made.stdout
    assert reason in why_missing("bigquery", tmp_path)


def test_unit_tests_have_a_folder_per_package() -> None:
    folders = {path.name for path in (TESTS / "unit").iterdir() if any(path.glob("test_*.py"))}
    assert folders <= PACKAGES


def test_contributing_names_every_folder_of_tests_and_the_target_that_runs_it() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"^\| `tests/(\w+)/` \| .+ \|(?: `make ([\w-]+)`)? \|$", text, re.MULTILINE)
    there = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert {folder for folder, _ in rows} == there
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (small,) = re.findall(r"^test: .*\n\t\$\(PYTEST\) (.*?) -m", makefile, re.MULTILINE)
    assert small.split() == [f"tests/{folder}" for folder, target in rows if target == "test"]
