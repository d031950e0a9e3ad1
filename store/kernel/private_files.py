"""Folders and files for this user alone, whatever the umask says and whoever makes them first.

The ledger, exports and rejected rows contain addresses and codes; so do the files that SQLite puts
beside a database, which get its mode. Windows knows no such modes: there the folders of a user are
private to begin with, and nothing here does anything.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDER = 0o700
FILE = 0o600

_OTHERS = 0o077
_HAS_MODES = os.name == "posix"


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing. One that is there stays as it is."""
    for missing in (*reversed(path.parents), path):
        if not missing.exists():
            missing.mkdir(mode=FOLDER, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def make_file(path: Path) -> None:
    """Make an empty file unless there is one, which stays as it is."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))


def put_new(path: Path, content: bytes) -> bool:
    """Make a file with this content, whole or not at all; false if there is one, which stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def put(path: Path, content: bytes) -> None:
    """Make a file with this content, whole or not at all, in place of any that is there. Blocks."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def open_private(path: Path, flags: int = os.O_WRONLY | os.O_TRUNC) -> int:
    """Open a file to write, making it if necessary; return its descriptor.

    One that others could read is closed to them first. A device or a pipe stays as it is.
    """
    descriptor = os.open(path, os.O_CREAT | (flags & ~os.O_TRUNC), FILE)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode):
            if _HAS_MODES and found.st_mode & _OTHERS:
                os.fchmod(descriptor, FILE)
            if flags & os.O_TRUNC:
                os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_exposed(path: Path) -> bool:
    """Whether other users of this machine may use a file or folder; not if there is none."""
    if not _HAS_MODES:
        return False
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and bool(mode & _OTHERS)


def exposed_below(folder: Path) -> list[Path]:
    """The folder and everything in it that other users of this machine may use. Blocks."""
    return [path for path in _below(folder) if is_exposed(path)]


def close_to_others(folder: Path) -> list[Path]:
    """Take the rights of others from all that is in a folder; return what they could use. Blocks.

    What belongs to another user cannot be changed and is left out.
    """
    closed = []
    for path in exposed_below(folder):
        with suppress(OSError):
            path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~_OTHERS)
        if not is_exposed(path):
            closed.append(path)
    return closed


def ledger_files(database: Path) -> list[Path]:
    """A SQLite file and those that SQLite puts beside it, there or not."""
    beside = (database.with_name(database.name + end) for end in ("-wal", "-shm", "-journal"))
    return [database, *beside]


def _below(folder: Path) -> Iterator[Path]:
    # Links are not followed: what they lead to is somebody else's decision.
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))
