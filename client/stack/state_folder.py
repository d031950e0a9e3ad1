"""The folder with a stack's state: its ledger, secrets and logs are for this user alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from domain.plural import plural
from store.kernel import private_files

PRIVATE_UMASK = 0o077
"""For processes that write into the folder and know nothing of modes, such as Temporal's."""


def prepare(state: Path, say: Callable[[str], None]) -> None:
    """Make the folder, or close one that is there to other users, and say so. Blocks."""
    private_files.make_folder(state)
    closed = private_files.close_to_others(state)
    if closed:
        what = plural(len(closed), "file or folder", "files and folders")
        say(f"Other users of this machine could use {what} of {state}. Now only you can.")


def make_folder(path: Path) -> None:
    """Make a folder in it, and those above that are missing."""
    private_files.make_folder(path)


def open_to_append(path: Path) -> IO[bytes]:
    """Open a file in it, such as a log, at its end."""
    return os.fdopen(private_files.open_private(path, os.O_WRONLY | os.O_APPEND), "ab")


def open_to_write(path: Path) -> IO[str]:
    """Open a file in it for a new text, in UTF-8 with plain line ends."""
    return os.fdopen(private_files.open_private(path), "w", encoding="utf-8", newline="\n")
