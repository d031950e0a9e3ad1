"""A form with a file: read as it comes, into a private file on the disk, up to a limit.

FastAPI would read all of it before anybody is asked who sends it. Here the session was checked
before, and the guard has refused forms of other sites before that; memory holds a part of a
megabyte, whatever is sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from client.errors import ClientError, WrongInput
from surfaces.public.limits import Upload
from surfaces.public.protocol import allow_upload

MOST = 256 * 1024 * 1024
"""Bytes of one file: some millions of rows. A terminal takes larger ones."""

MOST_SHOWN = f"{MOST // 1024 // 1024} MB"
_FORM = 64 * 1024
"""Bytes of everything beside the file."""

_LONGEST_FIELD = 4_096
_MOST_FIELDS = 12
_WRITTEN_AT_ONCE = 256 * 1024
_READ_TO_THE_END = 4 * MOST
"""Up to here a body that is too large is read and thrown away: a browser shows our answer only
once it has sent everything."""


class TooLarge(WrongInput):
    """More was sent than is taken."""

    def __init__(self) -> None:
        super().__init__(
            f"The file is larger than {MOST_SHOWN}, which is the most that is taken here.",
            "Divide it into several files, each with the header row, or import it in a terminal, "
            "which has no limit.",
            means="Nothing of it was taken.",
        )


class NotWhole(WrongInput):
    """What came is not a whole form."""

    def __init__(self) -> None:
        super().__init__(
            "The file did not arrive whole.", "Choose it again.", means="Nothing of it was taken."
        )


class NotKept(ClientError):
    """The disk did not take it."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The file could not be kept on the console's disk ({why}).",
            "Make room there, then choose it again.",
            means="Nothing of it was taken.",
        )


@dataclass
class Form:
    """What was sent: the fields, and where the file is; None if no file was chosen."""

    fields: dict[str, str] = field(default_factory=dict)
    file: Path | None = None

    def text(self, name: str) -> str:
        """A field without spaces around it; empty if it is missing."""
        return self.fields.get(name, "").strip()


async def receive(request: Request, place: Callable[[str], Path], form: Form) -> None:
    """Read a multipart form into ``form``; its file goes to ``place(its name)``, for this user.

    ``form`` has the fields that came before anything was refused. ``TooLarge``, ``NotWhole`` and
    ``NotKept`` say why it was not taken, and the file is then for the caller to remove.
    """
    allow_upload(request, Upload(_READ_TO_THE_END))
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if not boundary:
        raise NotWhole
    parts = _Parts(place, form)
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": parts.begin,
            "on_header_field": parts.header_name,
            "on_header_value": parts.header_value,
            "on_header_end": parts.header_end,
            "on_headers_finished": parts.headers_finished,
            "on_part_data": parts.data,
            "on_part_end": parts.end,
            "on_end": parts.all_ended,
        },
    )
    announced = request.headers.get("content-length", "")
    parts.too_large = announced.isdecimal() and int(announced) > MOST + _FORM
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            parts.too_large = parts.too_large or received > MOST + _FORM
            if received > _READ_TO_THE_END:
                break
            parser.write(chunk)
            if len(parts.waiting) >= _WRITTEN_AT_ONCE:
                await asyncio.to_thread(parts.write)
        if not parts.too_large:
            parser.finalize()
            await asyncio.to_thread(parts.keep)
    except (FormParserError, ClientDisconnect) as error:
        raise NotWhole from error
    except OSError as error:
        raise NotKept((error.strerror or "unknown reason").lower()) from error
    finally:
        await asyncio.to_thread(parts.close)
    if parts.too_large:
        raise TooLarge
    if not parts.whole:
        raise NotWhole


async def discard(request: Request) -> None:
    """Read a form that was refused already: a browser shows our answer only after sending it."""
    allow_upload(request, Upload(_READ_TO_THE_END))
    received = 0
    with suppress(ClientDisconnect):
        async for chunk in request.stream():
            received += len(chunk)
            if received > _READ_TO_THE_END:
                return


class _Parts:
    """What the parser calls: fields into ``form``, the file into ``waiting`` and from there out."""

    def __init__(self, place: Callable[[str], Path], form: Form) -> None:
        self._place, self._form = place, form
        self._file: BinaryIO | None = None
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._field = ""
        self._text = bytearray()
        self._is_file = False
        self.waiting = bytearray()
        self.too_large = False
        self.whole = False

    def begin(self) -> None:
        self._headers, self._text, self._is_file = {}, bytearray(), False

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        file_name = options.get(b"filename")
        if file_name is None:
            if len(self._form.fields) >= _MOST_FIELDS:
                raise FormParserError("too many fields")
            return
        self._is_file = True
        # A browser sends an empty name if no file was chosen.
        if file_name:
            if self._form.file is not None:
                raise FormParserError("more than one file")
            self._form.file = self._place(file_name.decode("utf-8", "replace"))
            # Made here, where nobody else can have made it; the folder is this user's alone.
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            self._file = os.fdopen(os.open(self._form.file, flags, 0o600), "wb", buffering=0)

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            # The fields behind it are still wanted: what was typed must not be lost.
            if not self.too_large:
                self.waiting += data[start:end]
            return
        self._text += data[start:end]
        if len(self._text) > _LONGEST_FIELD:
            raise FormParserError("a field is too long")

    def end(self) -> None:
        if not self._is_file:
            self._form.fields[self._field] = self._text.decode("utf-8", "replace")

    def all_ended(self) -> None:
        self.whole = True

    def write(self) -> None:
        """Write what waits; in a thread."""
        if self._file is not None:
            view = memoryview(bytes(self.waiting))
            while view:
                view = view[self._file.write(view) :]
        self.waiting.clear()

    def keep(self) -> None:
        """Write the rest and have the disk keep it; in a thread."""
        self.write()
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
