"""The desk on the Saturday: three agents answer by cluster and by hand until nothing is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import httpx

from client import mentions, replies
from client.clusters import list_clusters, open_in_cluster
from client.coverage import coverage_of
from client.engine import Engine
from client.reply_desk import start_replying
from domain.actor import Actor
from domain.errors import DomainError
from domain.mentions import DismissalReason, MentionState
from domain.model import Value
from domain.plural import plural
from domain.publication import PublicationState
from embedded.demo.crowd import PRESS, QUESTIONS, SAID, Answer
from embedded.demo.scenario import INCIDENT

AGENTS = tuple(map(Actor.at_terminal, ("sam", "dana", "maya")))
SECOND = Actor.at_terminal("noor")
TO_THE_PRESS = (
    "Noor here, the founder. We told every customer within minutes, and nobody has to do "
    "anything now. I will write to you about the rest.",
    "Thank you for asking. Every customer has heard from us, and we publish each step as we "
    "take it. I will come back to you in person.",
)
"""Each in other words: X refuses what the account has said lately."""

_AGAIN_AFTER = 0.5
_MOST_CLUSTERS = 200
_MANY = 500

Say = Callable[[str], None]


class Answered(Value):
    """How the crowd was answered, counted in the sandbox's own book.

    ``twice`` have more than one answer, ``none`` have neither one nor a reason why not. ``known``
    are answered by the ledger.
    """

    said: int = 0
    once: int = 0
    twice: int = 0
    none: int = 0
    gone: int = 0
    dismissed: int = 0
    known: int = 0

    def wrong(self) -> list[str]:
        """What is not as it should be, in words."""
        found = []
        if self.twice:
            found.append(f"{plural(self.twice, 'mention')} got more than one answer")
        if self.none:
            found.append(f"{plural(self.none, 'mention')} got no answer and no reason why not")
        if self.known != self.once:
            found.append(f"{self.known:,} are answered by the ledger, {self.once:,} by the sandbox")
        return found


async def answer_crowd(engine: Engine, expected: int, say: Say) -> None:
    """Answer or dismiss all but what the press says: cluster by cluster, then one by one.

    ``expected``: how many mentions there will be on the desk.
    """
    temporal = await engine.temporal()
    for channel in SAID:
        await start_replying(temporal, channel)
    rounds = 0
    while True:
        clusters = await list_clusters(engine, incident=INCIDENT, limit=_MOST_CLUSTERS)
        waiting = [one for one in clusters if one.cluster.open]
        handled = 0
        for number, one in enumerate(waiting):
            numbers = await _unanswered(engine, await open_in_cluster(engine, one.cluster.number))
            if numbers and PRESS not in one.newest.mention.text:
                actor = AGENTS[number % len(AGENTS)]
                what = _answer_to(one.newest.mention.text)
                handled += await _handle(engine, numbers, what, actor)
        if handled:
            say(f"{len(AGENTS)} agents answer {handled:,} mentions by cluster")
        handled += await _by_hand(engine, rounds)
        if not handled and await _settled(engine) and await _arrived(engine) >= expected:
            return
        rounds += 1
        await asyncio.sleep(_AGAIN_AFTER)


async def answer_press(engine: Engine) -> None:
    """Somebody with a role answers the press in their own words, and a second person agrees."""
    page = await mentions.list_mentions(
        engine, state=MentionState.OPEN, incident=INCIDENT, limit=len(TO_THE_PRESS)
    )
    for row, text in zip(page.mentions, TO_THE_PRESS, strict=False):
        planned = await replies.answer(engine, row.number, actor=AGENTS[-1], text=text)
        if planned.waits:
            await replies.agree_to_reply(engine, planned.number, actor=SECOND)
    while not await _settled(engine) or (await coverage_of(engine, INCIDENT)).open:
        await asyncio.sleep(_AGAIN_AFTER)


async def count_answers(
    engine: Engine, sandbox: httpx.AsyncClient, said: dict[str, frozenset[str]]
) -> Answered:
    """Count in the sandbox's book what the crowd got, and compare the ledger with it."""
    books = (await sandbox.get("/_sandbox/books/replies")).raise_for_status().json()
    ids = {(channel, one) for channel, some in said.items() for one in some}
    rows = [one for one in books["mentions"] if (one["channel"], one["id"]) in ids]
    ended: dict[MentionState, set[tuple[str, str]]] = {}
    after: int | None = None
    while True:
        page = await mentions.list_mentions(
            engine, incident=INCIDENT, after=after, limit=mentions.MOST
        )
        for row in page.mentions:
            ended.setdefault(row.state, set()).add((row.mention.channel, row.mention.id))
        after = page.after
        if after is None:
            break
    dismissed = ended.get(MentionState.DISMISSED, set())
    unanswered = [one for one in rows if not one["replies"] and not one["deleted"]]
    reasons = [one for one in unanswered if (one["channel"], one["id"]) in dismissed]
    return Answered(
        said=len(ids),
        once=sum(one["replies"] == 1 for one in rows),
        twice=sum(one["replies"] > 1 for one in rows),
        none=len(unanswered) - len(reasons) + len(ids) - len(rows),
        gone=sum(bool(one["deleted"]) and not one["replies"] for one in rows),
        dismissed=len(reasons),
        known=len(ended.get(MentionState.ANSWERED, set()) & ids),
    )


