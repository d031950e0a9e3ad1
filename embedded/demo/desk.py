"""The desk on the Saturday: three agents answer by cluster and by hand until nothing is open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import httpx

from client import answering, mentions, replies
from client.clusters import list_clusters, open_in_cluster
from client.coverage import coverage_of
from client.engine import Engine
from client.mentions import MentionRow
from client.reply_desk import start_replying
from domain.actor import Actor
from domain.errors import DomainError
from domain.mentions import DismissalReason, MentionState
from domain.model import Value
from domain.plural import plural
from domain.publication import PublicationState
from embedded.demo.crowd import SAID, Said, all_mentions, place_of
from embedded.demo.sayings import BY_HAND, PRESS, Answer, answer_to
from embedded.demo.story import INCIDENT

AGENTS = tuple(map(Actor.at_terminal, ("sam", "dana", "maya")))
SECOND = Actor.at_terminal("noor")
TO_THE_PRESS = (
    "Noor here, the founder. We told every customer within minutes, and nobody has to do "
    "anything now. I will write to you about the rest.",
    "Thank you for asking. Every customer has heard from us, and we publish each step as we "
    "take it. I will come back to you in person.",
    "This is Noor, the founder. Every customer heard from us first, and the whole story will be "
    "public when this is over. I will write to you myself.",
    "We hear you, and will not keep you waiting. What is certain is public already; I will send "
    "you the rest in person.",
)
"""Each in other words: X refuses what the account has said lately."""

_BY_HAND = (
    "Not yet, {}. We will say on our status page when you can log in again.",
    "{}, please wait a little longer. As soon as it is safe, our status page says so.",
    "We have read this ourselves, {}. Our status page has what we know, and we are on it.",
    "Thank you for writing, {}. We are on it, and our status page says how far we are.",
    "{}, we see this and keep at it. The next news will be on our status page.",
)
_AGAIN_AFTER, _LOOKS = 1.0, 8
_MOST_CLUSTERS = 200
_MANY = 500
_MOST_ROUNDS = 60
"""So often all is gone through; what is refused again and again then keeps the incident open."""

Say = Callable[[str], None]


class ChannelAnswers(Value):
    """How the crowd on one channel was answered, counted in the sandbox's own book.

    ``twice`` have more than one answer, ``none`` have neither one nor a reason why not, ``gone``
    were deleted by their authors before. ``dismissed`` have a reason, which a person gave or, for
    ``automatic`` ones, a rule. ``known`` are answered by the ledger.
    """

    channel: str
    said: int = 0
    once: int = 0
    twice: int = 0
    none: int = 0
    gone: int = 0
    dismissed: int = 0
    automatic: int = 0
    known: int = 0

    def wrong(self) -> list[str]:
        """What is not as it should be, in words."""
        found = []
        if self.twice:
            found.append(
                f"{self.channel}: {plural(self.twice, 'mention')} got more than one answer"
            )
        if self.none:
            found.append(
                f"{self.channel}: {plural(self.none, 'mention')} got no answer and no reason "
                "why not"
            )
        if self.known != self.once + self.twice:
            found.append(
                f"{self.channel}: {self.known:,} are answered by the ledger, "
                f"{self.once + self.twice:,} by the sandbox"
            )
        return found


class Answered(Value):
    """How the crowd was answered, channel by channel."""

    channels: tuple[ChannelAnswers, ...] = ()

    @property
    def total(self) -> ChannelAnswers:
        """All channels together."""
        names = set(ChannelAnswers.model_fields) - {"channel"}
        sums = {name: sum(getattr(one, name) for one in self.channels) for name in names}
        return ChannelAnswers(channel="in all", **sums)

    @property
    def in_words(self) -> str:
        """The line that all of it comes down to."""
        total = self.total
        ended = total.once + total.dismissed + total.gone
        gone = f" ({total.gone:,} of them deleted by their authors)" if total.gone else ""
        return (
            f"{ended:,} of {total.said:,} answered or dismissed{gone}, "
            f"{total.twice:,} twice, {total.none:,} unanswered"
        )

    def wrong(self) -> list[str]:
        """What is not as it should be, in words."""
        return [what for one in self.channels for what in one.wrong()]


async def answer_crowd(
    engine: Engine,
    sandbox: httpx.AsyncClient,
    say: Say,
    coming: asyncio.Task[None] | None = None,
) -> None:
    """Answer or dismiss all but what the press says: cluster by cluster, then one by one.

    It goes on while more is ``coming``, and raises what keeps that from coming.
    """
    temporal = await engine.temporal()
    for channel in SAID:
        await start_replying(temporal, channel)
    got, expected, rounds = Counter[str](), sum(SAID.values()), 0
    while rounds < _MOST_ROUNDS:
        if coming is None or coming.done():
            rounds += 1
            if coming is not None:
                coming.result()
        clusters = await list_clusters(engine, incident=INCIDENT, limit=_MOST_CLUSTERS)
        waiting = [one for one in clusters if one.cluster.open]
        handled = 0
        for number, one in enumerate(waiting):
            numbers = await _unanswered(engine, await open_in_cluster(engine, one.cluster.number))
            if numbers and PRESS not in one.newest.mention.text:
                actor = AGENTS[number % len(AGENTS)]
                what = answer_to(one.newest.mention.text)
                handled += await _handle(engine, numbers, what, actor)
        if handled:
            say(f"{len(AGENTS)} agents answer {handled:,} mentions by cluster")
        handled += await _by_hand(engine, got) + await _settle_unknown(engine, sandbox, say)
        if not handled and await _settled(engine) and await _arrived(engine) >= expected:
            return
        await _until_settled(engine)
    say("some mentions cannot be answered: the scorecard says how many")


async def answer_press(engine: Engine, sandbox: httpx.AsyncClient, say: Say) -> None:
    """Somebody with a role answers the press in their own words, and a second person agrees."""
    page = await mentions.list_mentions(
        engine, state=MentionState.OPEN, incident=INCIDENT, limit=mentions.MOST
    )
    press = [row for row in page.mentions if PRESS in row.mention.text]
    for row, text in zip(press, TO_THE_PRESS, strict=False):
        planned = await answering.answer(engine, row.number, actor=AGENTS[-1], text=text)
        if planned.waits:
            await replies.agree_to_reply(engine, planned.number, actor=SECOND)
    for _ in range(_MOST_ROUNDS):
        await _settle_unknown(engine, sandbox, say)
        await read_edits(engine, say)
        if await _settled(engine) and not (await coverage_of(engine, INCIDENT)).open:
            return
        await asyncio.sleep(_AGAIN_AFTER)


async def _settle_unknown(engine: Engine, sandbox: httpx.AsyncClient, say: Say) -> int:
    """Look at the platform for replies of which nobody knows whether they are out; how many."""
    unknown = await replies.list_replies(engine, (PublicationState.UNKNOWN,), incident=INCIDENT)
    if not unknown:
        return 0
    books = (await sandbox.get("/_sandbox/books/replies")).raise_for_status().json()
    answered = {(one["channel"], one["id"]) for one in books["mentions"] if one["replies"]}
    places = {row.number: place_of(row) for row in await all_mentions(engine)}
    for one in unknown:
        sent = places[one.mention] in answered
        await replies.settle_reply(engine, one.number, sent=sent, actor=SECOND)
        say(f"{SECOND.person} looks at {one.channel}: a reply {'is' if sent else 'is not'} there")
    return len(unknown)


async def read_edits(engine: Engine, say: Say) -> None:
    """Read what was edited after its answer was out: each answer still fits."""
    page = await mentions.list_mentions(
        engine, state=MentionState.OPEN, incident=INCIDENT, limit=mentions.MOST
    )
    current = await replies.current_replies(engine, [row.number for row in page.mentions])
    fits = [n for n, one in current.items() if one.state is PublicationState.ACCEPTED]
    if fits:
        await mentions.dismiss(engine, fits, DismissalReason.NEEDS_NONE, actor=AGENTS[0])
        say(f"{AGENTS[0].person} reads {plural(len(fits), 'edit')}: the answers still fit")


async def count_answers(engine: Engine, sandbox: httpx.AsyncClient, said: Said) -> Answered:
    """Count in the sandbox's book what the crowd got, and compare the ledger with it."""
    books = (await sandbox.get("/_sandbox/books/replies")).raise_for_status().json()
    rows = await all_mentions(engine)
    known = {place_of(row): row for row in rows}
    # What was edited after its answer is not answered any more: the answer is out all the same.
    others = [row.number for row in rows if row.state is not MentionState.ANSWERED]
    current = await replies.current_replies(engine, others)
    answered = {n for n, one in current.items() if one.state is PublicationState.ACCEPTED}
    found = []
    for channel, ids in said.items():
        theirs = [one for one in books["mentions"] if one["channel"] == channel]
        theirs = [one for one in theirs if one["id"] in ids]
        ours = {one["id"]: known.get((channel, one["id"])) for one in theirs}
        found.append(_channel_answers(channel, len(ids), theirs, ours, answered))
    return Answered(channels=tuple(found))


