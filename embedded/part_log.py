"""The log of one part: what its process writes, never longer than two files of a fixed size.

The process writes to the file itself, so that it goes on while `up` is suspended. It appends, and
therefore the file can be emptied under it.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import IO

from client.stack.state_folder import make_folder, open_to_append

LIMIT = 10 * 1024 * 1024
"""Bytes after which a log is moved aside, once."""

_LOOK_EVERY = 1.0


class PartLog:
    """The file at ``path``, which may be beginning a new process's log in the middle."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path = path
        self._limit = limit
        self._from = 0
        self._found: set[str] = set()

    def open(self) -> IO[bytes]:
        """The file, for a process that is about to start."""
        make_folder(self.path.parent)
        self.bound()
        log = open_to_append(self.path)
        self._from = log.tell()
        self._found.clear()
        return log

    def since_start(self) -> str:
        """What the present process has written, if it was not moved aside."""
        try:
            with self.path.open("rb") as log:
                log.seek(self._from)
                return log.read(self._limit).decode(errors="replace")
        except FileNotFoundError:
            return ""

    def contains(self, words: str) -> bool:
        """Whether the present process has written ``words``; what was found once stays found."""
        if words not in self._found and words in self.since_start():
            self._found.add(words)
        return words in self._found

    def bound(self) -> None:
        """Move what is there aside, if it is too long. Lines written meanwhile may be lost."""
        if self.path.exists() and self.path.stat().st_size > self._limit:
            shutil.copy(self.path, self.path.with_suffix(".log.1"))
            with self.path.open("r+b") as log:
                log.truncate()
            self._from = 0

    async def keep_bounded(self) -> None:
        """Look after its length until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            await asyncio.to_thread(self.bound)
