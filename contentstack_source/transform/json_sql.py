"""SQL for one value: from JSON text to a typed column, and to its variant columns.

*JSON text* is a JSON value as text, exactly as the wire had it: ``"abc"``, ``12.50``, ``{"a":1}``.
Its first character shows its kind, so no value has to be parsed to know what it is. What a column's
type cannot hold goes into a variant column (dlt's convention, ``price__v_text``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from contentstack_source.schema import DataType
from contentstack_source.transform.dates import INSTANT_WITH_ZONE, day, instant

STRING: Final = 1
OBJECT: Final = 2
ARRAY: Final = 4
BOOL: Final = 8
INTEGER: Final = 16
DECIMAL: Final = 32
LONG: Final = 64
"""A number of more digits than every double can hold."""
SUSPECT: Final = 128
"""Text that begins like an object or a list, read without its quotes: check again."""
NO_INSTANT: Final = 256
"""A string that is not a date, a time and a zone."""

NUMBER: Final = INTEGER | DECIMAL
SCALAR: Final = STRING | BOOL | NUMBER

_SAFE_DIGITS: Final = 15


@dataclass(frozen=True)
class Column:
    """A column of a table to be.

    Attributes:
        data_type: dlt's name of its type.
        sql: the expression that fills it; None where the model knows of it but no row has it.
        is_variant: holds what did not fit another column.
        is_unknown: the content model does not have it.
    """

    data_type: DataType
    sql: str | None = None
    is_variant: bool = False
    is_unknown: bool = False


def quote(name: str) -> str:
    """Return `name` as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a SQL string."""
    return "'" + text.replace("'", "''") + "'"


def struct_of(types: dict[str, str]) -> str:
    """Return the structure argument of `from_json`: which keys to read, and how."""
    # NUL would end the statement; orjson writes it, like all control characters, as an escape.
    return literal(orjson.dumps(types).decode())


def kinds_of(json_text: str) -> str:
    """Return the expression for the kind of JSON text, 0 for none."""
    is_decimal = (
        f"contains({json_text}, '.') OR contains({json_text}, 'e') OR contains({json_text}, 'E')"
    )
    number = (
        f"CASE WHEN {is_decimal} THEN {DECIMAL} ELSE {INTEGER} END"
        f" | CASE WHEN length({json_text}) > {_SAFE_DIGITS} THEN {LONG} ELSE 0 END"
    )
    return (
        f"CASE WHEN {json_text} IS NULL THEN 0 ELSE CASE ascii({json_text})"
        f" WHEN 34 THEN {STRING} WHEN 123 THEN {OBJECT} WHEN 91 THEN {ARRAY}"
        f" WHEN 116 THEN {BOOL} WHEN 102 THEN {BOOL} ELSE {number} END END"
    )


def kinds_of_unknown(json_text: str) -> str:
    """Return the expression for the kind of JSON text whose type must be inferred."""
    no_instant = (
        f"ascii({json_text}) = 34 AND NOT regexp_full_match({json_text}, '{INSTANT_WITH_ZONE}')"
    )
    return f"{kinds_of(json_text)} | CASE WHEN {no_instant} THEN {NO_INSTANT} ELSE 0 END"


def kinds_of_text(text: str) -> str:
    """Return the expression for the kind of a value read as text, its quotes already gone."""
    return (
        f"CASE WHEN {text} IS NULL THEN 0"
        f" WHEN ascii({text}) IN (123, 91) THEN {SUSPECT} ELSE {STRING} END"
    )


def infer_type(kinds: int) -> DataType:
    """Return the type that holds the scalars seen; text holds them all.

    ================================  =========
    seen                              type
    ================================  =========
    instants only                     timestamp
    any other string, alone or mixed  text
    true and false only               bool
    integers only                     bigint
    numbers                           double
    true, false and numbers           double
    ================================  =========
    """
    if kinds & STRING:
        only_instants = not kinds & (NO_INSTANT | BOOL | NUMBER)
        return "timestamp" if only_instants else "text"
    if kinds & NUMBER:
        return "double" if kinds & (DECIMAL | BOOL) else "bigint"
    return "bool"


def scalar(json_text: str, data_type: DataType, kinds: int = ~0, *, from_text: bool = False) -> str:
    """Return the expression for JSON text as `data_type`, NULL where it does not fit.

    Args:
        json_text: an expression of JSON text.
        data_type: of the column.
        kinds: the kinds that occur; the expression handles no other.
        from_text: a JSON string of digits is a number here.
    """
    first = f"ascii({json_text})"
    if data_type == "json":
        return json_text
    if data_type == "text":
        return (
            f"CASE {first} WHEN 34 THEN {json_text}->>'$' WHEN 123 THEN NULL WHEN 91 THEN NULL"
            f" ELSE {json_text} END"
        )
    if data_type in {"timestamp", "date"}:
        text = f"CASE {first} WHEN 34 THEN {json_text}->>'$' END"
        return instant(text) if data_type == "timestamp" else day(text)
    if data_type == "bool":
        return f"CASE {json_text} WHEN 'true' THEN true WHEN 'false' THEN false END"
    if not kinds & ~(INTEGER if data_type == "bigint" else NUMBER):
        return f"try_cast({json_text} AS {data_type})"
    digits = (
        f"CASE WHEN {first} = 34 THEN {json_text}->>'$' ELSE {json_text} END"
        if from_text
        else json_text
    )
    return _bigint(digits) if data_type == "bigint" else _double(digits)


def variants(json_text: str, main: str, kinds: int, data_type: DataType) -> Iterator[Column]:
    """Yield the columns for scalars that `main` cannot hold, each typed as it came."""
    if data_type in {"text", "json"}:
        return
    rest = f"({main}) IS NULL"
    first = f"ascii({json_text})"
    if kinds & (STRING | LONG):
        # A number that no numeric column holds exactly is kept digit by digit.
        is_long = (
            f"({first} = 45 OR {first} BETWEEN 48 AND 57) AND length({json_text}) > {_SAFE_DIGITS}"
        )
        sql = (
            f"CASE WHEN {rest} AND ({first} = 34 OR {is_long}) THEN {scalar(json_text, 'text')} END"
        )
        yield Column("text", sql, is_variant=True)
    if kinds & BOOL and data_type != "bool":
        yield Column(
            "bool", f"CASE WHEN {rest} THEN {scalar(json_text, 'bool')} END", is_variant=True
        )
    if kinds & INTEGER and data_type not in {"double", "bigint"}:
        sql = f"CASE WHEN {rest} THEN {_bigint(json_text)} END"
        yield Column("bigint", sql, is_variant=True)
    if kinds & DECIMAL and data_type != "double":
        is_decimal = f"({_bigint(json_text)}) IS NULL"
        sql = f"CASE WHEN {rest} AND {is_decimal} THEN {_double(json_text)} END"
        yield Column("double", sql, is_variant=True)


def _bigint(digits: str) -> str:
    # A cast rounds 1.7 to 2 without a word: only whole numbers may reach it.
    return f"CASE WHEN regexp_full_match({digits}, '-?\\d+') THEN try_cast({digits} AS BIGINT) END"


def _double(digits: str) -> str:
    """Return a double's expression, NULL where it would be another number than the wire's.

    Beyond 2^53 not all integers are doubles, and beyond 1.8e308 nothing is.
    """
    is_number = f"(ascii({digits}) = 45 OR ascii({digits}) BETWEEN 48 AND 57)"
    value = f"try_cast({digits} AS DOUBLE)"
    is_exact = (
        f"length({digits}) <= {_SAFE_DIGITS}"
        f" OR CASE WHEN contains({digits}, '.') OR contains(lower({digits}), 'e')"
        f" THEN isfinite({value})"
        f" ELSE try_cast({digits} AS HUGEINT) = try_cast({value} AS HUGEINT) END"
    )
    return f"CASE WHEN {is_number} AND ({is_exact}) THEN {value} END"
