"""Redshift's dialect on PostgreSQL: the SQL is dlt's own for Redshift, the engine is its ancestor.

Types that PostgreSQL lacks have the names of its own, and its old way with backslashes is turned
on. COPY from a bucket is not here, nor the limits of a VARCHAR and a SUPER.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from dlt.destinations.impl.redshift.factory import RedshiftTypeMapper

_LIKE_REDSHIFT = (
    "ALTER DATABASE {database} SET standard_conforming_strings = off",
    "ALTER DATABASE {database} SET backslash_quote = on",
    "ALTER DATABASE {database} SET escape_string_warning = off",
)


@contextmanager
def redshift_on(address: str) -> Iterator[None]:
    """Make a database of PostgreSQL understand what dlt says to Redshift."""
    connection = psycopg2.connect(address)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in _LIKE_REDSHIFT:
                cursor.execute(statement.format(database=address.rpartition("/")[2]))
    finally:
        connection.close()
    to_postgres = {"text": "character varying", "json": "json", "binary": "bytea"}
    to_redshift = {name: kind for kind, name in to_postgres.items()}
    with pytest.MonkeyPatch.context() as patch:
        for mapping, names in (
            ("sct_to_unbound_dbt", to_postgres),
            ("dbt_to_sct", to_redshift),
        ):
            known = getattr(RedshiftTypeMapper, mapping)
            patch.setattr(RedshiftTypeMapper, mapping, {**known, **names})
        yield
