"""gzip in two parts: what is sent again and again is compressed once, the rest each time.

A stream of deflate may be cut where it was flushed, and gzip's checksum goes on from where it was
left; so both parts make one member, as if they had been compressed together (RFC 1951, 1952).
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
"""gzip, deflate, no name, no time, compressed as fast as can be, on no known system."""
_LEVEL = 1
_SIZES = 2**32
"""gzip keeps a size modulo this."""


class Beginning(NamedTuple):
    """The first part of a body, compressed."""

    deflated: bytes
    checksum: int
    size: int
    """In bytes, before it was compressed."""


def beginning(body: bytes) -> Beginning:
    """Compress the first part of a body."""
    stream = _stream()
    deflated = stream.compress(body) + stream.flush(zlib.Z_SYNC_FLUSH)
    return Beginning(deflated, zlib.crc32(body), len(body))


def whole(first: Beginning, rest: bytes) -> bytes:
    """Complete a body whose first part is compressed already."""
    stream = _stream()
    size = (first.size + len(rest)) % _SIZES
    trailer = struct.pack("<LL", zlib.crc32(rest, first.checksum), size)
    return b"".join((_HEADER, first.deflated, stream.compress(rest), stream.flush(), trailer))


def _stream() -> zlib._Compress:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
