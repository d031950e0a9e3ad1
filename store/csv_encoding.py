"""Which encoding a text file has, of those in which spreadsheets save CSV."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

UTF8 = "utf-8-sig"
UTF16 = "utf-16"
CP1252 = "cp1252"
_PIECE = 1 << 20


def encoding_of(path: Path) -> str:
    """The name of the codec that reads the file at ``path``: UTF-8, UTF-16 or Windows-1252.

    Reads it once to the end, in pieces: one name with an accent in the last row decides.
    """
    with path.open("rb") as file:
        start = file.read(_PIECE)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return UTF16
        # UTF-16 without its mark: a header of plain letters has a zero in every other byte.
        if start[:64].count(0) >= len(start[:64]) // 3 > 0:
            return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while start:
                decoder.decode(start)
                start = file.read(_PIECE)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return CP1252
    return UTF8


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[tuple[TextIO, BinaryIO]]:
    """The file at ``path`` as text, and the bytes under it to see how far reading has come.

    What the codec cannot read becomes U+FFFD.
    """
    with path.open("rb", buffering=_PIECE) as raw:
        text = TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
        try:
            yield text, raw
        finally:
            text.detach()
