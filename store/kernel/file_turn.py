"""Taking turns with the other processes that write to a SQLite file, the urgent ones first.

SQLite lets one connection write at a time, and whoever finds it busy sleeps and asks again, up to
100 ms at a time. A process that writes all the time gets the file again and again in those sleeps,
and one with a single urgent write waits for seconds. So before they ask SQLite, our processes take
a lock on a file beside the ledger; whoever has something urgent also locks a second one, and as
long as that is locked nobody else takes the first for anything less urgent.

The kernel releases both locks with their process. They order writes and protect nothing: that is
SQLite's own lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

TURN, URGENT = "-turn", "-urgent"
"""The ends of the two files' names; the ledger's name comes before."""


class FileTurn:
    """One process's, or one ``Database``'s, part in taking turns."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._turn: int | None = None
        self._urgent: int | None = None
        self._claims = False

    def take(self, *, urgent: bool) -> bool:
        """Take the turn if it is free now; never waits.

        ``urgent`` claims it: until it was taken and given back, or ``unclaim`` is called, others
        do not take it for what is not urgent.
        """
        files = self._files()
        if files is None:
            return True
        turn, claim = files
        if urgent:
            if not self._claims:
                self._claims = _locked(claim, fcntl.LOCK_SH)
        elif self._claimed_by_others(claim):
            return False
        return _locked(turn, fcntl.LOCK_EX)

    def give_back(self) -> None:
        """Let the next process have its turn. May be called from any thread."""
        if self._turn is not None:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
        self.unclaim()

    def unclaim(self) -> None:
        """Have nothing urgent any more."""
        if self._claims and self._urgent is not None:
            fcntl.flock(self._urgent, fcntl.LOCK_UN)
        self._claims = False

    def close(self) -> None:
        """Close both files, which releases what was locked."""
        for file in (self._turn, self._urgent):
            if file is not None:
                os.close(file)
        self._turn = self._urgent = None
        self._claims = False

    def _claimed_by_others(self, claim: int) -> bool:
        self.unclaim()
        if not _locked(claim, fcntl.LOCK_EX):
            return True
        fcntl.flock(claim, fcntl.LOCK_UN)
        return False

    def _files(self) -> tuple[int, int] | None:
        """Both files; None where they cannot be made: SQLite says better what is wrong there."""
        try:
            if self._turn is None:
                self._turn = _open(self._ledger, TURN)
            if self._urgent is None:
                self._urgent = _open(self._ledger, URGENT)
        except OSError:
            return None
        return self._turn, self._urgent


def _open(ledger: Path, end: str) -> int:
    # For this user only, as the ledger.
    return os.open(f"{ledger}{end}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(file: int, how: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, how | fcntl.LOCK_NB)
        return True
    return False
