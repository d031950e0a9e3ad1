"""Which encoding a text file has, of those in which spreadsheets save CSV."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple

UTF8 = "utf-8-sig"
CP1252 = "cp1252"
_PIECE = 1 << 20
_LOOKED_AT = 4_096
"""Bytes at the beginning whose zeros tell an encoding without a mark."""

_MARKS = (
    # UTF-32 first: in one byte order its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZEROS = {
    # Where the zeros are in four bytes, if all letters are plain.
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
_ENOUGH = 0.2
"""How many letters have to be plain; names in another script have no such zeros."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_BROKEN = re.compile(r"[\udc80-\udcff]")
_LETTERS_FOR_BROKEN = 0.1
"""How many UTF-8 letters per broken byte make a file count as damaged UTF-8.

In Windows-1252 two letters with accents sometimes look like one letter of UTF-8.
"""


class Encoding(NamedTuple):
    """The codec that reads a file, and how many of its bytes that codec cannot read."""

    name: str
    broken: int = 0


def encoding_of(path: Path) -> Encoding:
    """The codec that reads the file at ``path``: UTF-8, UTF-16, UTF-32 or Windows-1252.

    Reads it once to the end, in pieces: one name with an accent in the last row decides. Some
    broken bytes among letters of UTF-8 do not make it Windows-1252, which would garble them all.
    """
    with path.open("rb") as file:
        start = file.read(_PIECE)
        wide = wide_encoding(start)
        if wide:
            return Encoding(wide)
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        marked = start.startswith(codecs.BOM_UTF8)
        letters = broken = 0
        while True:
            text = decoder.decode(start, final=not start)
            if not text.isascii():
                bad = len(_BROKEN.findall(text))
                broken += bad
                letters += len(_BEYOND_ASCII.findall(text)) - bad
            if not start:
                break
            start = file.read(_PIECE)
    if broken and not marked and letters < _LETTERS_FOR_BROKEN * broken:
        return Encoding(CP1252)
    return Encoding(UTF8, broken)


def wide_encoding(start: bytes) -> str:
    """The codec of a text whose letters have several bytes each, with or without a mark."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    looked_at = start[: _LOOKED_AT & -4]
    if len(looked_at) < 4:
        return ""
    quarters = [looked_at[at::4] for at in range(4)]
    first, second, third, fourth = (one.count(0) > _ENOUGH * len(one) for one in quarters)
    return _ZEROS.get((first, second, third, fourth), "")


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[tuple[TextIOWrapper, BinaryIO]]:
    """The file at ``path`` as text, and the bytes under it to see how far reading has come.

    What the codec cannot read becomes U+FFFD.
    """
    with path.open("rb", buffering=_PIECE) as raw:
        text = TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
        try:
            yield text, raw
        finally:
            text.detach()