async def _handle(engine: Engine, numbers: Sequence[int], what: Answer, actor: Actor) -> int:
    """Answer or dismiss mentions that ask the same; how many were handled."""
    if isinstance(what, DismissalReason):
        return await mentions.dismiss(engine, numbers, what, actor=actor)
    handled = 0
    for begin in range(0, len(numbers), _MANY):
        some = numbers[begin : begin + _MANY]
        try:
            done = await replies.answer_many(engine, some, actor=actor, saved=what)
        except DomainError:
            # Every wording was used for these authors: they are answered by hand.
            continue
        handled += len(done.planned)
    return handled


async def _by_hand(engine: Engine, rounds: int) -> int:
    """Answer one by one what is in no cluster, and what a saved reply did not fit; how many."""
    page = await mentions.list_mentions(
        engine, state=MentionState.OPEN, incident=INCIDENT, limit=mentions.MOST
    )
    rows = {row.number: row for row in page.mentions if row.mention.text.find(PRESS) < 0}
    handled = 0
    for number in await _unanswered(engine, list(rows)):
        text = rows[number].mention.text
        what = _answer_to(text)
        actor = AGENTS[number % len(AGENTS)]
        if isinstance(what, DismissalReason):
            handled += await mentions.dismiss(engine, [number], what, actor=actor)
            continue
        author = rows[number].mention.author
        words = f"Thank you for writing, {author.handle or author.name}: we are on it ({rounds})."
        planned = await replies.answer(engine, number, actor=actor, text=words)
        if planned.waits:
            await replies.agree_to_reply(engine, planned.number, actor=SECOND)
        handled += 1
    return handled


def _answer_to(text: str) -> Answer:
    for question, what in QUESTIONS.items():
        if question in text:
            return what
    return "what-happened"


async def _unanswered(engine: Engine, numbers: Sequence[int]) -> list[int]:
    """Those that have no reply on its way, or that may be out."""
    known = await replies.current_replies(engine, numbers)
    return [one for one in numbers if one not in known]


async def _arrived(engine: Engine) -> int:
    page = await mentions.list_mentions(engine, incident=INCIDENT, limit=1)
    return sum(page.counts.values())


async def _settled(engine: Engine) -> bool:
    """Whether no reply is under way."""
    under_way = (PublicationState.PLANNED, PublicationState.SENDING)
    return not await replies.list_replies(engine, under_way, incident=INCIDENT, limit=1)
