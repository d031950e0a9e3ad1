"""Where the rows of a list go that cannot be used: a file that never stops the import."""

from __future__ import annotations

import contextlib
import csv
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from store.files.spreadsheet import guarded
from store.kernel.private_files import open_private

FIRST = 10
"""Rejected rows that are kept to be shown at once."""

MOST_REASONS = 50
OTHERS = "other reasons"
"""Different reasons that are counted, and under which name all further ones are: a reason may
name a character or a number of columns, so a large file of noise would have thousands."""

ADDED = ("line", "reason")
"""The columns before those of the list, by which we know a file of ours."""


class Reject(NamedTuple):
    """The line of a row that cannot be used, and why; nothing of the row itself."""

    line: int
    reason: str


class Rejects:
    """Counts rejected rows and writes them to ``path``, for this user only: they are personal.

    The file is made when there is a first row, with the columns of ``ADDED`` and those of the list.
    No cell of it is a formula to a spreadsheet.
    ``reasons`` counts the rows of each reason.
    If it cannot be written, ``lost`` says why, and counting goes on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.first: list[Reject] = []
        self.lost = ""
        self.reasons: Counter[str] = Counter()
        self._header: Sequence[str] = ()
        self._file: TextIO | None = None

    @property
    def written(self) -> bool:
        """Whether there is a file that has every rejected row."""
        return self.count > 0 and not self.lost

    def begin(self, header: Sequence[str]) -> None:
        """Name the list's columns, and remove a file of an earlier import."""
        self._header = header
        # A failure matters only when there is something to write, and then it is told.
        with contextlib.suppress(OSError):
            self._remove()

    def add(self, line: int, reason: str, row: Sequence[str], lines: str = "") -> None:
        """Enter one row; ``lines`` says where it is if it has several."""
        self.count += 1
        full = len(self.reasons) >= MOST_REASONS and reason not in self.reasons
        self.reasons[OTHERS if full else reason] += 1
        if lines:
            reason = f"{reason} {lines}"
        if len(self.first) < FIRST:
            self.first.append(Reject(line, reason))
        if self.lost:
            return
        try:
            writer = csv.writer(self._open())
            writer.writerow(map(guarded, [line, reason, *row]))
        except (OSError, ValueError) as error:
            self._lose(error)

    def close(self) -> None:
        """Close the file, if there is one."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            self._lose(error)
        self._file = None

    def _open(self) -> TextIO:
        if self._file is None:
            descriptor = open_private(self.path)
            # What cannot be read in the list need not be readable here.
            self._file = os.fdopen(
                descriptor, "w", encoding="utf-8", errors="backslashreplace", newline=""
            )
            csv.writer(self._file).writerow([*ADDED, *self._header])
        return self._file

    def _lose(self, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else None
        self.lost = (reason or type(error).__name__).lower()
        if self._file is not None:
            # Half a file would be taken for a whole one.
            with contextlib.suppress(OSError):
                self._remove()

    def _remove(self) -> None:
        # A person may name a device or a pipe, which is not ours to remove.
        if self.path.is_file():
            self.path.unlink()
