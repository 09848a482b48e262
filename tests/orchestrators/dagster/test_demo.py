"""`make dagster`: the real services, the sensor, a worker, and the shutdown."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.support.paths import ROOT

QUERY = """{ assetsOrError { ... on AssetConnection { nodes {
    key { path } assetMaterializations(limit: 1) { runId } } } } }"""
TABLES = {"assets", "author", "blog_post", "event", "page", "product"}


@pytest.mark.long
def test_the_demo_syncs_by_itself_and_leaves_nothing_behind() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "pipelines.dagster_demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        output = ""
        while "Ctrl-C" not in output:
            assert demo.stdout is not None
            line = demo.stdout.readline()
            assert line, output
            output += line
        (address,) = re.findall(r"Dagster: (http://[\d.:]+)/", output)
        (home,) = re.findall(r"Its log is (.+)/dagster.log", output)
        _wait_for_tables(address)
    finally:
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=60)
    assert "Ended; nothing is left." in rest
    assert demo.returncode == 0
    assert not Path(home).exists()
    assert (
        home not in subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout
    )


def _wait_for_tables(address: str) -> None:
    deadline = time.monotonic() + 300
    found: set[str] = set()
    while time.monotonic() < deadline and not found >= TABLES:
        time.sleep(2)
        found = {
            each["key"]["path"][-1] for each in _assets(address) if each["assetMaterializations"]
        }
    assert found >= TABLES


def _assets(address: str) -> list[dict[str, Any]]:
    body = json.dumps({"query": QUERY}).encode()
    request = Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        nodes: list[dict[str, Any]] = json.load(answer)["data"]["assetsOrError"]["nodes"]
    return nodes
