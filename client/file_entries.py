"""Files that somebody brought in or took out: who, what, and how much of it.

Every import and every export of the console passes ``enter``, and waits for it: nothing is handed
out that was not entered. It is a line of the log for now.
"""

from __future__ import annotations

import logging
from enum import StrEnum

from client.engine import Engine
from domain.actor import Actor
from domain.model import Value

_log = logging.getLogger("frontfoot.files")


class FileAct(StrEnum):
    """What was done with a file."""

    AUDIENCE_IMPORTED = "audience imported"
    SUPPRESSIONS_IMPORTED = "suppressions imported"
    CODES_IMPORTED = "codes imported"
    REJECTED_ROWS_EXPORTED = "rejected rows exported"
    RECORD_EXPORTED = "record exported"
    CODES_EXPORTED = "codes exported"
    ARRIVALS_EXPORTED = "proof for every recipient exported"
    RECIPIENT_EXPORTED = "proof for one recipient exported"


class FileEntry(Value):
    """One import or export; ``about`` names an audience, a pool or an incident, never a person."""

    act: FileAct
    actor: Actor
    about: str
    rows: int
    rejected: int = 0


async def enter(engine: Engine, entry: FileEntry) -> None:
    """Enter who did it. The one place for this: an entry of the record belongs here."""
    _log.info("%s", entry.act, extra={"fields": entry.model_dump(mode="json")})
