"""An incident's record as it is sealed and checked: entries in a chain, and the keys.

Checking needs no database, no Temporal and no secret. The exact bytes are in docs/record.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from domain.model import Value
from domain.sealing import PublicKey, canonical
from domain.timeline import TimelineEntry
from domain.times import in_utc

BEGINNING = "0" * 64
"""The hash before the first entry."""

FORMAT = "frontfoot-record-1"


class SealedEntry(Value):
    """One entry as the ledger has it; ``at`` is the text that is hashed.

    ``link`` counts from 1 over all branches, ``seq`` within the incident's own count.
    """

    link: int
    branch: int
    seq: int
    at: str
    what: str
    who: str
    surface: str | None = None
    authenticated_by: str | None = None
    about: str = ""
    hash: str
    key_id: str
    seal: str

    def hash_after(self, before: str, incident: str) -> str:
        """The hash that it has to have in ``incident``, after one with the hash ``before``."""
        names = ("branch", "seq", "at", "what", "who", "surface", "authenticated_by", "about")
        return _hash(
            before, {"incident": incident, **{name: getattr(self, name) for name in names}}
        )

    def says(self, entry: TimelineEntry) -> bool:
        """Whether it is ``entry``, to the letter."""
        mine = {name: getattr(self, name) for name in content_of(entry)}
        return mine == content_of(entry)


class Record(Value):
    """The record of one incident, of its ledger or of an export.

    ``closed``: the incident is marked as closed. ``openings`` are those of its gates, as JSON.
    """

    format: str = FORMAT
    incident: str
    title: str = ""
    closed: bool = False
    exported_at: str = ""
    keys: tuple[PublicKey, ...] = ()
    entries: tuple[SealedEntry, ...] = ()
    openings: tuple[dict[str, object], ...] = ()


def content_of(entry: TimelineEntry) -> dict[str, object]:
    """What is hashed of an entry, apart from the incident's name."""
    return {
        "branch": entry.branch,
        "seq": entry.seq,
        "at": in_utc(entry.at).isoformat(timespec="microseconds"),
        "what": entry.what,
        "who": entry.who,
        "surface": entry.surface,
        "authenticated_by": entry.authenticated_by,
        "about": entry.about,
    }


def hash_of(before: str, incident: str, entry: TimelineEntry) -> str:
    """SHA-256 of the hash before it and of the entry's canonical JSON."""
    return _hash(before, {"incident": incident, **content_of(entry)})


def _hash(before: str, content: dict[str, object]) -> str:
    return hashlib.sha256(before.encode() + canonical(content)).hexdigest()


def branches_of(entries: Sequence[SealedEntry]) -> list[int]:
    """The numbers of the branches, ascending."""
    return sorted({one.branch for one in entries})
