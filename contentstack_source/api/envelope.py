"""The envelope of an answer: its fields at the top, and the body as all parsers can read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

import duckdb
import msgspec
import orjson

from contentstack_source.api.repair import as_utf8, repaired
from contentstack_source.errors import InvalidResponseError

_TOP: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ITEMS: Final = "items"
_TOKENS_AND_COUNT: Final = ("pagination_token", "sync_token", "total_count")
_SAFE_DIGITS: Final = 18
"""An integer of so many digits always fits into 64 bits."""


@dataclass(frozen=True)
class Envelope:
    """What stands at the top of an answer.

    Attributes:
        body: the answer, repaired.
        fields: by name; lists and objects in it stay unread.
        item_count: the length of the list `items`; None where there is no such list.
        fault: why the body is not a JSON object; empty if it is one.
    """

    body: bytes
    fields: Mapping[str, msgspec.Raw] = field(default_factory=dict)
    item_count: int | None = None
    fault: str = ""


@lru_cache(maxsize=1)  # the client reads an answer before the protocol does
def read_envelope(body: bytes) -> Envelope:
    """Read what stands at the top of an answer, and repair what no database can hold."""
    body = as_utf8(body)
    envelope = _parsed(body)
    if envelope.fault:  # the parser is strict: it rejects whatever a repair would change
        again = repaired(body)
        if again != body:
            return _parsed(again)
    return envelope


def repeats_items(envelope: Envelope) -> bool:
    """Return whether `items` stands at the top twice: parsers do not agree on which one counts."""
    name = f'"{_ITEMS}"'.encode()
    read = sum(len(key) + len(memoryview(raw)) for key, raw in envelope.fields.items())
    if len(envelope.body) - read < 4 * len(envelope.fields) + len(name):
        return False  # no room for another field
    if envelope.body.count(name) == 1:
        return False
    try:
        pairs = json.loads(envelope.body, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return False
    return [key for key, _ in pairs].count(_ITEMS) > 1


def parse_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object as Python values; an empty one for any other value.

    Args:
        body: valid JSON.

    Raises:
        InvalidResponseError: it is nested too deeply to be read.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:  # a number that no double holds, or deep nesting
        try:
            value = json.loads(body, parse_int=_number)
        except RecursionError:
            message = "An answer of the service is nested more deeply than can be read"
            raise InvalidResponseError(message, "Check the schemas of the content types.") from None
    return value if isinstance(value, dict) else {}


def _number(digits: str) -> float:
    return int(digits) if len(digits) <= _SAFE_DIGITS else float(digits)


def _parsed(body: bytes) -> Envelope:
    try:
        envelope = Envelope(body, _TOP.decode(body))
        items = envelope.fields.get(_ITEMS)
        return envelope if items is None else replace(envelope, item_count=_length(items))
    except RecursionError:
        return _parsed_deep(body)
    except msgspec.ValidationError:
        return Envelope(body, fault="it is another JSON value")
    except msgspec.MsgspecError as error:
        return Envelope(body, fault=str(error).removeprefix("JSON is malformed: "))


def _length(items: msgspec.Raw) -> int | None:
    try:
        return len(_LIST.decode(items))
    except msgspec.MsgspecError:
        return None


def _parsed_deep(body: bytes) -> Envelope:
    """Read an answer nested more deeply than Python recurses; DuckDB has no such limit."""
    paths = [f"$.{name}" for name in _TOKENS_AND_COUNT]
    sql = (
        "SELECT json_type($body), json_extract($body, $paths)::VARCHAR[],"
        " json_type($body, '$.items'), json_array_length($body, '$.items')"
    )
    try:
        with duckdb.connect() as con:
            ((kind, texts, kind_of_items, length),) = con.execute(
                sql, {"body": body.decode(), "paths": paths}
            ).fetchall()
    except duckdb.InvalidInputException as error:
        return Envelope(body, fault=str(error).partition(" Input:")[0])
    if kind != "OBJECT":
        return Envelope(body, fault="it is another JSON value")
    found = zip(_TOKENS_AND_COUNT, texts, strict=True)
    fields = {name: msgspec.Raw(text.encode()) for name, text in found if text is not None}
    return Envelope(body, fields, length if kind_of_items == "ARRAY" else None)
