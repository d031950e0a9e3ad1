"""Files that are no CSV, whatever their names say."""

from __future__ import annotations

import re
from typing import NamedTuple

LOOKED_AT = 8_192
"""Bytes of a file that are enough to know what it is."""

_SAVE = "Open it there, save it as CSV (UTF-8), and import that file."
_UNPACK = "Unpack it and import the CSV file that is in it."
_EXPORT = "Export the list as CSV and import that file."


class Foreign(NamedTuple):
    """What a file is, with its article, and what to do instead."""

    what: str
    next_step: str


_EXCEL = Foreign("an Excel workbook", _SAVE)
_OPEN_DOCUMENT = Foreign("an OpenDocument spreadsheet", _SAVE)
_NUMBERS = Foreign("a Numbers document", _SAVE)
_PAGE = Foreign("a web page (HTML)", _SAVE)
_ZIP = Foreign(
    "an Excel workbook or another ZIP archive",
    "If it is a workbook, save it as CSV (UTF-8); otherwise unpack it. Then import the CSV file.",
)
_BINARY = Foreign("not text", _EXPORT)

_BY_FIRST_BYTES: tuple[tuple[bytes, Foreign], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Foreign("an Excel workbook (.xls)", _SAVE)),
    (b"\x09\x08\x10\x00\x00\x06", Foreign("an Excel workbook (.xls)", _SAVE)),
    (b"\x09\x08\x08\x00\x00\x05", Foreign("an Excel workbook (.xls)", _SAVE)),
    (b"ID;P", Foreign("a spreadsheet in the SYLK format", _SAVE)),
    (b"%PDF-", Foreign("a PDF document", _EXPORT)),
    (b"{\\rtf", Foreign("an RTF document", _EXPORT)),
    (b"\x1f\x8b", Foreign("a gzip archive", _UNPACK)),
    (b"BZh", Foreign("a bzip2 archive", _UNPACK)),
    (b"\xfd7zXZ\x00", Foreign("an xz archive", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", Foreign("a Zstandard archive", _UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", Foreign("a 7z archive", _UNPACK)),
    (b"Rar!\x1a\x07", Foreign("a RAR archive", _UNPACK)),
    (b"SQLite format 3\x00", Foreign("an SQLite database", _EXPORT)),
    (b"\x89PNG\r\n", Foreign("a picture (PNG)", _EXPORT)),
    (b"\xff\xd8\xff", Foreign("a picture (JPEG)", _EXPORT)),
    (b"PAR1", Foreign("a Parquet file", _EXPORT)),
)
_BY_FIRST_WORDS: tuple[tuple[re.Pattern[str], Foreign], ...] = (
    # Excel's own XML, and tables that web applications save under the name of a workbook.
    (re.compile(r"\s*<\?xml.{0,500}?<(?:\w+:)?Workbook\b", re.DOTALL | re.IGNORECASE), _EXCEL),
    (
        re.compile(
            r"\s*<(?:!doctype|html|head|body|table|meta|style|script|div)\b|\s*<!--", re.IGNORECASE
        ),
        _PAGE,
    ),
    (re.compile(r"\s*<\?xml\b"), Foreign("an XML file", _EXPORT)),
    (re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[{\[\"\]])"), Foreign("a JSON file", _EXPORT)),
    (
        re.compile(r"\s*BEGIN:VCARD\b", re.IGNORECASE),
        Foreign("a file of contacts (vCard)", _EXPORT),
    ),
)
_IN_ARCHIVES: tuple[tuple[bytes, Foreign], ...] = (
    (b"opendocument.spreadsheet", _OPEN_DOCUMENT),
    (b".iwa", _NUMBERS),
    (b"word/", Foreign("a Word document", _EXPORT)),
    (b"xl/", _EXCEL),
    (b"[Content_Types].xml", _EXCEL),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_MOST_CONTROL = 0.05


def foreign_bytes(start: bytes) -> Foreign | None:
    """What a file is that begins with ``start``, if that is no text; else None."""
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return next((kind for name, kind in _IN_ARCHIVES if name in start), _ZIP)
    return next((kind for first, kind in _BY_FIRST_BYTES if start.startswith(first)), None)


def foreign_text(start: str) -> Foreign | None:
    """What a text is that begins with ``start``, if it is another format than CSV; else None."""
    found = next((kind for words, kind in _BY_FIRST_WORDS if words.match(start)), None)
    if found is None and len(_CONTROL.findall(start)) > _MOST_CONTROL * len(start):
        return _BINARY
    return found
