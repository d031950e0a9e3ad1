"""All that one author and we have said to each other, in the order of time."""

from __future__ import annotations

from datetime import datetime

from client.engine import Engine
from client.recipient import InvalidAddress, RecipientHistory, recipient_history
from domain.mentions import MentionKind
from domain.model import Value
from domain.times import UtcTime
from store.desk import reading, reply_rows
from store.desk.reading import MentionRow, Which
from store.desk.reply_rows import ReplyRow

MOST = 50
"""Mentions of one conversation, the newest ones."""


class Turn(Value):
    """What was said at that time: a ``mention`` of theirs, our ``reply``, or what they received."""

    at: UtcTime
    mention: MentionRow | None = None
    reply: ReplyRow | None = None
    received: str = ""


class Conversation(Value):
    """All turns, the oldest first. ``more``: there are older mentions.

    ``received`` is what we mailed to them in the incident, codes included, if their address is
    known; ``hidden``: it is, and whoever asks may not see it.
    """

    turns: tuple[Turn, ...]
    more: bool = False
    received: RecipientHistory | None = None
    hidden: bool = False


async def conversation(engine: Engine, row: MentionRow, *, addresses: bool) -> Conversation:
    """The conversation with the author of a mention, on its channel.

    ``addresses``: whoever asks may see those of people, and what was mailed to them.
    """
    ledger, author = await engine.ledger(), row.mention.author.id or row.mention.author.handle
    found = [row]
    if author:
        which = Which(channel=row.mention.channel, author=author)
        found = await reading.listed(ledger, which, MOST + 1)
    shown = found[:MOST]
    if row.number not in {one.number for one in shown}:
        shown = [*shown, row]
    replies = await reply_rows.of_mentions(ledger, [one.number for one in shown])
    mail = row.mention.kind is MentionKind.MAIL and bool(row.incident)
    received = await _received(engine, row) if mail and addresses else None
    turns = [
        *(Turn(at=one.mention.written_at, mention=one) for one in shown),
        *(Turn(at=_time_of(one), reply=one) for one in replies.values()),
    ]
    if received is not None:
        turns += [Turn(at=one.at, received=one.what) for one in received.moments]
    return Conversation(
        turns=tuple(sorted(turns, key=lambda one: one.at)),
        more=len(found) > MOST,
        received=received,
        hidden=mail and not addresses,
    )


def _time_of(reply: ReplyRow) -> datetime:
    """When it went out, or when it was planned."""
    return reply.receipt.at if reply.receipt is not None else reply.planned_at


async def _received(engine: Engine, row: MentionRow) -> RecipientHistory | None:
    try:
        return await recipient_history(engine, row.incident, row.mention.author.id)
    except InvalidAddress:
        # What programs write as a sender need not be an address.
        return None
