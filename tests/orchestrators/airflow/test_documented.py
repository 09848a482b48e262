"""docs/airflow.md is correct: its commands run, and what they set up works."""

from __future__ import annotations

import ast
import json
import re
import runpy
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from airflow.sdk import Asset, AssetAlias

from contentstack_source.settings import parse_settings
from contentstack_source.simulator import serve
from tests.support.paths import ROOT
from tests.support.small_stack import filled_stack

PAGE = (ROOT / "docs" / "airflow.md").read_text("utf-8")
DAG_FILE = ROOT / "pipelines" / "airflow_dag.py"
CODE = DAG_FILE.read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def commands() -> list[list[str]]:
    lines = (line for block in blocks("sh") for line in block.splitlines())
    return [shlex.split(line) for line in lines if line.startswith("airflow ")]


def run(command: list[str]) -> None:
    from airflow.cli.cli_parser import get_parser

    options = get_parser().parse_args(command[1:])
    options.func(options)


@pytest.mark.usefixtures("database")
def test_the_commands_make_the_pool_and_the_connection() -> None:
    from airflow.models import Pool

    for command in commands():
        run(command)
    pool = Pool.get_pool("contentstack")
    assert pool is not None
    assert pool.slots == 1
    run(["airflow", "connections", "delete", "contentstack_default"])  # it was there


def test_the_connection_shown_holds_the_settings_of_a_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (command,) = (each for each in commands() if "--conn-json" in each)
    monkeypatch.setenv("AIRFLOW_CONN_CONTENTSTACK_DEFAULT", command[-1])
    settings_from = runpy.run_path(str(DAG_FILE))["settings_from"]
    settings = parse_settings(**settings_from("contentstack_default"))
    assert settings.environment == "production"
    assert settings.base_url == "https://eu-cdn.contentstack.com/v3"


def test_the_file_has_the_same_pool_and_connection() -> None:
    head = ast.get_docstring(ast.parse(CODE)) or ""
    for command in commands():
        assert f"{' '.join(command[:4])} " in head
    (variable,) = re.findall(r"export (\w+)=", PAGE)
    assert f"export {variable}=" in head


def test_the_stacks_shown_are_what_the_tasks_take(
    warehouse: str, connect: Callable[..., None], monkeypatch: pytest.MonkeyPatch, database: None
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (listed,) = blocks("json")
    monkeypatch.setenv("AIRFLOW_VAR_CONTENTSTACK_STACKS", listed)
    with serve(filled_stack()) as server:
        for each in json.loads(listed):
            connect(server, each["connection"])
        done = DagBag().dags["contentstack_many"].test()
    assert str(done.state) == "success"
    assert Path(warehouse).exists()
    assert database is None


def test_the_schedules_shown_name_what_the_dags_announce() -> None:
    (shown,) = blocks("python")
    schedules = [eval(line[len("@dag(schedule=") : -1]) for line in shown.splitlines()]  # noqa: S307
    assert schedules == [[Asset("contentstack.blog_post")], [AssetAlias("contentstack")]]
    assert 'Asset(f"{dataset}.{table}"' in CODE
    assert 'AssetAlias("contentstack")' in CODE


def test_the_extra_of_an_event_is_described() -> None:
    (table,) = re.findall(r"\| In the event's extra \| Is \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE)
    described = re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE)
    (extra,) = re.findall(r"extra = \{(.*?)\}", CODE, flags=re.DOTALL)
    assert described == re.findall(r'"(\w+)":', extra)
