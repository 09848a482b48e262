"""The README is correct: its commands and code run, and the demo prints what it shows."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from contentstack_source.cli.demo import run_demo
from contentstack_source.simulator import Stack, demo_stack
from tests.support.harness import Command
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("demo")
    console = Console(file=io.StringIO(), width=100)
    run_demo(console, entries=3000, folder=str(folder / "demo-data"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue(), folder / "demo-data" / "demo.duckdb"


def test_the_demo_prints_what_the_readme_shows(demo_run: tuple[str, Path]) -> None:
    text = _without_times(demo_run[0])
    shown = [line for line in blocks("text")[0].splitlines() if line not in {"…", ""}]
    for line in shown:
        assert _without_times(line) in text, line
    assert "NOT EQUAL" not in text


def test_the_query_of_the_readme_runs_on_the_data_of_the_demo(demo_run: tuple[str, Path]) -> None:
    (query,) = blocks("sql")
    with duckdb.connect(str(demo_run[1]), read_only=True) as con:
        assert con.execute(query).fetchall()


@pytest.fixture
def stack() -> Stack:
    return demo_stack(60)


def test_the_commands_and_the_code_of_the_readme_run(command: Command) -> None:
    commands = re.findall(r"^contentstack-source (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    assert commands == ["check", "sync", "status"]
    for name in commands:
        command.run(name)
    command.stack.delete_content_type("event")
    (code,) = blocks("python")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, {})  # noqa: S102 - the point of this test
    assert "blog_post" in out.getvalue()
    command.assert_equal()


def test_the_files_the_readme_names_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def _without_times(text: str) -> str:
    return re.sub(r"in \d+\.\d s", "in ? s", text)
