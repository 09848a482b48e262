"""The report of Apache Spark and of Sail, from a lake that a sync loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from contentstack_source.destinations.lake import lake
from contentstack_source.destinations.target import Target
from contentstack_source.runs import run
from contentstack_source.simulator import Stack, serve
from tests.support.optional import python_of, why_missing
from tests.support.paths import ROOT
from tests.support.servers.postgres import postgres
from tests.support.servers.sail import PYTHON as SAIL_PYTHON
from tests.support.servers.sail import sail
from tests.support.servers.shared import apt_install
from tests.support.small_stack import MODELS
from tests.support.warehouses import iceberg_catalog, new_name

SCRIPT = ROOT / "pipelines" / "spark_content_report.py"
SPARK_PYTHON = python_of("spark")
DRIVER = Path("/usr/share/java/postgresql.jar")
RICH = {"type": "doc", "children": [{"type": "reference", "attrs": {"asset-uid": "embedded"}}]}


def a_stack() -> Stack:
    """Return a stack with every kind of problem beside correct content."""
    stack = Stack()
    for uid, schema in MODELS.items():
        stack.create_content_type(uid, schema)
    for uid in ("embedded", "in_a_list", "unused"):
        stack.publish_asset(uid, {"title": uid}, "en-us")
    stack.publish_entry("author", "a1", {"title": "There"}, "en-us")
    stack.publish_entry("author", "a1", {"title": "Da"}, "de-de")
    there = {"uid": "a1", "_content_type_uid": "author"}
    gone = {"uid": "a2", "_content_type_uid": "author"}
    other = {"uid": "a1", "_content_type_uid": "article"}
    parts = [{"heading": "h", "see": [there, gone]}, {"heading": "in_a_list"}]
    fields = {"title": "T", "written_by": [there, other], "parts": parts, "rich": RICH}
    stack.publish_entry("article", "e1", fields, "en-us")
    return stack


EXPECTED = {
    "entries_by_type_and_locale": {
        ("article", "en-us", 1),
        ("author", "de-de", 1),
        ("author", "en-us", 1),
    },
    "assets_nobody_uses": {("unused", "en-us", "unused")},
    "references_that_lead_nowhere": {
        ("article", "e1", "en-us", "parts.see", "a2", "author"),
        ("article", "e1", "en-us", "written_by", "a1", "article"),
    },
}


def load(folder: Path, table_format: str, configure: Callable[..., None]) -> str:
    stack = a_stack()
    with serve(stack) as server:
        configure(server)
        lake_url = f"file://{folder}/lake"
        run.sync(Target(lake(lake_url, table_format), pipelines_dir=str(folder / "dlt")))
    return lake_url


def report(python: Path, folder: Path, *options: str, **environment: str) -> dict[str, Any]:
    """Run the job as a user does, and return what it wrote."""
    command = [str(python), str(SCRIPT), "--into", f"file://{folder}/report", *options]
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "references_that_lead_nowhere" in done.stdout
    written = {name: pq.read_table(folder / "report" / name) for name in EXPECTED}
    entries = "entries_by_type_and_locale"
    written[entries] = written[entries].drop_columns(["last_event_at"])
    return {n: {tuple(row.values()) for row in t.to_pylist()} for n, t in written.items()}


@pytest.mark.long
@pytest.mark.parametrize("table_format", ["delta", "iceberg"])
def test_sail_reports_on_a_lake_by_path(
    table_format: str, tmp_path: Path, configure: Callable[..., None]
) -> None:
    address = sail()
    lake_url = load(tmp_path, table_format, configure)
    options = ("--lake", lake_url, "--table-format", table_format)
    assert report(SAIL_PYTHON, tmp_path, *options, SPARK_REMOTE=address) == EXPECTED


@pytest.mark.long
def test_spark_reports_on_a_lake_by_its_catalog(
    tmp_path: Path, configure: Callable[..., None]
) -> None:
    if not SPARK_PYTHON.exists():
        pytest.skip(why_missing("spark"))
    if shutil.which("java") is None:
        pytest.skip("no java on this machine")
    if not DRIVER.exists():
        apt_install("libpostgresql-jdbc-java")
    address, warehouse = postgres(new_name()), f"file://{tmp_path}/lake"
    with iceberg_catalog(address, warehouse):
        load(tmp_path, "iceberg", configure)
    settings = " ".join(f"--conf {n}={v}" for n, v in spark_settings(address, warehouse).items())
    arguments = f"--master local-cluster[2,1,1024] {settings} pyspark-shell"
    found = report(SPARK_PYTHON, tmp_path, "--catalog", "lake", PYSPARK_SUBMIT_ARGS=arguments)
    assert found == EXPECTED


def spark_settings(address: str, warehouse: str) -> dict[str, str]:
    """Return the settings of docs/scaling.md, for two executors in separate processes."""
    jars = SPARK_PYTHON.parents[1].glob("lib/*/site-packages/snowpark_connect_deps_iceberg/jars")
    runtime = next(iter(next(jars).glob("iceberg-spark-runtime-3.5_2.12-*.jar")))
    _, _, server = address.rpartition("@")
    catalog = "spark.sql.catalog.lake"
    return {
        "spark.jars": f"{runtime},{DRIVER}",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "4",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        f"{catalog}.uri": f"jdbc:postgresql://{server}",
        f"{catalog}.jdbc.user": "loader",
        f"{catalog}.jdbc.password": "loader",
        f"{catalog}.jdbc.schema-version": "V1",
        f"{catalog}.warehouse": warehouse,
    }
