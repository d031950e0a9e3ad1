"""Processes by their pid, and whether a pid is still the process that we mean."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def identity(pid: int) -> str:
    """What distinguishes this process from a later one with the same pid: its start; "" if gone.

    A zombie counts as gone: it does nothing any more.
    """
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            text = stat.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        # The name is in brackets and may contain anything, even brackets.
        state, *rest = text.rpartition(")")[2].split()
        return "" if state == "Z" else rest[18]
    return _identity_by_ps(pid)


def _identity_by_ps(pid: int) -> str:
    ps = shutil.which("ps")
    if ps is None:
        return ""
    shown = subprocess.run(
        [ps, "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "PATH": os.environ.get("PATH", "")},
    ).stdout.split(maxsplit=1)
    return "" if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()


def is_running(pid: int, began: str) -> bool:
    """Whether the process with this pid is the one that had the identity ``began``."""
    return bool(began) and identity(pid) == began
