"""What was begun last, kept beside a SQLite ledger and not in it.

A file that is copied back is then noticed at once, whatever the copy was made with: it lacks an
attempt that lies beside it. PostgreSQL has no such place; there the heartbeats of activities tell
the same, some tenths of a second later.
"""

from __future__ import annotations

import os
from pathlib import Path

from domain.ledger import BegunAttempt
from store.kernel.engines import ledger_url


class Witness:
    """One small file for each post and broadcast, written between the reservation and the request.

    Without a ``folder`` it notes nothing and knows nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @classmethod
    def beside(cls, url: str) -> Witness:
        """The witness of the ledger at ``url``."""
        parsed = ledger_url(url)
        if parsed.get_backend_name() != "sqlite":
            return cls()
        file = Path(str(parsed.database))
        return cls(file.with_name(f"{file.stem}.begun"))

    def note(self, key: str, begun: BegunAttempt) -> None:
        """Note an attempt that the ledger has just entered as begun; ``key`` names what it is of.

        What cannot be written is not noted: nothing that is to go out waits for it.
        """
        if self._folder is None:
            return
        text = f"{begun.number:>10} {begun.attempt:>10}\n".encode()
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            file = os.open(self._folder / key, os.O_CREAT | os.O_WRONLY, 0o600)
        except OSError:
            return
        try:
            os.pwrite(file, text, 0)
        except OSError:
            return
        finally:
            os.close(file)

    def newest(self, key: str) -> list[BegunAttempt]:
        """The attempt that was noted last, if any was."""
        if self._folder is None:
            return []
        try:
            number, attempt = (self._folder / key).read_text(encoding="ascii").split()
            return [BegunAttempt(attempt=int(attempt), number=int(number))]
        except (OSError, ValueError):
            return []

    def forget(self, key: str) -> None:
        """Forget it: the ledger has been compared with what went out."""
        if self._folder is not None:
            (self._folder / key).unlink(missing_ok=True)
