"""Replies that were planned: agreeing to one, taking it back, settling it, and how all stand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import UnknownReply
from client.quarantine import quarantine_notices
from client.reply_desk import send_soon
from client.saved_replies import reply_rules
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep, explained
from domain.mentions import storable
from domain.plural import plural
from domain.publication import SEEN_BY_A_PERSON, PublicationState, Receipt
from domain.times import show_clock
from store.desk import replies, reply_accounts, reply_rows, replying
from store.desk.reply_rows import ReplyRow

__all__ = [
    "ReplyRow",
    "agree_to_reply",
    "current_replies",
    "list_replies",
    "replies_to",
    "settle_reply",
    "show_reply",
    "take_back",
    "unknown_notices",
    "waiting_accounts",
]


async def agree_to_reply(engine: Engine, number: int, *, actor: Actor) -> ReplyRow:
    """Let a reply out that waits for a second person; the row.

    Raises ``DomainError`` if it does not wait, is the actor's own, or they may not reply freely.
    """
    row = await show_reply(engine, number)
    rules = await reply_rules(engine, row.ground.incident)
    free = rules.rules.free if rules is not None else None
    if free is None or not free.may(actor.person):
        raise DomainError(
            f"{actor.person} may not agree to free replies in {row.ground.incident}.",
            "Ask somebody whom the reply rules name.",
        )
    ledger = await engine.ledger()
    if not await replies.agree(ledger, number, actor.person, datetime.now(UTC)):
        row = await show_reply(engine, number)
        own = row.waits and row.ground.by == actor.person
        raise DomainError(
            f"Reply {number} is your own, and needs somebody else."
            if own
            else f"Reply {number} waits for nobody: it is {row.state}.",
            NextStep(action=Action.LIST_REPLIES, advice="See which replies wait."),
        )
    row = await show_reply(engine, number)
    await send_soon(engine, [row])
    return row


async def take_back(engine: Engine, number: int, *, actor: Actor) -> ReplyRow:
    """Withdraw a reply before it is sent; its mention stays open.

    ``DomainError`` if it is on its way or out already.
    """
    await show_reply(engine, number)
    why = explained(f"{actor.person} took it back before it was sent.", means="Nothing went out.")
    ledger = await engine.ledger()
    taken = await replies.call_off(ledger, [number], why, datetime.now(UTC))
    if not taken:
        row = await show_reply(engine, number)
        raise DomainError(
            f"Reply {number} cannot be taken back: it is {row.state}.",
            "If it is public, delete it on the platform.",
        )
    return taken[0]


async def settle_reply(
    engine: Engine, number: int, *, sent: bool, actor: Actor, url: str = ""
) -> ReplyRow:
    """Say of a reply whose end nobody knows whether it is public; the row.

    ``url``: where it can be read. Not sent: the mention may be answered anew. ``DomainError`` if
    it is not unknown.
    """
    row = await show_reply(engine, number)
    ledger, now = await engine.ledger(), datetime.now(UTC)
    if row.state is not PublicationState.UNKNOWN:
        raise DomainError(
            f"Reply {number} is {row.state}: there is nothing to settle.",
            NextStep(action=Action.LIST_REPLIES, advice="See how each reply stands."),
        )
    if sent:
        receipt = Receipt(id=SEEN_BY_A_PERSON, url=storable(url).strip() or None, at=now)
        await replying.accept(ledger, row, receipt, now)
    else:
        why = Explanation(what=f"{actor.person} looked: it did not go out.")
        await replying.settle_unknown(ledger, number, now, why)
    return await show_reply(engine, number)


async def show_reply(engine: Engine, number: int) -> ReplyRow:
    """One reply; ``UnknownReply`` if there is none of that number."""
    found = await reply_rows.find(await engine.ledger(), number)
    if found is None:
        raise UnknownReply(number)
    return found


async def replies_to(engine: Engine, mention: int) -> list[ReplyRow]:
    """Every reply to a mention, those that did not go out too, in order."""
    return await reply_rows.of_mention(await engine.ledger(), mention)


async def current_replies(engine: Engine, mentions: Collection[int]) -> dict[int, ReplyRow]:
    """The reply to each of these mentions that is out, will go out or perhaps did, if any."""
    found = await reply_rows.of_mentions(await engine.ledger(), mentions)
    return {number: row for number, row in found.items() if row.state in reply_rows.LIVE}


async def waiting_accounts(engine: Engine) -> list[Explanation]:
    """Why nothing is sent on an account now, and until when, for each that waits."""
    now = datetime.now(UTC)
    return await quarantine_notices(engine) + [
        Explanation(
            what=f"Replies on {one.channel} wait until {show_clock(one.again_at)}: "
            f"{one.explanation.what}",
            means=one.explanation.means,
            next_step=one.explanation.next_step,
        )
        for one in await reply_accounts.accounts(await engine.ledger())
        if one.again_at is not None and one.again_at > now and one.explanation is not None
    ]


async def list_replies(
    engine: Engine,
    states: Collection[PublicationState],
    *,
    waiting: bool = False,
    incident: str = "",
    limit: int = 100,
) -> list[ReplyRow]:
    """Replies in these states, the oldest first; ``waiting``: those for a second person alone."""
    return await reply_rows.listed(
        await engine.ledger(), states, waiting=waiting, incident=incident, limit=limit
    )


async def unknown_notices(engine: Engine, incident: str) -> list[Explanation]:
    """That nobody knows whether some replies of an incident went out, if that is so."""
    counts = await reply_rows.counts(await engine.ledger(), incident)
    unknown = counts.get(PublicationState.UNKNOWN, 0)
    if not unknown:
        return []
    return [
        Explanation(
            what=f"Nobody knows whether {plural(unknown, 'reply', 'replies')} went out.",
            means="The mentions stay open, and nothing else is sent to them meanwhile.",
            next_step=NextStep(
                action=Action.LIST_REPLIES,
                advice="Look at the platform, then settle each of them.",
            ),
        )
    ]
