"""Output that cannot make a command fail: what it did decides its exit code, not its printing.

A terminal may know fewer characters than a message has, the reader of a pipe may have gone, a disk
may be full. All of these come up only when a command has acted, and a traceback then would make
people do it twice.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


class LastingFile(io.FileIO):
    """A file for writing that drops what it cannot write; ``lost`` is the first failure."""

    lost: OSError | None = None

    def write(self, data: Buffer) -> int:
        """Write what can be written."""
        view = memoryview(data)
        while self.lost is None:
            try:
                written = super().write(view)
            except OSError as error:
                self.lost = error
            else:
                if written is not None:
                    return written
                # Another program made the terminal non-blocking, and it is busy.
                select.select([], [self], [])
        return view.nbytes


def make_lasting() -> None:
    """Put such files behind stdout and stderr, and let stdin be read whatever is in it."""
    sys.stdout = _lasting(sys.stdout, 1)
    sys.stderr = _lasting(sys.stderr, 2)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    elif sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115


def lost_output() -> OSError | None:
    """Why some of stdout was lost, if it was."""
    with suppress(ValueError):
        sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.lost if isinstance(raw, LastingFile) else None


def why_not_written() -> str:
    """Why stdout could not be written; empty if it was, or if its reader went as ``head`` does."""
    lost = lost_output()
    if lost is None or lost.errno == errno.EPIPE:
        return ""
    return (lost.strerror or "unknown reason").lower()


def say_lost() -> None:
    """Tell that some of the output was lost, if it was."""
    why = why_not_written()
    if why:
        sys.stderr.write(
            f"Some output could not be written ({why}). What the command did is done; its exit "
            "code says how it ended.\n"
        )
    with suppress(ValueError):
        sys.stderr.flush()


def _lasting(stream: TextIO | None, descriptor: int) -> TextIO:
    """``stream`` over a file that lasts; what its encoding does not have is replaced."""
    if stream is None:
        # It was closed before the command began.
        return open(os.devnull, "w", encoding="utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    with suppress(OSError, ValueError):
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(LastingFile(descriptor, "w", closefd=False)),
        encoding=stream.encoding,
        errors="replace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
