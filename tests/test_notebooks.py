"""The notebooks, run as scripts on the stack of the demo."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import dlt
import pytest

from contentstack_source import contentstack_source
from contentstack_source.simulator import demo_stack, serve

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "explore.py"


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first sync of the demo's stack; its second act is told elsewhere."""
    folder = tmp_path_factory.mktemp("notebooks")
    file, stack = folder / "demo.duckdb", demo_stack(100)
    pipeline = dlt.pipeline(
        "contentstack",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(file)),
        dataset_name="contentstack",
    )
    with serve(stack) as server:
        pipeline.run(
            contentstack_source(
                stack.api_key, stack.delivery_token, stack.environment, base_url=server.base_url
            )
        )
    return file


def run(monkeypatch: pytest.MonkeyPatch, file: Path) -> dict[str, Any]:
    """Run the notebook in this process; return what its cells define."""
    monkeypatch.setenv("EXPLORE_FILE", str(file))
    notebook = runpy.run_path(str(NOTEBOOK), run_name="explore")
    _, definitions = notebook["app"].run()
    return dict(definitions)


def test_the_notebook_runs_as_a_script(demo_file: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(NOTEBOOK), "--", "--file", str(demo_file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_query_of_the_notebook_finds_rows(
    demo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(monkeypatch, demo_file)
    assert found["by_type_and_locale"].num_rows >= 3
    assert found["latest_changes"].num_rows == 20
    assert any(row["author"] for row in found["posts_and_authors"].to_pylist())


def test_the_notebook_says_which_file_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match=r"other\.duckdb is not there"):
        run(monkeypatch, tmp_path / "other.duckdb")
