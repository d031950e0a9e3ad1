"""The folder through which the injector and its workers communicate: armed points, struck points.

A point is armed by a file and taken by renaming it. So exactly one of several workers is struck,
and even a worker that dies at once has recorded it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from chaos.plan import FaultAction, Point
from store.kernel.private_files import make_folder

_SEPARATOR = "~"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Strike:
    """A point that worker ``pid`` reached, and what it does to itself there."""

    number: str
    point: Point
    channel: str
    action: FaultAction
    seconds: float
    pid: int


class FaultPoints:
    """One round's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)

    # --- for the injector --------------------------------------------------------------------

    def arm(self, point: Point, channel: str, action: FaultAction, seconds: float) -> str:
        """Let the next worker that reaches ``point`` on ``channel`` be struck; returns a number."""
        number = str(next(_numbers))
        parts = ("armed", point.name, channel, action.name, str(seconds), number)
        (self.folder / _SEPARATOR.join(parts)).touch()
        return number

    def disarm(self) -> int:
        """Take every armed point back; returns how many nobody had reached."""
        armed = list(self.folder.glob(f"armed{_SEPARATOR}*"))
        for one in armed:
            one.unlink(missing_ok=True)
        return len(armed)

    def struck(self) -> dict[str, Strike]:
        """Every point that was reached so far, by the number it was armed under."""
        found: dict[str, Strike] = {}
        for path in self.folder.glob(f"struck{_SEPARATOR}*"):
            strike = _read(path.name)
            found[strike.number] = strike
        return found

    def set_clock(self, seconds: float) -> None:
        """Let the workers' wall clocks be wrong by so many seconds."""
        fresh = self.folder / "clock.new"
        fresh.write_text(str(seconds), encoding="utf-8")
        fresh.replace(self.folder / "clock")

    # --- for the worker -----------------------------------------------------------------------

    def take(self, point: Point, channel: str) -> Strike | None:
        """Take what is armed here, if anything is."""
        prefix = _SEPARATOR.join(("armed", point.name, channel, ""))
        for name in os.listdir(self.folder):
            if not name.startswith(prefix):
                continue
            taken = f"struck{name.removeprefix('armed')}{_SEPARATOR}{os.getpid()}"
            with contextlib.suppress(FileNotFoundError):
                (self.folder / name).rename(self.folder / taken)
                return _read(taken)
        return None

    def clock(self) -> float:
        """How many seconds the wall clock is wrong by."""
        try:
            return float((self.folder / "clock").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return 0.0


def _read(name: str) -> Strike:
    _, point, channel, action, seconds, number, pid = name.split(_SEPARATOR)
    return Strike(number, Point[point], channel, FaultAction[action], float(seconds), int(pid))
