"""A folder: each snapshot is a folder of its own, and a link to the newest is swapped at once.

::

    <folder>/current -> snapshots/000000000042
    <folder>/snapshots/000000000042/index.html, api/v2/summary.json, …

A web server serves ``current``, often as another user. Whoever may read the folder may read all
that is in it, whatever the umask says; a missing folder is made for everybody to read. Whoever
reads sees one snapshot or the next, never a mixture; a snapshot that was not finished is never
linked to.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from channels.contract import Refused
from channels.website.site import Site

KEPT = 3
"""Snapshots that stay: somebody may be in the middle of reading the one before."""

_CURRENT, _SNAPSHOTS = "current", "snapshots"


class FolderTarget:
    """Writes snapshots of the site into one folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.name = "the folder"
        self._folder = folder

    async def write(self, site: Site) -> None:
        """Put the whole snapshot there, unless a newer one is there already."""
        try:
            await asyncio.to_thread(self._write, site)
        except OSError as error:
            raise Refused(
                f"Website: the folder cannot be written to ({error.strerror or 'unknown reason'}).",
                "See whether the disk is full, and whether this user may write to "
                "FRONTFOOT_WEBSITE_FOLDER.",
            ) from None

    async def check(self) -> str:
        """Why it could not be written to now; "" if it could."""
        try:
            await asyncio.to_thread(self._prepare)
        except OSError as error:
            return f"the folder cannot be written to ({error.strerror or 'unknown reason'})"
        return "" if os.access(self._folder, os.W_OK) else "the folder cannot be written to"

    def _prepare(self) -> None:
        with suppress(FileExistsError):
            self._folder.mkdir(parents=True)
            self._folder.chmod(0o755)
        snapshots = self._folder / _SNAPSHOTS
        snapshots.mkdir(exist_ok=True)
        self._open_to_readers(snapshots)

    def _open_to_readers(self, *paths: Path) -> None:
        """Give each path the rights that the whole folder has, and nobody else's to write."""
        given = self._folder.stat().st_mode & 0o055 | 0o700
        for path in paths:
            path.chmod((0o755 if path.is_dir() else 0o644) & given)

    def _write(self, site: Site) -> None:
        self._prepare()
        with self._alone():
            if self._number() >= site.number:
                return
            made = self._make(site)
            self._link(made)
            self._remove_old(made)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep every other process from writing; the kernel lets go when we die."""
        with (self._folder / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _number(self) -> int:
        """The number of the snapshot that is linked to; 0 if there is none."""
        try:
            name = (self._folder / _CURRENT).readlink().name
        except FileNotFoundError:
            return 0
        return int(name) if name.isdecimal() else 0

    def _make(self, site: Site) -> Path:
        made = self._folder / _SNAPSHOTS / f"{site.number:012d}"
        # Left over from a process that died while it wrote.
        shutil.rmtree(made, ignore_errors=True)
        for file in site.files:
            path = made / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
        self._open_to_readers(made, *made.rglob("*"))
        return made

    def _link(self, made: Path) -> None:
        new = self._folder / f".{_CURRENT}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(made.relative_to(self._folder), target_is_directory=True)
        # Not synced to the disk: after a power cut, each worker writes the page when it starts.
        new.replace(self._folder / _CURRENT)

    def _remove_old(self, newest: Path) -> None:
        others = sorted(one for one in newest.parent.iterdir() if one.name < newest.name)
        for old in others[: -(KEPT - 1)]:
            shutil.rmtree(old, ignore_errors=True)
