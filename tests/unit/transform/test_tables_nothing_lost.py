"""Nothing is lost: every value of every entry is in the tables, with any model."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

Json = Any

OF_ROWS = {"_dlt_id", "event_at", "locale"}
OF_ELEMENTS = {"_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_list_idx"}
DATA_TYPES = (
    "text",
    "number",
    "boolean",
    "isodate",
    "file",
    "json",
    "link",
    "reference",
    "taxonomy",
)

names = st.sampled_from(
    [
        *(
            "a",
            "b",
            "title",
            "url",
            "value",
            "list",
            "event_at",
            "content_locale",
            "tags",
            "_version",
        ),
        *(
            "_dlt_id",
            "_dlt_list_idx",
            "a-b",
            "a b",
            "A1",
            "é",
            "日本",
            "😀",
            '"',
            "';--",
            "\x00",
            "",
        ),
        *("type", "children", "uid", "v_text", "publish_details", "_metadata"),
    ]
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(
        [
            *("2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00+02:00", "2026-13-31T12:00:00Z"),
            *("2026-01-31", "infinity", "true", "null", "12", "{", "[", '{"a":1}', '["a"]', '"'),
        ]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
entries = st.lists(
    st.dictionaries(names.filter(lambda n: n != "uid"), values, max_size=4), min_size=1, max_size=3
)


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2) -> list[Json]:
    fields = []
    for uid in draw(st.lists(names, max_size=4, unique=True)):
        kinds = DATA_TYPES if depth == 0 else (*DATA_TYPES, "group", "global_field", "blocks")
        field = {
            "uid": uid,
            "data_type": draw(st.sampled_from(kinds)),
            "multiple": draw(st.booleans()),
        }
        if field["data_type"] in {"group", "global_field"}:
            field["schema"] = draw(schemas(depth - 1))
        if field["data_type"] == "blocks":
            field["blocks"] = [{"uid": draw(names), "schema": draw(schemas(depth - 1))}]
        fields.append(field)
    return fields


def leaves(value: Json) -> Iterator[str]:
    """Yield the scalars in a value, in one notation for all column types."""
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    elif isinstance(value, datetime):
        yield str(value.timestamp())
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, int | float):
        yield _number(Decimal(repr(value)))
    elif value is not None:
        yield _text(value)


def _number(number: Decimal) -> str:
    double = float(number)
    if math.isfinite(double) and Decimal(double) == number:
        number = Decimal(repr(double))  # the same number, written with any number of digits
    return str(number.normalize()) if number else "0"


def _text(text: str) -> str:
    if text[:1] in set("-0123456789"):
        try:
            return _number(Decimal(text))
        except ArithmeticError:
            pass
        if "T" in text:
            try:
                return str(datetime.fromisoformat(text).timestamp())
            except ValueError:
                pass
    return text


def held(loaded: Any) -> Counter[str]:
    """Return the scalars in all cells of all tables, JSON documents included."""
    found: Counter[str] = Counter()
    for table, rows in loaded.rows.items():
        types = loaded.types[table]
        own = OF_ROWS if table == "blog" else OF_ELEMENTS
        for row in rows if table != "entries" else ():
            for name, cell in row.items():
                if name not in own:
                    is_json = types[name] == "json" and cell is not None
                    found.update(leaves(json.loads(cell) if is_json else cell))
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contents=entries, schema=st.none() | schemas())
@example([{"a": {}}], None)
@example([{"a": {"b": 1}}], [{"uid": "a", "data_type": "text"}])
@example([{"A": "one", "a": "two", "b": {"c": 1}}], None)
@example([{"": "one", "a": {"b": 1}}], None)
@example([{"a": 5}], [{"uid": "a", "data_type": "reference"}])
@example([{"a": [{"b": 1}]}], [{"uid": "a", "data_type": "json", "multiple": True}])
def test_every_value_of_an_entry_is_somewhere_in_its_tables(
    loaded: Callable[..., Any], contents: list[Json], schema: list[Json] | None
) -> None:
    expected = Counter(leave for content in contents for leave in leaves(content))
    contents = [content | {"locale": "en-us"} for content in contents]
    assert not expected - held(loaded(*contents, schema=schema))
