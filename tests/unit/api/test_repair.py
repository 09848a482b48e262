"""Repair: damaged values become valid, and a body that is not JSON stays invalid."""

from __future__ import annotations

import json

import pytest

from contentstack_source.api.envelope import read_envelope
from contentstack_source.api.sync_protocol import parse_page

WHOLE = b'{"items":[%s],"sync_token":"s1"}'


def read(item: bytes) -> object:
    """Return the only item of a page, as the staging gets it."""
    (item,) = json.loads(parse_page(WHOLE % item).body)["items"]
    return item


@pytest.mark.parametrize(
    ("damaged", "repaired"),
    [
        (rb'"cut \ud83d"', "cut \ufffd"),
        (rb'"\uDE00 cut"', "\ufffd cut"),
        (rb'"\ud83d\ud83d\ude00\ude00"', "\ufffd😀\ufffd"),
        (rb'"\\ud83d \\\ud83d"', "\\ud83d \\\ufffd"),
        (rb'{"a\ud83d": 1}', {"a\ufffd": 1}),
        (b'"\xff and \xc3"', "\ufffd and \ufffd"),
        (b'"\xed\xa0\xbd cut"', "\ufffd cut"),
        (b'"\xed\xa0\xbd\xed\xb8\x80"', "😀"),
        (b'"two\nlines\tand \x00"', "two\nlines\tand \x00"),
        (b"[NaN, Infinity, -Infinity]", ["NaN", "Infinity", "-Infinity"]),
        (b'{"a": NaN, "b": "NaN is \xff"}', {"a": "NaN", "b": "NaN is \ufffd"}),
    ],
)
def test_a_damaged_value_is_repaired_at_any_depth(damaged: bytes, repaired: object) -> None:
    assert read(damaged) == repaired
    assert read(b'{"deep": [{"er": %s}]}' % damaged) == {"deep": [{"er": repaired}]}


@pytest.mark.parametrize(
    "sound",
    [
        rb'{"a": "\ud83d\ude00 \ufffd \u00e9 \\ud83d", "b": "NaN", "a b": [1e999, 0.10]}',
        b'{"n": %s}' % (b"1" * 400),
        b'{"same": 1, "same": 2}',
    ],
)
def test_valid_values_stay_byte_for_byte(sound: bytes) -> None:
    body = WHOLE % sound
    assert parse_page(body).body == body
    odd = WHOLE % (sound + rb', "\ud83d"')
    assert parse_page(odd).body == WHOLE % (sound + rb', "\ufffd"')


@pytest.mark.parametrize(
    ("damaged", "repaired"),
    [
        (rb'{"k\ud83d": 1, "k\ud83c": 2}', {"k\ufffd": 1, "k\ufffd\ufffd": 2}),
        (rb'{"k\ud83d": 1, "k\ufffd": 2}', {"k\ufffd": 1, "k\ufffd\ufffd": 2}),
        (rb'{"k\ufffd": 1, "k\ud83d": 2}', {"k\ufffd": 1, "k\ufffd\ufffd": 2}),
        (
            rb'[{"k\ud83d": {"k\ud83d": 1}}, {"k\ud83c": 2}]',
            [{"k\ufffd": {"k\ufffd": 1}}, {"k\ufffd": 2}],
        ),
        (rb'{"a": {"k\ud83d": 1}, "k\ud83d": 2}', {"a": {"k\ufffd": 1}, "k\ufffd": 2}),
    ],
)
def test_keys_that_become_equal_by_repair_keep_their_values(
    damaged: bytes, repaired: object
) -> None:
    assert read(damaged) == repaired


@pytest.mark.parametrize(
    "body",
    [
        WHOLE % rb'"cut \ud83d"',
        WHOLE % b'"a \xff\n \\" \\\\"',
        WHOLE % b"[NaN, -Infinity]",
        WHOLE % rb'{"k\ud83d": {"b": NaN}}',
    ],
)
def test_a_truncated_body_is_never_repaired_to_a_complete_one(body: bytes) -> None:
    assert read_envelope(body).fault == ""
    assert all(read_envelope(body[:length]).fault for length in range(len(body)))


def test_a_byte_order_mark_is_removed() -> None:
    assert parse_page(b"\xef\xbb\xbf" + WHOLE % b"1").body == WHOLE % b"1"


@pytest.mark.parametrize("depth", [100, 5_000])
def test_an_item_may_be_nested_to_any_depth(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    page = parse_page(WHOLE % (b'{"a": %s}, {"b": "\\ud83d"}' % nested))
    assert (page.item_count, page.sync_token) == (2, "s1")
    assert page.body == WHOLE % (b'{"a": %s}, {"b": "\\ufffd"}' % nested)
    assert read_envelope(page.body[:-1]).fault
    assert read_envelope(nested).fault == "it is another JSON value"