def _channel_answers(
    channel: str,
    said: int,
    rows: Sequence[Mapping[str, Any]],
    ours: Mapping[str, MentionRow | None],
    answered: Collection[int],
) -> ChannelAnswers:
    entered = [row for row in ours.values() if row is not None]
    unanswered = [ours[one["id"]] for one in rows if not one["replies"] and not one["deleted"]]
    reasons = [
        row.reason
        for row in unanswered
        if row is not None and row.state is MentionState.DISMISSED and row.reason
    ]
    return ChannelAnswers(
        channel=channel,
        said=said,
        once=sum(one["replies"] == 1 for one in rows),
        twice=sum(one["replies"] > 1 for one in rows),
        # What is not in the sandbox's book at all has no answer either.
        none=len(unanswered) - len(reasons) + said - len(rows),
        gone=sum(bool(one["deleted"]) and not one["replies"] for one in rows),
        dismissed=len(reasons),
        automatic=reasons.count(DismissalReason.AUTOMATIC),
        known=sum(one.state is MentionState.ANSWERED or one.number in answered for one in entered),
    )


async def _handle(engine: Engine, numbers: Sequence[int], what: Answer, actor: Actor) -> int:
    """Answer or dismiss mentions that ask the same; how many were handled."""
    if isinstance(what, DismissalReason):
        return await mentions.dismiss(engine, numbers, what, actor=actor)
    handled = 0
    if what == BY_HAND:
        return handled
    for begin in range(0, len(numbers), _MANY):
        some = numbers[begin : begin + _MANY]
        try:
            done = await answering.answer_many(engine, some, actor=actor, saved=what)
        except DomainError:
            # Every wording was used for these authors, or none is for this: by hand, then.
            continue
        handled += len(done.planned)
    return handled


