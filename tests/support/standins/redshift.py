"""Redshift's dialect on PostgreSQL: the SQL is dlt's own for Redshift, the engine is PostgreSQL.

Types that PostgreSQL lacks are mapped to its own, and backslash escapes are turned on. It has no
COPY from a bucket, and no limits of VARCHAR and SUPER.
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
    """Make a PostgreSQL database accept dlt's SQL for Redshift."""
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
