"""Files that are sent: read as they come, into a private file on the disk, up to a limit.

A request is another one if its file is: its bytes are counted in what the request is known by.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fastapi import Request
from starlette.requests import ClientDisconnect

from client.errors import ClientError
from client.file_imports.imports import FileImports
from surfaces.console.uploads import MOST, NotKept, NotWhole, TooLarge, discard
from surfaces.public.limits import Upload
from surfaces.public.protocol import allow_upload

FILE_NAME = "list.csv"
_WRITTEN_AT_ONCE = 256 * 1024
_READ_TO_THE_END = 4 * MOST
"""Up to here a body that is too large is read and thrown away, so that its sender sees why."""


class Uploaded(NamedTuple):
    """A file that has arrived whole: the import that it is for, where it is, and its SHA-256."""

    name: str
    file: Path
    digest: str


def uploaded(request: Request) -> Uploaded:
    """The file that came with a request."""
    found: Uploaded = request.state.uploaded
    return found


def imports_of(request: Request) -> FileImports:
    """The imports of this console, which the API shares with its pages."""
    imports: FileImports = request.app.state.imports
    return imports


@asynccontextmanager
async def arriving(request: Request) -> AsyncIterator[str]:
    """Read the file of a request and give its digest; what became no import is removed at the end.

    ``ClientError`` if too many are under way, ``TooLarge``, ``NotWhole`` and ``NotKept``.
    """
    imports = imports_of(request)
    announced = request.headers.get("content-length", "")
    try:
        if announced.isdecimal() and int(announced) > MOST:
            raise TooLarge
        name = await imports.arrive()
    except ClientError:
        # In the middle of its file, the sender would see a broken connection and no reason.
        await discard(request)
        raise
    try:
        file = imports.path_for(name, FILE_NAME)
        try:
            digest = await _received(request, file)
        except (TooLarge, NotKept):
            await discard(request)
            raise
        request.state.uploaded = Uploaded(name, file, digest)
        yield digest
    finally:
        # One that was accepted stays.
        await imports.forget_unless_kept(name)


async def _received(request: Request, file: Path) -> str:
    allow_upload(request, Upload(_READ_TO_THE_END))
    hashed, size, waiting = hashlib.sha256(), 0, bytearray()
    try:
        target = await asyncio.to_thread(_made, file)
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > MOST:
                    raise TooLarge
                waiting += chunk
                if len(waiting) >= _WRITTEN_AT_ONCE:
                    hashed.update(waiting)
                    await asyncio.to_thread(_write, target, bytes(waiting))
                    waiting.clear()
            hashed.update(waiting)
            await asyncio.to_thread(_write, target, bytes(waiting))
            await asyncio.to_thread(os.fsync, target.fileno())
        finally:
            await asyncio.to_thread(target.close)
    except ClientDisconnect as error:
        raise NotWhole from error
    except OSError as error:
        raise NotKept((error.strerror or "unknown reason").lower()) from error
    return hashed.hexdigest()


def _made(file: Path) -> BinaryIO:
    # Here nobody else can have made it; the folder is this user's alone.
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    return os.fdopen(os.open(file, flags, 0o600), "wb", buffering=0)


def _write(target: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[target.write(view) :]
