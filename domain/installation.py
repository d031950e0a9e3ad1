"""The record of an installation: who came in, what they may sign with, and what they may do.

And which files of people's somebody brought in or took out, and which systems are told of things.

Each process appends its own entries, each chained to the one before; a worker seals them
afterwards, because only workers have the key. Entries name people by their ids and nothing else.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from domain.actor import Surface
from domain.model import Value
from domain.record import BEGINNING
from domain.sealing import PublicKey, canonical
from domain.times import UtcTime, in_utc

FORMAT = "frontfoot-installation-1"


class Happened(StrEnum):
    """What an entry is about, in the words that are stored and shown."""

    BEGUN = "record begun"
    LOST = "entries lost"
    LINK_MADE = "sign-in link made"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    SESSION_ENDED = "session ended"
    PASSKEY_ADDED = "passkey added"
    PASSKEY_CONFIRMED = "passkey confirmed"
    PASSKEY_REMOVED = "passkey removed"
    KEY_ADDED = "key added"
    KEY_REMOVED = "key removed"
    CODES_MADE = "recovery codes made"
    CODE_USED = "recovery code used"
    TOKEN_CREATED = "token created"
    TOKEN_REMOVED = "token removed"
    PERSON_ADDED = "person added"
    PERSON_CHANGED = "person changed"
    PERSON_REMOVED = "person removed"
    AUDIENCE_IMPORTED = "audience imported"
    SUPPRESSIONS_IMPORTED = "suppressions imported"
    CODES_IMPORTED = "codes imported"
    REJECTED_ROWS_EXPORTED = "rejected rows exported"
    RECORD_EXPORTED = "record exported"
    CODES_EXPORTED = "codes exported"
    FACT_SHEET_EXPORTED = "fact sheet exported"
    ARRIVALS_EXPORTED = "proof for every recipient exported"
    RECIPIENT_EXPORTED = "proof for one recipient exported"
    ENDPOINT_ADDED = "webhook endpoint added"
    ENDPOINT_REMOVED = "webhook endpoint removed"
    ENDPOINT_DISABLED = "webhook endpoint disabled"
    ENDPOINT_ENABLED = "webhook endpoint enabled"
    SECRET_ROTATED = "webhook secret rotated"


class InstallationEntry(Value):
    """One thing that happened: when, what, who did it, and whom it concerns.

    ``who`` and ``person`` are ids of people. ``who`` is empty where nobody is known, ``person``
    where it is the same. ``about`` holds ids of keys, roles, abilities, names of lists and
    incidents, and how many; no words of people.
    """

    at: UtcTime
    what: Happened
    who: str = ""
    person: str = ""
    surface: Surface | None = None
    about: str = ""


class KeptEntry(Value):
    """An entry as the ledger has it; ``at`` is the text that is hashed. Unsealed without a seal."""

    link: int
    at: str
    what: str
    who: str = ""
    person: str = ""
    surface: str = ""
    about: str = ""
    hash: str
    key_id: str = ""
    seal: str = ""

    @property
    def moment(self) -> datetime:
        """When it was; ``ValueError`` if somebody changed it to what is no time."""
        return datetime.fromisoformat(self.at)

    def hash_after(self, before: str) -> str:
        """The hash that it has to have, after one with the hash ``before``."""
        names = ("link", "at", "what", "who", "person", "surface", "about")
        return _hash(before, {name: getattr(self, name) for name in names})


class SealedEnd(Value):
    """How far a worker has sealed the record, itself sealed: what is cut off is missed by it."""

    entries: int = 0
    hash: str = BEGINNING
    at: str = ""
    key_id: str = ""
    seal: str = ""

    def digest(self) -> str:
        """What is sealed of it."""
        content = {"at": self.at, "entries": self.entries, "hash": self.hash}
        return hashlib.sha256(canonical(content)).hexdigest()


class InstallationRecord(Value):
    """All of it, of a ledger or of an export. ``end`` is None before a worker has sealed any."""

    format: str = FORMAT
    exported_at: str = ""
    keys: tuple[PublicKey, ...] = ()
    entries: tuple[KeptEntry, ...] = ()
    end: SealedEnd | None = None


def chained(before: str, link: int, entry: InstallationEntry) -> KeptEntry:
    """``entry`` as number ``link``, after one with the hash ``before``; not sealed."""
    kept = KeptEntry(
        link=link,
        at=in_utc(entry.at).isoformat(timespec="microseconds"),
        what=entry.what.value,
        who=entry.who,
        person=entry.person,
        surface=entry.surface or "",
        about=entry.about,
        hash="",
    )
    return kept.model_copy(update={"hash": kept.hash_after(before)})


def _hash(before: str, content: dict[str, object]) -> str:
    return hashlib.sha256(before.encode() + canonical(content)).hexdigest()
