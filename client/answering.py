"""Answering mentions: planning the replies to one, or to many of them at once.

Nothing is sent from here. A planned reply is in the ledger; the account's own workflow sends it as
soon as the account's limits allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from client.claims import refuse_held
from client.engine import Engine
from client.errors import WrongInput
from client.mention_rows import row_of, rows_of
from client.replies import current_replies
from client.reply_desk import send_soon
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
from domain.explanation import Action, NextStep
from domain.mentions import MentionState, storable
from domain.model import Value
from domain.publication import PublicationState
from domain.saved_replies import forbidden_in
from store.desk import replies
from store.desk.reading import MentionRow
from store.desk.replies import NewReply
from store.desk.reply_rows import ReplyRow

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
    refuse_private(row)
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
    await send_soon(engine, planned)
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
            refuse_private(some[0])
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
    await send_soon(engine, planned)
    return PlannedReplies(planned=tuple(planned), left=dict(left))


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
    """The mentions by incident and channel, the private messages apart."""
    found: dict[tuple[str, str, bool], list[MentionRow]] = {}
    for row in rows:
        mention = row.mention
        alike = (row.incident, mention.channel, mention.is_private_message)
        found.setdefault(alike, []).append(row)
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


def refuse_private(row: MentionRow) -> None:
    """Raise ``DomainError`` for a private message, which is never answered from here."""
    if row.mention.is_private_message:
        raise DomainError(
            "A private message is not answered from here.",
            "Answer it on the platform, where its link leads. Then dismiss it as answered "
            "elsewhere.",
            means="Replies from here are public, and what was said to the account alone is not.",
        )


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
