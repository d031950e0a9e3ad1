"""The desk of a round: agents who answer the crowd by cluster and by hand, and race each other.

They use what real agents use, and try what must not count: an answer before any rules were signed,
and one that somebody wrote into the ledger by hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import httpx

from chaos.people import People
from chaos.plan import RoundPlan
from chaos.record import Record
from chaos.speaking import CHANNELS, Crowd, SaidRow, said
from client import answering, mentions, replies
from client.clusters import list_clusters, open_in_cluster
from client.engine import Engine
from client.errors import WrongInput
from client.listening import start_listening
from client.reply_desk import start_replying
from client.saved_replies import ReplyRulesView, reply_rules
from domain.actor import Actor
from domain.errors import DomainError
from domain.mentions import DismissalReason, MentionState
from domain.publication import PublicationState
from domain.replies import ReplyBasis, ReplyGround
from store.desk.reading import MentionRow
from store.desk.replies import NewReply, plan
from store.kernel.database import Database

AGENTS = tuple(map(Actor.at_terminal, ("sam", "dana", "maya")))
SECOND = Actor.at_terminal("noor")
SAVED = ("told-late", "thanks", "need-help")
"""Saved replies that show no fact, so that none is held."""

FREE = "Thank you for writing, {}: we are on it ({})."
EARLY = "At once."
"""What an agent tries before the rules are signed; once they are, it is a free reply."""

FORGED = "Nobody has signed this."

_SPAM = "iPhone"
_AGAIN_AFTER = 0.5
_MANY = 20


class Desk:
    """Everybody who answers in one round, and the crowd that they answer."""

    def __init__(
        self,
        engine: Engine,
        database: Database,
        crowd: Crowd,
        sandbox: httpx.AsyncClient,
        plan: RoundPlan,
        record: Record,
        people: People,
    ) -> None:
        self._engine = engine
        self._database = database
        self._crowd = crowd
        self._sandbox = sandbox
        self._slug = plan.incident
        self._record = record
        self._people = people
        self._forged = False
        self._rounds = 0

    async def play(self) -> None:
        """Answer, round after round, until cancelled."""
        await self._people.status()
        while True:
            await self._round()
            await asyncio.sleep(_AGAIN_AFTER)

    async def finish(self, deadline: float) -> list[str]:
        """Answer all that is left until ``deadline``; what is not finished then, in words."""
        while True:
            left = await self._round()
            if not left or time.monotonic() > deadline:
                return left
            await asyncio.sleep(_AGAIN_AFTER)

    async def _round(self) -> list[str]:
        """One look at everything; returns what is still to be done, in words."""
        self._rounds += 1
        await self._crowd.speak()
        for channel in CHANNELS:
            await start_listening(await self._engine.temporal(), channel, now=True)
            await start_replying(await self._engine.temporal(), channel)
        rules = await self._people.insist(lambda: reply_rules(self._engine, self._slug))
        waiting = await self._unanswered()
        if rules is None:
            await self._try_unsigned(waiting)
            return ["the reply rules are not in force"]
        if waiting and not self._forged:
            await self._forge(rules, waiting[0])
        await self._by_cluster()
        await self._by_hand(await self._unanswered())
        await self._settle_unknown()
        if self._rounds > 1:
            await self._crowd.change_minds()
        return await self._left()

    # --- answering ----------------------------------------------------------------------------

    async def _by_cluster(self) -> None:
        """Have two agents answer the same cluster at once."""
        found = await self._people.insist(
            lambda: list_clusters(self._engine, incident=self._slug, limit=20)
        )
        for number, one in enumerate(one for one in found if one.cluster.open):
            some = await open_in_cluster(self._engine, one.cluster.number)
            if _SPAM in one.newest.mention.text:
                continue
            saved = SAVED[number % len(SAVED)]
            await asyncio.gather(
                *(self._answer_many(some[:_MANY], actor, saved) for actor in AGENTS[:2])
            )

    async def _answer_many(self, numbers: Sequence[int], actor: Actor, saved: str) -> None:
        await self._tried(
            lambda: answering.answer_many(self._engine, numbers, actor=actor, saved=saved)
        )

    async def _by_hand(self, rows: Sequence[MentionRow]) -> None:
        """Have two agents answer each of the next mentions at once, in other words."""
        for row in rows[:_MANY]:
            if _SPAM in row.mention.text:
                await self._tried(
                    lambda n=row.number: mentions.dismiss(  # type: ignore[misc]
                        self._engine, [n], DismissalReason.SPAM, actor=AGENTS[0]
                    )
                )
                continue
            await asyncio.gather(*(self._in_own_words(row, actor) for actor in AGENTS[1:]))

    async def _in_own_words(self, row: MentionRow, actor: Actor) -> None:
        author = row.mention.author.handle or row.mention.author.name
        text = FREE.format(author, f"{actor.person} {row.number}.{self._rounds}")

        async def answered() -> None:
            planned = await answering.answer(self._engine, row.number, actor=actor, text=text)
            if planned.waits:
                await replies.agree_to_reply(self._engine, planned.number, actor=SECOND)

        await self._tried(answered)

    async def _tried(self, act: Callable[[], Awaitable[object]]) -> bool:
        """Do something until it is answered; whether it was not refused."""
        try:
            await self._people.insist(act)
        except (DomainError, WrongInput):
            # Another agent was quicker, or every wording was used for these authors.
            return False
        return True

    async def _agree(self) -> None:
        """Let out what waits for a second person since an answer was lost."""
        waiting = await replies.list_replies(
            self._engine, [PublicationState.PLANNED], waiting=True, incident=self._slug
        )
        for one in waiting:
            number = one.number
            await self._tried(
                lambda n=number: replies.agree_to_reply(  # type: ignore[misc]
                    self._engine, n, actor=SECOND
                )
            )

    # --- what must not count ------------------------------------------------------------------

    async def _try_unsigned(self, rows: Sequence[MentionRow]) -> None:
        """Try to answer before anybody has signed rules."""
        if not rows:
            return
        try:
            await answering.answer(self._engine, rows[0].number, actor=AGENTS[0], text=EARLY)
        except DomainError:
            self._record.refused += 1
            return
        if await reply_rules(self._engine, self._slug) is None:
            self._record.counted.append("a reply was planned before the reply rules were signed")

    async def _forge(self, rules: ReplyRulesView, row: MentionRow) -> None:
        """Write a reply that nobody signed into the ledger, as somebody might who reaches it."""
        ground = ReplyGround(
            basis=ReplyBasis.FORM,
            incident=self._slug,
            number=rules.number,
            revision=rules.revision,
            saved=SAVED[0],
            wording=0,
            by="mallory",
        )
        forged = NewReply(mention=row.number, text=FORGED, ground=ground)
        self._forged = await self._tried(lambda: plan(self._database, [forged], datetime.now(UTC)))

    # --- how far it is ------------------------------------------------------------------------

    async def _unanswered(self) -> list[MentionRow]:
        """What is open, and has no reply under way."""
        page = await self._people.insist(
            lambda: mentions.list_mentions(
                self._engine,
                state=MentionState.OPEN,
                incident=self._slug,
                limit=mentions.MOST,
            )
        )
        numbers = [row.number for row in page.mentions]
        known = await self._people.insist(lambda: replies.current_replies(self._engine, numbers))
        return [row for row in page.mentions if row.number not in known]

    async def _settle_unknown(self) -> None:
        """Look at the platform for what the ledger gave up looking for, and say what is there."""
        await self._agree()
        unknown = await self._people.insist(
            lambda: replies.list_replies(
                self._engine, [PublicationState.UNKNOWN], incident=self._slug
            )
        )
        for one in unknown:
            row = (await mentions.show_mention(self._engine, one.mention)).row
            there = await self._book()
            answers = there.get((row.mention.channel, row.mention.id))
            if answers is None or not answers.deleted:
                # Of one that was deleted, Facebook shows nothing any more.
                self._record.unknown_replies.append(
                    f"{one.number} on {one.channel}: {one.explanation}"
                )
            sent, number = bool(answers and answers.replies), one.number
            await self._tried(
                lambda n=number, sent=sent: replies.settle_reply(  # type: ignore[misc]
                    self._engine, n, sent=sent, actor=AGENTS[0]
                )
            )

    async def _book(self) -> dict[tuple[str, str], SaidRow]:
        return {(one.channel, one.id): one for one in await said(self._sandbox)}

    async def _left(self) -> list[str]:
        left = [] if self._crowd.done else ["the crowd has more to say"]
        under_way = await self._people.insist(
            lambda: replies.list_replies(
                self._engine,
                (PublicationState.PLANNED, PublicationState.SENDING),
                incident=self._slug,
            )
        )
        left += [f"reply {one.number} on {one.channel} is {one.state}" for one in under_way]
        left += [f"mention {one.number} is not answered" for one in await self._unanswered()]
        known = await every_mention(self._engine, self._people)
        heard = {(row.mention.channel, row.mention.id) for row in known}
        book = await self._book()
        left += [
            f"{channel} {one} is not on the desk"
            for (channel, one), row in book.items()
            if (channel, one) not in heard and not row.deleted
        ]
        return left


async def every_mention(engine: Engine, people: People) -> list[MentionRow]:
    """Everything on the desk, whatever it belongs to."""
    found: list[MentionRow] = []
    after: int | None = None
    while True:
        page = await people.insist(
            lambda after=after: mentions.list_mentions(  # type: ignore[misc]
                engine, after=after, limit=mentions.MOST
            )
        )
        found += page.mentions
        after = page.after
        if after is None:
            return found
