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
UTF16 = "utf-16"
CP1252 = "cp1252"
_PIECE = 1 << 20
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
    """The codec that reads the file at ``path``: UTF-8, UTF-16 or Windows-1252.

    Reads it once to the end, in pieces: one name with an accent in the last row decides. Some
    broken bytes among letters of UTF-8 do not make it Windows-1252, which would garble them all.
    """
    with path.open("rb") as file:
        start = file.read(_PIECE)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return Encoding(UTF16)
        # UTF-16 without its mark: a header of plain letters has a zero in every other byte.
        if start[:64].count(0) >= len(start[:64]) // 3 > 0:
            return Encoding("utf-16-le" if start[1:2] == b"\0" else "utf-16-be")
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
