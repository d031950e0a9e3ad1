"""Answering mentions: planning a reply, agreeing to it, taking it back, and settling one.

Nothing is sent from here. A planned reply is in the ledger; the account's own workflow sends it as
soon as the account's limits allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from client.claims import refuse_held
from client.engine import Engine
from client.errors import UnknownReply, WrongInput
from client.mention_rows import row_of, rows_of
from client.reply_desk import start_replying
from client.reply_wordings import Wording, Wordings
from client.saved_replies import (
    ReplyRulesView,
    ground_for_free,
    ground_for_saved,
    refuse_no_rules,
    reply_rules,
)
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep, explained
from domain.mentions import MentionState, storable
from domain.model import Value
from domain.plural import plural
from domain.publication import PublicationState, Receipt
from domain.saved_replies import forbidden_in
from domain.times import show_clock
from store.desk import replies, reply_accounts, reply_rows, replying
from store.desk.reading import MentionRow
from store.desk.replies import NewReply
from store.desk.reply_rows import ReplyRow
from wiring import TemporalUnreachable

__all__ = [
    "PlannedReplies",
    "ReplyRow",
    "agree_to_reply",
    "answer",
    "answer_many",
    "current_replies",
    "list_replies",
    "replies_to",
    "rules_for",
    "settle_reply",
    "show_reply",
    "take_back",
    "waiting_accounts",
]

LONGEST = 10_000
"""Characters of a reply; what a channel takes is checked besides."""

MOST = 2_000
"""Mentions that are answered by one decision."""


class PlannedReplies(Value):
    """How many replies were planned, and why others were not, each reason with how many."""

    planned: tuple[ReplyRow, ...]
    left: dict[str, int]


async def answer(
    engine: Engine,
    number: int,
    *,
    actor: Actor,
    text: str = "",
    saved: str = "",
    wording: int | None = None,
) -> ReplyRow:
    """Plan the reply to a mention: in one's own words, or a saved reply; the row.

    ``wording`` counts from 0; without it, neighbours get different ones. A free reply may have to
    wait for a second person: ``waits``. Raises ``WrongInput`` for what cannot be sent, and
    ``DomainError`` if the mention is closed, somebody else's, answered already, or no opened gate
    lets the reply out.
    """
    row = await row_of(engine, number)
    _refuse_closed(row)
    refuse_held([row], actor, datetime.now(UTC))
    rules = await rules_for(engine, row)
    ledger = await engine.ledger()
    wordings = Wordings(ledger)
    if saved and text.strip():
        raise WrongInput(
            "A reply is either a saved one or in your own words, and this has both.",
            "Leave one out.",
        )
    if saved:
        await wordings.look_up(rules, saved, [row])
        chosen = wordings.choose(rules, saved, row, wording)
        new = _from_saved(rules, row, saved, chosen, actor)
    else:
        new = _in_own_words(rules, row, text, actor, wordings)
    planned = await replies.plan(ledger, [new], datetime.now(UTC))
    if not planned:
        before = await _before(engine, number)
        if engine.tried_at is not None and before is not None and _same(before, new):
            # An earlier try of this request got as far as that.
            return before
        raise await _not_planned(engine, number, actor)
    await _tell(engine, planned)
    return planned[0]


async def answer_many(
    engine: Engine, numbers: Collection[int], *, actor: Actor, saved: str
) -> PlannedReplies:
    """Plan the same saved reply to many mentions, each in another wording and with its author.

    Those that cannot be answered so are left, each for a reason that is counted. Raises
    ``WrongInput`` for too many, and ``DomainError`` if none could be planned.
    """
    wanted = sorted(set(numbers))
    if len(wanted) > MOST:
        raise WrongInput(
            f"{len(wanted):,} mentions are too many for one decision: {MOST:,} at most.",
            "Answer some of them first.",
        )
    rows = await rows_of(engine, wanted)
    ledger, now = await engine.ledger(), datetime.now(UTC)
    wordings, left = Wordings(ledger), Counter[str]()
    new: list[NewReply] = []
    # The rules are those of an incident, and of a channel that they cover.
    for some in _alike(rows):
        try:
            rules = await rules_for(engine, some[0])
            await wordings.look_up(rules, saved, some)
        except DomainError as error:
            left[error.explanation.what] += len(some)
            continue
        for row in some:
            try:
                _refuse_closed(row)
                refuse_held([row], actor, now)
                chosen = wordings.choose(rules, saved, row)
                new.append(_from_saved(rules, row, saved, chosen, actor))
            except (DomainError, WrongInput) as error:
                left[error.explanation.what] += 1
    planned = await replies.plan(ledger, new, now)
    if len(planned) < len(new):
        left["It has a reply already, or was closed at this moment."] += len(new) - len(planned)
    if not planned:
        why = next(iter(left), "There was none.")
        raise DomainError(
            f"No reply was planned. {why}",
            NextStep(action=Action.LIST_MENTIONS, advice="See in which state each is."),
        )
    await _tell(engine, planned)
    return PlannedReplies(planned=tuple(planned), left=dict(left))


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
    await _tell(engine, [row])
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
        receipt = Receipt(id="seen-by-a-person", url=storable(url).strip() or None, at=now)
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
    return [
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


def _from_saved(
    rules: ReplyRulesView, row: MentionRow, saved: str, chosen: Wording, actor: Actor
) -> NewReply:
    place, text = chosen
    ground = ground_for_saved(rules, saved, place, actor.person)
    return NewReply(
        mention=row.number,
        text=text,
        ground=ground,
        version=row.mention.version,
        priority=row.priority,
    )


def _in_own_words(
    rules: ReplyRulesView, row: MentionRow, text: str, actor: Actor, wordings: Wordings
) -> NewReply:
    text = storable(text).strip()
    if len(text) > LONGEST:
        raise WrongInput(f"The reply has {len(text):,} characters: too many.", "Make it shorter.")
    ground = ground_for_free(rules, actor.person)
    links = rules.rules.free is not None and rules.rules.free.links
    found = forbidden_in(text, links=links or row.mention.channel not in rules.rules.links_cost)
    if found is not None:
        raise WrongInput(found, "Take it out. Private matters are answered by mail or by phone.")
    wordings.refuse_unfit(row.mention, text)
    waits = rules.rules.needs_second(text) is not None
    return NewReply(
        mention=row.number,
        text=text,
        ground=ground,
        version=row.mention.version,
        waits=waits,
        priority=row.priority,
    )


def _alike(rows: Iterable[MentionRow]) -> list[list[MentionRow]]:
    """The mentions by incident and channel."""
    found: dict[tuple[str, str], list[MentionRow]] = {}
    for row in rows:
        found.setdefault((row.incident, row.mention.channel), []).append(row)
    return list(found.values())


async def rules_for(engine: Engine, row: MentionRow) -> ReplyRulesView:
    """The reply rules in force for a mention; ``DomainError`` if none are."""
    if not row.incident:
        raise DomainError(
            f"Mention {row.number} belongs to no incident, so nobody has signed replies to it.",
            "Draw it into an incident first.",
        )
    rules = refuse_no_rules(await reply_rules(engine, row.incident), row.incident)
    if row.mention.channel not in rules.rules.channels:
        raise DomainError(
            f"The reply rules of {row.incident} do not cover {row.mention.channel}.",
            f"They cover {', '.join(rules.rules.channels)}. Answer on the platform, or have rules "
            "signed that cover it.",
        )
    return rules


def _refuse_closed(row: MentionRow) -> None:
    see = NextStep(action=Action.LIST_MENTIONS, advice="See in which state each is.")
    if row.state is MentionState.ANSWERED:
        by = f", by {row.closed_by}" if row.closed_by else ""
        raise DomainError(f"Mention {row.number} is answered already{by}.", see)
    if row.state is MentionState.DELETED:
        raise DomainError(f"Mention {row.number} was deleted, so nobody can answer it.", see)
    if row.state is MentionState.DISMISSED:
        raise DomainError(
            f"Mention {row.number} is dismissed, so it gets no reply.",
            "If it needs one after all, reopen it first.",
        )


async def _before(engine: Engine, number: int) -> ReplyRow | None:
    return (await current_replies(engine, [number])).get(number)


def _same(before: ReplyRow, new: NewReply) -> bool:
    ours, theirs = new.ground, before.ground
    words = before.text == new.text or bool(ours.saved)
    return (ours.by, ours.saved) == (theirs.by, theirs.saved) and words


async def _not_planned(engine: Engine, number: int, actor: Actor) -> DomainError:
    """Why the ledger did not take a reply."""
    row = await row_of(engine, number)
    try:
        _refuse_closed(row)
        refuse_held([row], actor, datetime.now(UTC))
    except DomainError as error:
        return error
    before = await _before(engine, number)
    by = before.ground.by if before is not None else "somebody else"
    if before is not None and before.state is PublicationState.ACCEPTED:
        return DomainError(
            f"Mention {number} was answered by {by}, and edited after that.",
            NextStep(
                action=Action.LIST_MENTIONS,
                advice="Read both. If the answer still fits, dismiss the mention as one that needs "
                "none. If not, answer on the platform, and dismiss it as answered elsewhere.",
            ),
            means="The answer is out, and a mention is answered from here once.",
        )
    return DomainError(
        f"Mention {number} has a reply already, by {by}.",
        NextStep(action=Action.LIST_REPLIES, advice="Read it; take it back if it is wrong."),
        means="Nothing was planned.",
    )


async def _tell(engine: Engine, planned: Sequence[ReplyRow]) -> None:
    """Have them sent at once; if Temporal does not answer, that happens within a minute."""
    try:
        temporal = await engine.temporal()
    except TemporalUnreachable:
        return
    for channel in sorted({one.channel for one in planned if not one.waits}):
        await start_replying(temporal, channel)
