"""Undoing the compression of an answer piece by piece, never further than it is read."""

import zlib
from collections.abc import Callable
from typing import Final, TypeAlias

# Of the next piece of a body so many bytes at most; raises `ValueError` for what is not compressed as it says.
Decode: TypeAlias = Callable[[bytes, int], bytes]

ACCEPTED: Final = "gzip"
_GZIP: Final = zlib.MAX_WBITS | 16


def decoder(encoding: str) -> Decode:
    """What undoes a `content-encoding`.

    Any but the accepted one, and several in a row, are handed on as they came: a few hundred bytes that were compressed
    twice may become gigabytes in the step between.
    """
    if encoding.strip().lower() not in (ACCEPTED, "x-gzip"):
        return lambda piece, most: piece[:most]
    inflating = zlib.decompressobj(_GZIP)

    def decode(piece: bytes, most: int) -> bytes:
        if inflating.eof:  # it would be kept, and may have no end
            return b""
        try:
            return inflating.decompress(piece, most)
        except zlib.error as error:
            raise ValueError("the answer is no gzip, as its content-encoding says") from error

    return decode