async def _by_hand(engine: Engine, got: Counter[str]) -> int:
    """Answer one by one what is in no cluster, and what a saved reply did not fit; how many.

    ``got`` counts what each author got so: X takes the same words a second time for a repetition,
    and then it takes a minute until it is certain that they are not out.
    """
    page = await mentions.list_mentions(
        engine, state=MentionState.OPEN, incident=INCIDENT, limit=mentions.MOST
    )
    rows = {row.number: row for row in page.mentions if row.mention.text.find(PRESS) < 0}
    handled = 0
    for number in await _unanswered(engine, list(rows)):
        try:
            await _answer_one(engine, rows[number], got)
        except DomainError:
            # Its author has deleted it meanwhile.
            continue
        handled += 1
    return handled


async def _answer_one(engine: Engine, row: MentionRow, got: Counter[str]) -> None:
    """Dismiss one mention, or answer it in words that its author has not got yet."""
    actor = AGENTS[row.number % len(AGENTS)]
    what = answer_to(row.mention.text)
    if isinstance(what, DismissalReason):
        await mentions.dismiss(engine, [row.number], what, actor=actor)
        return
    author = row.mention.author
    # A reply holds no address, and one who writes a mail has that for a handle.
    name = author.name if "@" in author.handle else author.handle or author.name
    words = _BY_HAND[got[name] % len(_BY_HAND)].format(name)
    got[name] += 1
    planned = await answering.answer(engine, row.number, actor=actor, text=words)
    if planned.waits:
        await replies.agree_to_reply(engine, planned.number, actor=SECOND)


async def _unanswered(engine: Engine, numbers: Sequence[int]) -> list[int]:
    """Those that have no reply on its way, or that may be out."""
    known = await replies.current_replies(engine, numbers)
    return [one for one in numbers if one not in known]


async def _arrived(engine: Engine) -> int:
    page = await mentions.list_mentions(engine, incident=INCIDENT, limit=1)
    return sum(page.counts.values())


async def _until_settled(engine: Engine) -> None:
    """Wait for what is under way, for a while: all that is open is not read again meanwhile."""
    for _ in range(_LOOKS):
        await asyncio.sleep(_AGAIN_AFTER)
        if await _settled(engine):
            return


async def _settled(engine: Engine) -> bool:
    """Whether no reply is under way."""
    under_way = (PublicationState.PLANNED, PublicationState.SENDING)
    return not await replies.list_replies(engine, under_way, incident=INCIDENT, limit=1)
