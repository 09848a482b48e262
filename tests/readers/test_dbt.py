"""The dbt package, built by dbt on the data of the demo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contentstack_source.dashboard.demo_data import FILE, FOLDER
from tests.support.optional import python_of, why_missing
from tests.support.paths import ROOT

DBT = python_of("dbt").with_name("dbt")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not DBT.exists(), reason=why_missing("dbt")),
]


@pytest.fixture(scope="module")
def file(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo's file: dbt creates its views in it."""
    copy = tmp_path_factory.mktemp("dbt") / FILE
    shutil.copy(demo_folder / FOLDER / FILE, copy)
    return copy


def run_dbt(file: Path, *arguments: str) -> dict[str, str]:
    """Run dbt on the file; return the status of every test and model by its id."""
    folder = file.parent
    done = subprocess.run(
        [DBT, *arguments, "--profiles-dir", ".", "--target-path", folder, "--log-path", folder],
        cwd=ROOT / "dbt",
        env={
            **os.environ,
            "CONTENTSTACK_DUCKDB": str(file),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    name = "sources.json" if arguments[0] == "source" else "run_results.json"
    results: list[dict[str, Any]] = json.loads((folder / name).read_text())["results"]
    assert results, done.stdout
    return {each["unique_id"]: each["status"] for each in results}


def test_every_model_is_built_and_every_test_passes(file: Path) -> None:
    statuses = run_dbt(file, "build")
    assert set(statuses.values()) == {"success", "pass"}, statuses
    with duckdb.connect(str(file), read_only=True) as con:
        for model, table in {"entries": "entries", "changes": "sync_events"}.items():
            ((made, there),) = con.execute(
                f"SELECT (SELECT count(*) FROM contentstack_models.stg_contentstack__{model}),"
                f" (SELECT count(*) FROM contentstack.{table})"
            ).fetchall()
            assert made == there > 0


def test_a_duplicate_row_fails_the_tests(file: Path) -> None:
    broken = file.parent / "broken.duckdb"
    shutil.copy(file, broken)
    with duckdb.connect(str(broken)) as con:
        con.execute("INSERT INTO contentstack.entries SELECT * FROM contentstack.entries LIMIT 1")
    failed = [name for name, status in run_dbt(broken, "build").items() if status == "fail"]
    assert any("unique_contentstack_entries" in name for name in failed)


def test_the_tables_are_fresh_after_a_run_and_stale_a_day_later(file: Path) -> None:
    assert set(run_dbt(file, "source", "freshness").values()) == {"pass"}
    with duckdb.connect(str(file)) as con:
        con.execute("UPDATE contentstack.sync_runs SET ended_at = ended_at - INTERVAL 2 DAY")
    assert set(run_dbt(file, "source", "freshness").values()) == {"error"}
