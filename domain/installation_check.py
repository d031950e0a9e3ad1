"""Checking an installation's record: what was changed, taken out, cut off, or never sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from domain.explanation import Explanation, explained
from domain.installation import Happened, InstallationRecord
from domain.model import Value
from domain.plural import plural
from domain.record import BEGINNING
from domain.record_check import FIND_OUT, trust
from domain.sealing import Keys, PublicKey, Sealed
from domain.times import show_moment

SEALED_WITHIN = timedelta(seconds=60)
"""How long an entry may wait for its seal. A worker takes some seconds."""


class CheckedInstallation(Value):
    """What a check came to; the record is whole if nothing was ``found``.

    ``unsealed`` are the newest entries that no worker has sealed yet: they may still be changed
    unnoticed. ``key`` is the fingerprint of the key that sealed the end, and ``compared`` whether
    the reader knew that key from elsewhere.
    """

    entries: int
    unsealed: int = 0
    key: str = ""
    compared: bool = False
    found: tuple[Explanation, ...] = ()


def check_installation(
    record: InstallationRecord, trusted_key: str | None, now: datetime
) -> CheckedInstallation:
    """Check the chain, the seals and the end; ``trusted_key`` is a fingerprint from elsewhere."""
    keys = Keys(record.keys)
    trusted, found = trust(keys, trusted_key)
    found += _chain(record)
    found += _seals(record, keys, trusted)
    found += _end(record, keys, trusted)
    found += _waiting(record, now)
    found += [
        explained(
            f"Entries were lost before entry {one.link}: {one.about}.",
            "Compare with an export made earlier, and find out who may write to the database.",
            means="The ledger was restored to an earlier state, or somebody took entries out.",
        )
        for one in record.entries
        if one.what == Happened.LOST
    ]
    end = keys.find(record.end.key_id) if record.end else None
    return CheckedInstallation(
        entries=len(record.entries),
        unsealed=sum(not one.seal for one in record.entries),
        key=end.fingerprint if end else "",
        compared=trusted_key is not None and bool(trusted),
        found=tuple(found),
    )


def _chain(record: InstallationRecord) -> Iterator[Explanation]:
    """The first entry that does not fit what comes before it."""
    before = BEGINNING
    for link, entry in enumerate(record.entries, 1):
        if entry.link != link or entry.hash_after(before) != entry.hash:
            yield explained(
                f"The installation's record was changed: entry {link} does not fit what comes "
                "before it.",
                FIND_OUT,
                means="It was changed, or one was taken out.",
            )
            return
        before = entry.hash
    if not record.entries:
        yield explained(
            "The installation's record is empty.",
            "Start a worker, which begins it. If one has run here already, "
            + FIND_OUT[0].lower()
            + FIND_OUT[1:],
            means="No worker of this version has run yet, or all of it was deleted.",
        )


def _seals(
    record: InstallationRecord, keys: Keys, trusted: frozenset[str]
) -> Iterator[Explanation]:
    """The first entry whose seal does not count, or that has none before one that has."""
    last = max((one.link for one in record.entries if one.seal), default=0)
    for entry in record.entries[:last]:
        key = keys.find(entry.key_id) if entry.key_id in trusted else None
        if key is None or not _seals_entry(key, entry.hash, entry.seal):
            yield explained(
                f"The installation's record was changed: the seal of entry {entry.link} is "
                f"{'not valid' if entry.seal else 'missing'}.",
                FIND_OUT,
                means="Its content was not sealed by a key of this installation.",
            )
            return


@lru_cache(maxsize=100_000)
def _seals_entry(key: PublicKey, digest: str, seal: str) -> bool:
    """Whether that is the key's seal: the same each time, and a page asks for thousands."""
    return key.verifies(Sealed.INSTALLATION_ENTRY, digest, seal)


def _end(record: InstallationRecord, keys: Keys, trusted: frozenset[str]) -> Iterator[Explanation]:
    """What the sealed end says and the entries do not bear out."""
    end, sealed = record.end, sum(bool(one.seal) for one in record.entries)
    if end is None:
        if sealed:
            yield explained(
                "The end of the installation's record is not sealed, and its entries are.",
                FIND_OUT,
                means="Nobody can say whether the newest entries were cut off.",
            )
        return
    key = keys.find(end.key_id) if end.key_id in trusted else None
    if key is None or not key.verifies(Sealed.INSTALLATION_END, end.digest(), end.seal):
        yield explained(
            "The seal of the end of the installation's record is not valid.",
            FIND_OUT,
            means="It was changed, or sealed by somebody else.",
        )
        return
    there = {one.link: one.hash for one in record.entries}
    if there.get(end.entries) == end.hash and sealed == end.entries:
        return
    lacking = end.entries - len(record.entries)
    many = f" ({plural(lacking, 'entry', 'entries')} at least)" if lacking > 0 else ""
    yield explained(
        "The end of the installation's record is not the one that was sealed at "
        f"{show_moment(datetime.fromisoformat(end.at))}: it had {end.entries} entries.",
        FIND_OUT,
        means=f"The newest entries were cut off{many} or written anew.",
    )


def _waiting(record: InstallationRecord, now: datetime) -> Iterator[Explanation]:
    """Entries that no worker has sealed for too long."""
    waiting = [one for one in record.entries if not one.seal]
    if not waiting or now - datetime.fromisoformat(waiting[0].at) <= SEALED_WITHIN:
        return
    yield explained(
        f"{plural(len(waiting), 'entry', 'entries')} of the installation's record "
        f"{'is' if len(waiting) == 1 else 'are'} not sealed, from number {waiting[0].link} on.",
        "See whether a worker runs and reaches the ledger.",
        means="Until a worker has sealed them they can be changed unnoticed.",
    )
