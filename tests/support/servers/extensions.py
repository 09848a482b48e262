"""Install DuckDB's extensions from PyPI where DuckDB expects them: no download at run time."""

from __future__ import annotations

import duckdb

from tests.support.servers.shared import once

_NAMES = ("ducklake", "httpfs", "postgres_scanner", "delta", "avro", "iceberg")


def install_extensions() -> None:
    once("extensions", _install)


def _install() -> str:
    from duckdb_extensions import import_extension

    with duckdb.connect() as con:
        for name in _NAMES:
            import_extension(name, con=con)
            con.execute(f"LOAD {name}")
    return " ".join(_NAMES)
