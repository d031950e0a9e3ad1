"""Takes a multipart form apart while it comes in: its texts are kept up to a limit, files dropped.

A mail may bring 30 MB of attachments, which nobody here reads and which need not be in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

MOST_PARTS = 200
MOST_HEADERS = 8 * 1024
"""Bytes of the headers of one part."""


@dataclass(slots=True)
class Part:
    """What is kept of one field; ``cut``: there was more of it."""

    content: bytearray = field(default_factory=bytearray)
    cut: bool = False


class ArrivingForm:
    """One form. ``kept`` are the fields whose texts are kept, up to ``limit`` bytes each.

    ``files`` is how many parts were files. Raises ``ValueError`` for what is no form.
    """

    def __init__(self, content_type: str, kept: frozenset[str], limit: int) -> None:
        kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise ValueError("not a multipart form")
        self.parts: dict[str, Part] = {}
        self.files = 0
        self._kept = kept
        self._limit = limit
        self._seen = 0
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._into: Part | None = None
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._header_goes_on,
                "on_header_value": self._value_goes_on,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_end": self._end,
            },
        )

    def add(self, piece: bytes) -> None:
        """The next piece of the body."""
        try:
            self._parser.write(piece)
        except MultipartParseError:
            raise ValueError("not a multipart form") from None

    def close(self) -> None:
        """Say that there is no more. Raises ``ValueError`` if something is missing."""
        if not self._ended:
            raise ValueError("the form is not whole")

    def _part_begins(self) -> None:
        self._seen += 1
        if self._seen > MOST_PARTS:
            raise ValueError("too many parts")
        self._header.clear()
        self._value.clear()
        self._disposition = b""
        self._into = None

    def _header_goes_on(self, data: bytes, start: int, end: int) -> None:
        _grow(self._header, data[start:end])

    def _value_goes_on(self, data: bytes, start: int, end: int) -> None:
        _grow(self._value, data[start:end])

    def _header_ends(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self.files += 1
        elif name in self._kept and name not in self.parts:
            self._into = self.parts[name] = Part()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._into is None:
            return
        room = self._limit - len(self._into.content)
        self._into.content += data[start : min(end, start + room)]
        self._into.cut = self._into.cut or end - start > room

    def _end(self) -> None:
        self._ended = True


def _grow(kept: bytearray, more: bytes) -> None:
    kept += more
    if len(kept) > MOST_HEADERS:
        raise ValueError("a header is too long")
