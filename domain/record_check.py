"""Checking a record: what in it was changed, left out, moved or sealed by somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from domain.explanation import Explanation, explained
from domain.model import Value
from domain.opening import SealedOpening
from domain.plural import plural
from domain.record import BEGINNING, Record, SealedEntry, branches_of
from domain.sealing import Keys, PublicKey, Sealed
from domain.timeline import BRANCHED, CLOSED, OPENED, RecordHead

FIND_OUT = "Find out who may write to the database, and compare with an export made earlier."


class Checked(Value):
    """What a check of a record came to; it is whole if nothing was ``found``.

    ``key`` is the fingerprint of the key that sealed its end, and ``compared`` whether that key is
    one that the reader named, or hangs together with it. ``branches`` is more than one if the
    recording had to go on in another branch.
    """

    entries: int
    branches: int = 1
    key: str = ""
    compared: bool = False
    found: tuple[Explanation, ...] = ()


def check_record(record: Record, trusted_key: str | None = None) -> Checked:
    """Check the chain, the seals, the keys and the shape of a record.

    ``trusted_key`` is the fingerprint that the reader has from elsewhere. Without one the record is
    checked against the keys that came with it, which says that it is of one piece and not who
    sealed it.
    """
    keys = Keys(record.keys)
    trusted, found = trust(keys, trusted_key)
    found += _chain(record)
    found += _seals(record.incident, record.entries, keys, trusted)
    found += _shape(record)
    found += _openings(record, keys, trusted)
    end = keys.find(record.entries[-1].key_id) if record.entries else None
    return Checked(
        entries=len(record.entries),
        branches=max(1, len(branches_of(record.entries))),
        key=end.fingerprint if end is not None else "",
        compared=trusted_key is not None and bool(trusted),
        found=tuple(found),
    )


def trust(keys: Keys, trusted_key: str | None) -> tuple[frozenset[str], list[Explanation]]:
    """The ids of the keys to be trusted, and what is odd about the keys.

    Without a ``trusted_key`` all are, if they hang together.
    """
    if trusted_key is None:
        groups = keys.groups()
        every: frozenset[str] = frozenset().union(*groups)
        return every, [_several(keys, groups)] if len(groups) > 1 else []
    trusted = keys.trusted(trusted_key)
    if trusted:
        return trusted, []
    nobody = explained(
        f"The record has no key with the fingerprint {trusted_key[:16]}….",
        FIND_OUT,
        means="It was sealed by somebody else, or it is another installation's.",
    )
    return trusted, [nobody]


def check_head(record: Record, head: RecordHead) -> list[Explanation]:
    """Compare a record, by content, with the end of it that the incident has seen."""
    if not head.entries:
        return []
    there = {one.link: one for one in record.entries}
    if head.entries not in there:
        lacking = head.entries - len(record.entries)
        return [
            explained(
                f"The end of the record is missing: {plural(lacking, 'entry', 'entries')} that "
                f"the incident has seen in the ledger (it had {head.entries}) "
                f"{'is' if lacking == 1 else 'are'} not there.",
                FIND_OUT,
                means="They were deleted, or the ledger was restored to an earlier state.",
            )
        ]
    confirmed = there[head.entries]
    if (confirmed.hash, confirmed.seal) != (head.hash, head.seal):
        return [
            explained(
                f"Entry {head.entries} of the record is not the one that the incident has seen in "
                "the ledger.",
                FIND_OUT,
                means="The record was written anew, or Temporal or the ledger was restored.",
            )
        ]
    return []


def _several(keys: Keys, groups: Sequence[frozenset[str]]) -> Explanation:
    names = ", ".join(sorted(next(iter(sorted(group))) for group in groups))
    return explained(
        f"The record has {len(groups)} keys that do not endorse one another: {names}.",
        "Name the key that you know with --key, and find out who entered the other.",
        means="Somebody began anew without the old key, or entered a key of their own.",
    )


def _chain(record: Record) -> Iterator[Explanation]:
    """The first entry that does not fit what comes before it. After that nothing can fit."""
    before, link = BEGINNING, 0
    for entry in record.entries:
        if entry.link != link + 1:
            missing = link + 1
            yield explained(
                f"The record was changed: link {missing} of its chain is missing.", FIND_OUT
            )
            return
        if entry.hash_after(before, record.incident) != entry.hash:
            yield explained(
                f"The record was changed: entry {entry.seq} does not fit what comes before it.",
                FIND_OUT,
                means="It was changed, moved here from another incident, or one before it was "
                "taken out.",
            )
            return
        before, link = entry.hash, entry.link


def _seals(
    incident: str, entries: Sequence[SealedEntry], keys: Keys, trusted: frozenset[str]
) -> Iterator[Explanation]:
    """The first entry whose seal is not one of a trusted key."""
    for entry in entries:
        key = keys.find(entry.key_id)
        if key is None or key.key_id not in trusted:
            yield _stranger(f"entry {entry.seq}", entry.key_id)
            return
        if not key.verifies(Sealed.ENTRY, entry.hash, entry.seal):
            yield explained(
                f"The record was changed: the seal of entry {entry.seq} is not valid.",
                FIND_OUT,
                means=f"Its content was not sealed by the key {key.key_id}.",
            )
            return


def _stranger(what: str, key_id: str) -> Explanation:
    return explained(
        f"The seal of {what} names the key {key_id[:16] or '(none)'}, which is not one of this "
        "installation's.",
        FIND_OUT,
        means="It was sealed by somebody else.",
    )


def _shape(record: Record) -> Iterator[Explanation]:
    """What a record has to look like: whole branches, from the opening to the closing."""
    if not record.entries:
        if record.closed:
            yield explained(
                "The whole record is missing: the incident was closed, and not one entry of it is "
                "there.",
                FIND_OUT,
            )
        return
    seen: set[int] = set()
    for branch in branches_of(record.entries):
        own = [one for one in record.entries if one.branch == branch]
        first = own[0]
        begins = OPENED if branch == 1 else BRANCHED
        if first.what != begins or (branch == 1 and first.seq != 1):
            yield explained(
                f"Branch {branch} of the record does not begin with the entry {begins!r}.",
                FIND_OUT,
                means="Its beginning was taken out.",
            )
        for before, after in pairwise(own):
            if after.seq != before.seq + 1:
                yield explained(
                    f"The record lacks what comes between entries {before.seq} and {after.seq} of "
                    f"branch {branch}.",
                    FIND_OUT,
                )
                break
        seen |= {one.seq for one in own}
    if record.closed and not any(one.what == CLOSED for one in record.entries):
        yield explained(
            "The end of the record is missing: the incident is closed, and its closing is not in "
            "the record.",
            FIND_OUT,
        )


def _openings(record: Record, keys: Keys, trusted: frozenset[str]) -> Iterator[Explanation]:
    for content in record.openings:
        opening = SealedOpening.model_validate(content)
        where = f"the opening of message {opening.number}, revision {opening.revision}"
        if opening.incident != record.incident:
            yield explained(f"The record has {where} of another incident.", FIND_OUT)
        if (problem := opening_problem(opening, keys, trusted)) is not None:
            yield explained(f"{where[0].upper()}{where[1:]} {problem}.", FIND_OUT)


def opening_problem(opening: SealedOpening, keys: Keys, trusted: frozenset[str]) -> str | None:
    """Why the seal of an opening does not count, or None if it does."""
    key: PublicKey | None = keys.find(opening.key_id)
    if not opening.seal or key is None:
        return "has no seal of a key that is known"
    if key.key_id not in trusted:
        return f"is sealed by {key.key_id}, which is not a key of this installation"
    if not key.verifies(Sealed.OPENING, opening.sealed_digest(), opening.seal):
        return "was changed after it was sealed"
    return None
