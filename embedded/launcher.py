"""Become another program that cannot outlive the one that started it.

Run as a script, ``launcher.py PARENT COMMAND…``: on Linux the kernel is asked to end this process
when its parent dies, however that happens, and then the command takes its place. Elsewhere there
is no such guarantee, and the next ``frontfoot up`` ends what is left. A script of its own, because
the usual place for this (``preexec_fn``) is unsafe once a process has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15


def end_with(parent: int) -> None:
    """Have the kernel end this process when ``parent`` dies, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # The parent may have died before the kernel was asked.
        if os.getppid() != parent:
            raise SystemExit(1)


def show_as(name: str) -> None:
    """Have ``ps`` and ``top`` show this process as ``name``, of which the kernel keeps 15 bytes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode())


def main(parent: int, command: list[str]) -> None:
    """Tie this process to ``parent``, then become ``command``."""
    end_with(parent)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
