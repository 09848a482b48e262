"""Repair of JSON that no database can hold, so that one damaged value stops no run.

What is repaired: half a character (an unpaired UTF-16 surrogate), bytes that are not UTF-8,
control characters inside a string, and the words NaN and Infinity, which JSON does not have.
Everything else that is not JSON stays as it is: a parser rejects it, like a cut body.
"""

from __future__ import annotations

import json
import re
from typing import Final

_REPLACEMENT: Final = rb"\ufffd"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<unpaired>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\."
    rb"|(?P<control>[\x00-\x1f])",
    re.DOTALL,
)
# An open string at the end of a cut body matches too: each byte is read once, whatever the body is.
_TOKEN: Final = re.compile(
    rb'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z))(?P<colon>\s*:)?'
    rb"|(?P<bracket>[{}])"
    rb"|(?P<word>NaN|-?Infinity)",
    re.DOTALL,
)
# CESU-8 writes the two halves of a character as three bytes each.
_SURROGATE_PAIR: Final = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def as_utf8(body: bytes) -> bytes:
    """Return the body as UTF-8 without a byte order mark, U+FFFD in the place of other bytes."""
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        body.decode()
    except UnicodeDecodeError:
        body = _SURROGATE_PAIR.sub(lambda pair: _joined(pair[0]), body)
        body = _SURROGATE.sub("\ufffd".encode(), body)
        return body.decode(errors="replace").encode()
    return body


def repaired(body: bytes) -> bytes:
    """Return the body with every string repaired, and words that are not JSON as strings.

    Two keys of one object that become equal would hide one of their values, so the later key gets
    one more U+FFFD.
    """
    return _TOKEN.sub(_Repair(), body)


class _Repair:
    """Replaces one token after the other."""

    def __init__(self) -> None:
        self._objects: list[dict[str, bool]] = [{}]
        """The keys of each object that is open, and whether they were repaired."""

    def __call__(self, token: re.Match[bytes]) -> bytes:
        if token["word"]:
            return b'"' + token["word"] + b'"'
        if token["bracket"]:
            if token["bracket"] == b"{":
                self._objects.append({})
            elif len(self._objects) > 1:
                self._objects.pop()
            return token[0]
        string = _ESCAPE.sub(_repaired_escape, token["string"])
        if token["colon"] is None:
            return string
        return self._distinct(string, is_repaired=string != token["string"]) + token["colon"]

    def _distinct(self, key: bytes, *, is_repaired: bool) -> bytes:
        keys = self._objects[-1]
        while True:
            try:
                name = str(json.loads(key))
            except ValueError:  # a parser will reject it, too
                return key
            if name not in keys or not (is_repaired or keys[name]):
                keys.setdefault(name, is_repaired)
                return key
            key, is_repaired = key[:-1] + _REPLACEMENT + b'"', True


def _repaired_escape(found: re.Match[bytes]) -> bytes:
    if found["unpaired"]:
        return _REPLACEMENT
    if found["control"]:
        return b"\\u%04x" % ord(found["control"])
    return found[0]


def _joined(pair: bytes) -> bytes:
    """Return the UTF-8 of the character whose two halves are given."""
    halves = pair.decode(errors="surrogatepass")
    return halves.encode("utf-16", "surrogatepass").decode("utf-16").encode()
