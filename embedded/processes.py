"""Ending processes by their pid, and never another one that has the same pid."""

from __future__ import annotations

import os
import signal
import time

from client.stack.processes import is_running

_PAUSE = 0.05


def end(pid: int, began: str, patience: float) -> bool:
    """End a process and its group: asked first, killed after ``patience`` seconds.

    Blocks. Returns whether there was anything to end. Does nothing if the pid is another's now.
    """
    if not is_running(pid, began):
        return False
    deadline = time.monotonic() + patience
    signal_group(pid, signal.SIGTERM)
    while is_running(pid, began):
        if time.monotonic() > deadline:
            signal_group(pid, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(_PAUSE)
    return True


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the group that a process leads, if it still does."""
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return
