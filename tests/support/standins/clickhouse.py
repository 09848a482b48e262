"""ClickHouse itself, embedded in the process by chdb: only the two connections are replaced.

All SQL is dlt's own and runs in the real engine. It has no network, users or limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from threading import RLock
from typing import Any

import clickhouse_driver
import pytest
from chdb.session import Session
from clickhouse_driver.dbapi.errors import OperationalError
from clickhouse_driver.errors import ServerException
from dlt.destinations.impl.clickhouse import sql_client
from typing_extensions import Self

_READS = {"SELECT", "WITH", "SHOW", "DESCRIBE", "EXISTS"}
_SETTINGS = ("date_time_input_format='best_effort'", "lightweight_deletes_sync=2")


class Engine:
    """One engine per process; dlt's threads take turns."""

    def __init__(self, folder: Path) -> None:
        self.lock = RLock()
        self.session = Session(str(folder))
        for setting in _SETTINGS:
            self.session.query(f"SET {setting}")

    def close(self) -> None:
        self.session.close()

    def run(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a statement; return the column names and rows of its result.

        Raises:
            OperationalError: as the driver would.
        """
        words = sql.lstrip("( \n").split(None, 1)
        is_read = bool(words) and words[0].upper() in _READS
        with self.lock:
            try:
                found = self.session.query(sql, "ArrowTable" if is_read else "CSV")
            except RuntimeError as error:
                raise _as_from_driver(error) from error
        if not is_read or not hasattr(found, "column_names"):
            return [], []
        columns = [column.to_pylist() for column in found.columns]
        return found.column_names, list(zip(*columns, strict=True))


class Connection:
    """The part of the driver's connection and cursor that dlt uses."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.description: list[tuple[Any, ...]] | None = None
        self.rows: list[tuple[Any, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def cursor(self) -> Connection:
        return Connection(self.engine)

    def close(self) -> None:
        pass

    commit = rollback = close

    def execute(self, sql: str, values: dict[str, Any] | None = None) -> None:
        literals = {name: _literal(value) for name, value in (values or {}).items()}
        names, self.rows = self.engine.run(sql % literals if literals else sql.replace("%%", "%"))
        self.description = [(name, None, None, None, None, None, None) for name in names] or None

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self.rows = self.rows, []
        return rows

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows, self.rows = self.rows[:size], self.rows[size:]
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(iter(self.fetchmany()), None)


@contextmanager
def clickhouse_in(folder: Path) -> Iterator[None]:
    """Connect dlt's ClickHouse destination to an embedded engine with its files in a folder."""
    engine = Engine(folder)
    engine.run("CREATE DATABASE IF NOT EXISTS tests ENGINE = Atomic")

    def insert_file(
        self: Any, file_path: str, table_name: str, file_format: str, compression: str
    ) -> None:
        database, table = self.make_qualified_table_name_path(table_name, quote=False)
        _insert_file(engine, database, table, file_path, file_format, compression)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clickhouse_driver, "connect", lambda **_: Connection(engine))
        patch.setattr(sql_client.ClickHouseSqlClient, "insert_file", insert_file)
        yield
    engine.close()


def _insert_file(
    engine: Engine, database: str, table: str, path: str, file_format: str, compression: str
) -> None:
    sql = (
        "SELECT name, type FROM system.columns"
        f" WHERE database = '{database}' AND table = '{table}' ORDER BY position"
    )
    columns: Sequence[tuple[Any, ...]] = engine.run(sql)[1]
    names = ", ".join(f"`{name}`" for name, _ in columns)
    types = _literal(", ".join(f"`{name}` {kind}" for name, kind in columns))
    packed = ", 'gzip'" if compression == "gz" else ""
    engine.run(
        f"INSERT INTO `{database}`.`{table}` ({names})"
        f" SELECT {names} FROM file('{path}', '{file_format}', {types}{packed})"
    )


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int, float)):
        return str(int(value) if isinstance(value, bool) else value)
    if isinstance(value, (date, datetime)):
        return f"'{value}'"
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def _as_from_driver(error: RuntimeError) -> OperationalError:
    code = re.search(r"Code: (\d+)", str(error))
    raised = OperationalError(str(error))
    raised.__cause__ = ServerException(str(error), int(code[1]) if code else 0)
    return raised
