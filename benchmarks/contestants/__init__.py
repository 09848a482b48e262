"""The contestants: separate programs, run as a user would, over the same endpoint."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.contestants.contestant import Contestant, Tables

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_PLAIN = _ROOT / ".venv-plain" / "bin" / "python"
# As users install it: development packages, pandas above all, are imported wherever they exist.
_OURS = _PLAIN if _PLAIN.exists() else Path(sys.executable)
_SINGER = _ROOT / ".venv-singer" / "bin" / "python"
_AIRBYTE = _ROOT / ".venv-airbyte" / "bin" / "python"
_TYPES = ("blog_post", "product", "author", "page")


def _tables(schema: str) -> Tables:
    return Tables("warehouse.duckdb", tuple(f"{schema}.{name}" for name in _TYPES))


def _script(python: Path, name: str) -> tuple[str, ...]:
    return (str(python), str(_HERE / f"{name}.py"))


FLOOR = Contestant(
    name="floor",
    title="floor: fetch, keep on disk, parse once",
    short="floor",
    leaves="nothing",
    pipe=(_script(_OURS, "floor"),),
    python=_OURS,
    packages=("duckdb", "requests"),
)
OURS = Contestant(
    name="ours",
    title="`contentstack-source sync`",
    short="contentstack-source",
    leaves="typed tables, lists as tables, a log of events, a sync token",
    pipe=((str(_OURS), "-m", "contentstack_source.cli.main", "sync", "--pipelines-dir", "dlt"),),
    python=_OURS,
    packages=("contentstack-source", "dlt", "duckdb"),
    tables=Tables(
        "contentstack_warehouse.duckdb", tuple(f"contentstack.{name}" for name in _TYPES)
    ),
)
CONTESTANTS = (
    FLOOR,
    OURS,
    Contestant(
        name="dlt_tuned",
        title="plain dlt, tuned",
        short="dlt, tuned",
        leaves="typed tables, lists as tables, rich text as JSON",
        pipe=(_script(_OURS, "dlt_tuned"),),
        python=_OURS,
        packages=("dlt", "duckdb"),
        tables=_tables("content"),
    ),
    Contestant(
        name="dlt_plain",
        title="plain dlt, as it comes",
        short="dlt, as it comes",
        leaves="typed tables, lists as tables, rich text as tables",
        pipe=(_script(_OURS, "dlt_plain"),),
        python=_OURS,
        packages=("dlt", "duckdb"),
        tables=_tables("content"),
    ),
    Contestant(
        name="vendor_sdk",
        title="the vendor's Python SDK and DuckDB",
        short="vendor's SDK",
        leaves="one table, content as JSON",
        pipe=(_script(_OURS, "vendor_sdk"),),
        python=_OURS,
        packages=("contentstack", "duckdb", "pyarrow"),
        tables=Tables("warehouse.duckdb", ("main.entries",)),
    ),
    Contestant(
        name="singer",
        title="Singer: tap on Meltano's SDK, `target-duckdb`",
        short="Singer",
        leaves="one table per type, objects and lists as JSON",
        pipe=(
            _script(_SINGER, "singer_tap"),
            (*_script(_SINGER, "singer_target"), "--config", "target.json"),
        ),
        python=_SINGER,
        packages=("singer-sdk", "target-duckdb", "duckdb"),
        tables=_tables("content"),
        files={"target.json": '{"path": "warehouse.duckdb", "default_target_schema": "content"}'},
    ),
    Contestant(
        name="airbyte",
        title="PyAirbyte: declarative source, DuckDB cache",
        short="PyAirbyte",
        leaves="one table per type, objects and lists as JSON",
        pipe=(_script(_AIRBYTE, "airbyte_source"),),
        python=_AIRBYTE,
        packages=("airbyte", "airbyte-cdk", "duckdb"),
        tables=_tables("content"),
    ),
)

__all__ = ["CONTESTANTS", "FLOOR", "OURS", "Contestant"]
