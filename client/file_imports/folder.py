"""The folder of each import, for this user alone. All of this blocks.

    <id>/list/<name>   the file, as it was brought
    <id>/order.json    what to do with it, and who asked; from now on it is an import
    <id>/rejects.csv   the rows that cannot be used
    <id>/end.json      what came of it; the file itself is removed then

A folder without an order is a file that did not arrive whole: it is removed, and nothing of it was
imported.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from client.errors import WrongInput
from client.file_imports.model import ImportEnd, ImportOrder, ImportStanding, KeptOrder
from store.kernel.private_files import make_folder, open_private, put_new

KEPT_FOR = timedelta(days=1)
"""How long the result of an import and its rejected rows are kept; they have addresses."""

_ID = re.compile(r"[0-9a-f]{16}")
_LONGEST_FILE_NAME = 60
"""Letters, of up to four bytes each: disks take 255."""


class ImportFolder:
    """Every import that is kept below ``root``, by its id."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def place(self, name: str) -> Path:
        """The folder of an import; ``WrongInput`` for what is no id."""
        if not _ID.fullmatch(name):
            raise WrongInput("There is no such import.", "See the imports that are there.")
        return self._root / name

    def file(self, name: str, file_name: str) -> Path:
        """Where the file of an import is, under a name that messages about it may repeat."""
        return self.place(name) / "list" / _plain(file_name)

    def rejects(self, name: str) -> Path:
        """Where the rejected rows of an import are."""
        return self.place(name) / "rejects.csv"

    def begin(self, name: str) -> None:
        """Make room for a file that is about to arrive."""
        make_folder(self.place(name) / "list")

    def keep(self, name: str, file: Path, order: ImportOrder) -> None:
        """Make a file that has arrived whole an import."""
        kept = KeptOrder(
            order=order, file_name=file.name, size=file.stat().st_size, asked_at=datetime.now(UTC)
        )
        put_new(self.place(name) / "order.json", kept.model_dump_json().encode())

    def end(self, name: str, end: ImportEnd) -> None:
        """Keep what came of it, and its file only if it may go on."""
        place = self.place(name)
        put_new(place / "end.json", end.model_dump_json().encode())
        if not end.may_go_on:
            shutil.rmtree(place / "list", ignore_errors=True)

    def reopen(self, name: str) -> None:
        """Forget how it ended."""
        (self.place(name) / "end.json").unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove all of it."""
        shutil.rmtree(self.place(name), ignore_errors=True)

    def read(self, name: str) -> ImportStanding | None:
        """What is kept of an import; None if nothing is."""
        place = self.place(name)
        try:
            kept = KeptOrder.model_validate_json((place / "order.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        try:
            end = ImportEnd.model_validate_json((place / "end.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return ImportStanding(id=name, kept=kept, waits=True)
        rejects = (place / "rejects.csv").is_file()
        return ImportStanding(id=name, kept=kept, end=end, rejects=rejects)

    def all(self) -> list[ImportStanding]:
        """Every import."""
        found = [self.read(name) for name in self._names()]
        return [one for one in found if one is not None]

    def unfinished(self) -> list[str]:
        """Those that have not ended; removes what never arrived whole."""
        for name in self._names():
            if self.read(name) is None:
                self.remove(name)
        return [one.id for one in self.all() if one.end is None]

    def remove_old(self) -> None:
        """Remove those that ended long ago."""
        for one in self.all():
            if one.end is not None and datetime.now(UTC) - one.end.ended_at > KEPT_FOR:
                self.remove(one.id)

    def _names(self) -> list[str]:
        if not self._root.is_dir():
            return []
        return [one.name for one in self._root.iterdir() if _ID.fullmatch(one.name)]


def copy_private(source: Path, output: Path) -> None:
    """Copy a file to one that only this user may read."""
    with source.open("rb") as whence, os.fdopen(open_private(output), "wb") as there:
        shutil.copyfileobj(whence, there)


def _plain(name: str) -> str:
    """A file's name without a folder and without what a name of ours does not have."""
    bare = re.sub(r"[^\w .()-]+", "_", Path(name.replace("\\", "/")).name).strip(" .")
    return bare[-_LONGEST_FILE_NAME:].strip(" .") or "list.csv"
