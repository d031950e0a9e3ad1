"""Files that somebody brought in or took out: who, what, and how much of it.

Every import and every export of the console passes ``enter``, and waits for it: nothing is handed
out that is not in the installation's record.
"""

from __future__ import annotations

from datetime import UTC, datetime

from client.engine import Engine
from domain.actor import Actor
from domain.installation import Happened, InstallationEntry
from domain.model import Value
from domain.plural import plural
from store.installation import entries


class FileEntry(Value):
    """One import or export; ``about`` names an audience, a pool or an incident, never a person.

    ``number`` is that of an import, which is entered once however often it is begun again.
    """

    act: Happened
    actor: Actor
    about: str
    rows: int
    rejected: int = 0
    number: str = ""


async def enter(engine: Engine, entry: FileEntry) -> None:
    """Enter who did it, for good. ``StoreUnavailable`` if that cannot be written."""
    rejected = f", {entry.rejected:,} rejected" if entry.rejected else ""
    number = f", import {entry.number}" if entry.number else ""
    kept = InstallationEntry(
        at=datetime.now(UTC),
        what=entry.act,
        who=entry.actor.person,
        surface=entry.actor.surface,
        about=f"{entry.about}, {plural(entry.rows, 'row')}{rejected}{number}",
    )
    once = entries.enter_once if entry.number else entries.enter
    await once(await engine.ledger(), kept)
