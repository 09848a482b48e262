"""Where the tables can be: each destination made ready for one test, and cleared away after it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt

from tests.servers.postgres import postgres


@dataclass(frozen=True)
class Place:
    """A destination for one test.

    Attributes:
        destination: a destination of dlt.
        parses_json: its driver returns JSON as Python values.
    """

    destination: Any
    parses_json: bool = False


@contextmanager
def in_duckdb(folder: Path) -> Iterator[Place]:
    yield Place(dlt.destinations.duckdb(str(folder / "warehouse.duckdb")))


@contextmanager
def in_postgres(folder: Path) -> Iterator[Place]:
    del folder
    yield Place(dlt.destinations.postgres(postgres(new_name())), parses_json=True)


def new_name() -> str:
    """Return a name that no other test uses, on a server shared with all."""
    return f"t{uuid.uuid4().hex[:12]}"


Makes = Callable[[Path], AbstractContextManager[Place]]

TIER_ONE: dict[str, Makes] = {
    "duckdb": in_duckdb,
    "postgres": in_postgres,
}
