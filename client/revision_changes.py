"""What a revision changed in each copy, for the person who is asked to sign it again."""

from __future__ import annotations

from client.engine import Engine
from domain.errors import DomainError
from domain.ids import MessageRef
from domain.message import Copy, Document
from domain.model import Value
from domain.word_diff import Piece, changes
from store.record import messages


class CopyChanges(Value):
    """What is different in one copy; ``new``: it was not in the revision before."""

    new: bool = False
    subject: tuple[Piece, ...] = ()
    text: tuple[Piece, ...] = ()


async def changes_of(engine: Engine, document: Document) -> dict[int, CopyChanges]:
    """The changes since the revision before, by the place of each copy that has any.

    Empty for a first revision, and if the one before cannot be read. Raises ``StoreUnavailable``.
    """
    if document.revision < 2:
        return {}
    ref = MessageRef(
        incident=document.incident, number=document.number, revision=document.revision - 1
    )
    try:
        before = await messages.find_revision(await engine.ledger(), ref)
    except DomainError:
        return {}
    if before is None:
        return {}
    there = {(one.channel, one.audience): one for one in before.copies}
    found = {
        place: _changes(there.get((copy.channel, copy.audience)), copy)
        for place, copy in enumerate(document.copies)
    }
    return {place: one for place, one in found.items() if one != CopyChanges()}


def _changes(before: Copy | None, after: Copy) -> CopyChanges:
    if before is None:
        return CopyChanges(new=True)
    return CopyChanges(
        subject=changes(before.subject or "", after.subject or ""),
        text=changes(before.text, after.text),
    )
