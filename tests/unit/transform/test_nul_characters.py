"""U+0000 is kept beside a column whose text cannot hold it, and is counted."""

from __future__ import annotations

import pyarrow as pa
from dlt.common.normalizers.naming.snake_case import NamingConvention

from contentstack_source.naming import Names
from contentstack_source.schema import RowBatch, SchemaDrift
from contentstack_source.transform.nul_characters import nul_aside

NAMES = Names(NamingConvention())
TYPES = {"title": "text", "body": "json", "count": "bigint"}


def rows(**columns: list[object]) -> RowBatch:
    return RowBatch("blog", pa.table(columns), {name: TYPES.get(name, "json") for name in columns})


def test_only_values_with_nul_are_kept_as_json_beside_the_column() -> None:
    found = SchemaDrift()
    given = rows(title=["a\x00b", None, "", "\\u0000"], body=['"\\u0000"'] * 4, count=[1, 2, 3, 4])
    fitting = nul_aside(given, NAMES, found)
    assert fitting.data.to_pydict() == {
        "title": [None, None, "", "\\u0000"],
        "body": ['"\\u0000"'] * 4,
        "count": [1, 2, 3, 4],
        "title__v_json": ['"a\\u0000b"', None, None, None],
    }
    assert fitting.types == {**given.types, "title__v_json": "json"}
    assert found.variants == {"blog.title__v_json": 1}


def test_rows_without_nul_stay_unchanged() -> None:
    found = SchemaDrift()
    given = rows(title=["a", None], count=[1, None])
    assert nul_aside(given, NAMES, found) is given
    assert not found.variants


def test_an_existing_variant_column_keeps_its_values() -> None:
    given = rows(title=[None, "\x00"], title__v_json=['{"a":1}', None])
    fitting = nul_aside(given, NAMES, SchemaDrift())
    assert fitting.data.to_pydict() == {
        "title": [None, None],
        "title__v_json": ['{"a":1}', '"\\u0000"'],
    }
