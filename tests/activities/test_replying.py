"""Sending replies: each mention once, whatever the platform answers and whenever we die."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.reply_account import Account
from activities.replying import ReplyingActivities
from activities.signatures.replying import RepliesSent, SendReplies
from channels.contract import (
    BadCredentials,
    OutcomeUnknown,
    PerhapsPosted,
    Refused,
    Throttled,
    Unreachable,
)
from channels.replying import MentionGone
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import explained
from domain.mentions import DismissalReason, Mention, MentionState
from domain.priorities import MentionPriority
from domain.publication import PublicationState
from domain.replies import AccountLimit, ReplyBasis, ReplyGround, for_replies
from store.desk import closing, entering, reading, replies, reply_accounts, reply_rows, replying
from store.desk.closing import Dismissal
from store.desk.replies import NewReply
from store.desk.reply_rows import ReplyRow
from store.kernel.database import Database
from store.stops import stops
from tests.forum import Forum, RereadForum

_S = PublicationState
SECOND = timedelta(seconds=1)
GROUND = ReplyGround(basis=ReplyBasis.ROLE, incident="site-down", number=2, revision=1, by="lea")


class Gates:
    """Lets everything out but what a test says."""

    def __init__(self) -> None:
        self.refuses: DomainError | None = None

    def for_a_round(self) -> Gates:
        return self

    async def refuse_unopened(
        self,
        channel: str,
        text: str,
        ground: ReplyGround,
        incident: str,
        *,
        authors: Collection[str] | None = None,
    ) -> None:
        if self.refuses is not None:
            raise self.refuses


class Desk:
    """A worker's part in it, with the waits between two rounds skipped."""

    def __init__(self, ledger: Database, forum: Forum) -> None:
        self.ledger = ledger
        self.forum = forum
        self.gates = Gates()
        self.passed = timedelta()
        self.activities = self.worker()

    def worker(self) -> ReplyingActivities:
        channels, terms = {"forum": self.forum}, {"forum": self.forum.terms}
        return ReplyingActivities(self.ledger, channels, terms, self.gates, self.now)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    async def said(self, many: int = 1) -> list[int]:
        at = self.now()
        some = [
            Mention(channel="forum", id=f"m{n}", version="1", text="why?", written_at=at)
            for n in range(1, many + 1)
        ]
        await entering.enter(self.ledger, some, at)
        found = await reading.listed(self.ledger, reading.Which(), 1_000)
        return sorted(one.number for one in found)

    async def plan(self, *numbers: int, text: str = "We are on it.") -> list[ReplyRow]:
        known = await reading.find_all(self.ledger, numbers)
        wanted = [
            NewReply(mention=one, text=text, ground=GROUND, version=known[one].mention.version)
            for one in numbers
        ]
        return await replies.plan(self.ledger, wanted, self.now())

    async def round(self, *, asked: bool = False) -> RepliesSent:
        order = SendReplies(channel="forum", asked=asked)
        sent = await ActivityEnvironment().run(self.activities.send_replies, order)
        self.passed += timedelta(seconds=sent.again_in or 0)
        return sent

    async def to_the_end(self) -> None:
        while (await self.round()).again_in is not None:
            pass

    async def reply(self, number: int) -> ReplyRow:
        return (await reply_rows.of_mentions(self.ledger, [number]))[number]

    async def state(self, number: int) -> tuple[PublicationState, MentionState]:
        row = await reading.find(self.ledger, number)
        assert row is not None
        return (await self.reply(number)).state, row.state


@pytest.fixture
def desk(ledger: Database) -> Desk:
    return Desk(ledger, Forum())


async def test_everyone_gets_one_answer_and_the_receipt_is_kept(desk: Desk) -> None:
    numbers = await desk.said(30)
    assert len(await desk.plan(*numbers)) == 30
    # Planned twice, by two agents at once, it is one reply.
    assert await desk.plan(*numbers) == []
    await desk.to_the_end()
    assert sorted(map(len, desk.forum.under.values())) == [1] * 30
    for number in numbers:
        assert await desk.state(number) == (_S.ACCEPTED, MentionState.ANSWERED)
    receipt = (await desk.reply(numbers[0])).receipt
    assert receipt is not None
    assert receipt.id == "re-m1"
    # What we said comes back from the platform, and is nobody's mention.
    ours = Mention(channel="forum", id="re-m1", text="We are on it.", written_at=desk.now())
    assert (await entering.enter(desk.ledger, [ours], desk.now())).new == 0


async def test_a_lost_answer_is_found_and_nothing_is_sent_again(desk: Desk) -> None:
    numbers = await desk.said(3)
    await desk.plan(*numbers)
    desk.forum.loses, desk.forum.lags = OutcomeUnknown("Forum: no clear answer."), True
    sent = await desk.round()
    assert sent.again_in is not None
    assert (await desk.reply(numbers[0])).uncertain
    desk.forum.loses, desk.forum.lags = None, False
    await desk.to_the_end()
    assert sorted(desk.forum.tried) == ["m1", "m2", "m3"]
    for number in numbers:
        assert await desk.state(number) == (_S.ACCEPTED, MentionState.ANSWERED)


async def test_a_worker_that_dies_with_the_request_on_the_wire_doubles_nothing(desk: Desk) -> None:
    (number,) = await desk.said()
    (row,) = await desk.plan(number)
    # It has taken it, the platform has it, and the process is gone.
    await replying.take(desk.ledger, [row.number], desk.now())
    desk.forum.under["m1"] = ["We are on it."]
    await desk.to_the_end()
    assert desk.forum.tried == []
    assert await desk.state(number) == (_S.ACCEPTED, MentionState.ANSWERED)


async def test_one_that_is_absent_at_every_look_is_sent_again(desk: Desk) -> None:
    (number,) = await desk.said()
    (row,) = await desk.plan(number)
    await replying.take(desk.ledger, [row.number], desk.now())
    await desk.round()
    assert ((await desk.reply(number)).state, desk.forum.tried) == (_S.SENDING, [])
    await desk.to_the_end()
    assert desk.forum.tried == ["m1"]
    assert (await desk.reply(number)).attempt == 2


async def test_an_attempt_that_the_platform_shows_after_every_look_is_the_answer(
    desk: Desk,
) -> None:
    (number,) = await desk.said()
    (row,) = await desk.plan(number)
    await replying.take(desk.ledger, [row.number], desk.now())
    desk.forum.under["m1"], desk.forum.lags = ["We are on it."], True
    while desk.forum.looked < 3:
        doubtful = await replying.in_doubt(desk.ledger, "forum", 1)
        desk.passed += timedelta(minutes=1)
        (mention,) = await _mentions(desk, number)
        await desk.activities._looking.look_for(doubtful[0], mention, Account())
    desk.forum.lags = False
    await desk.to_the_end()
    assert desk.forum.tried == []
    assert await desk.state(number) == (_S.ACCEPTED, MentionState.ANSWERED)


async def _mentions(desk: Desk, number: int) -> list[reading.MentionRow]:
    return list((await reading.find_all(desk.ledger, [number])).values())


async def test_what_was_refused_in_doubtful_words_and_is_absent_is_refused(desk: Desk) -> None:
    (number,) = await desk.said()
    await desk.plan(number)
    otherwise = explained("The platform has seen the same words before.", "Use other words.")
    desk.forum.fails = PerhapsPosted("Forum: a duplicate.", otherwise=otherwise)
    await desk.to_the_end()
    reply = await desk.reply(number)
    assert (reply.state, reply.explanation) == (_S.REFUSED, otherwise)
    # It certainly did not go out, so another one can be planned.
    desk.forum.fails = None
    await desk.plan(number, text="We are looking into it.")
    await desk.to_the_end()
    assert desk.forum.under == {"m1": ["We are looking into it."]}


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("why?\n ", (_S.ACCEPTED, MentionState.ANSWERED)),
        ("Never mind, thanks!", (_S.WITHDRAWN, MentionState.OPEN)),
    ],
)
@pytest.mark.parametrize("told", [True, False])
async def test_what_was_edited_into_other_words_is_not_answered_unread(
    ledger: Database, text: str, ends: tuple[PublicationState, MentionState], told: bool
) -> None:
    """An edit came after the plan, and the old answer stood under the new words."""
    forum = RereadForum()
    desk = Desk(ledger, forum)
    (number,) = await desk.said()
    await desk.plan(number)
    row = await reading.find(ledger, number)
    assert row is not None
    at = desk.now()
    edited = row.mention.model_copy(update={"version": "2", "text": text, "changed_at": at})
    if told:
        await entering.enter(ledger, [edited], at)
    else:
        forum.shown = [edited]
    await desk.to_the_end()
    assert await desk.state(number) == ends
    assert len(forum.tried) == (ends[0] is _S.ACCEPTED)
    if ends[0] is _S.WITHDRAWN:
        # Whoever reads it anew answers it.
        await desk.plan(number, text="You are welcome.")
        await desk.to_the_end()
        assert forum.under == {"m1": ["You are welcome."]}


@pytest.mark.parametrize("lost", [False, True])
async def test_an_answer_to_other_words_leaves_the_mention_open(desk: Desk, lost: bool) -> None:
    """It was edited after its answer was out, or while the answer was looked for."""
    (number,) = await desk.said()
    await desk.plan(number)
    desk.forum.loses = OutcomeUnknown("Forum: no clear answer.") if lost else None
    await desk.round()
    row = await reading.find(desk.ledger, number)
    assert row is not None
    at = desk.now()
    edited = row.mention.model_copy(
        update={"version": "2", "text": "And my refund?", "changed_at": at}
    )
    await entering.enter(desk.ledger, [edited], at)
    await desk.to_the_end()

    assert await desk.state(number) == (_S.ACCEPTED, MentionState.OPEN)
    # A platform shows one answer of ours and not which, so a second one is a person's to send.
    assert await desk.plan(number, text="It is on its way.") == []
    assert len(desk.forum.tried) == 1


async def test_when_looking_cannot_tell_a_person_decides(desk: Desk) -> None:
    (number,) = await desk.said()
    (row,) = await desk.plan(number)
    desk.forum.loses = OutcomeUnknown("Forum: no clear answer.")
    await desk.round()
    desk.forum.look_fails = Refused("Forum: its lists may not be read.")
    await desk.to_the_end()
    reply = await desk.reply(number)
    assert (reply.state, reply.uncertain) == (_S.UNKNOWN, True)
    # Unknown is not answered, and nothing else is sent meanwhile.
    assert (await desk.state(number))[1] is MentionState.OPEN
    assert await desk.plan(number) == []
    said = explained("Lea looked: it is not there.")
    assert await replying.settle_unknown(desk.ledger, row.number, desk.now(), said) is not None
    assert len(await desk.plan(number)) == 1


async def test_somebody_who_answered_on_the_platform_is_not_repeated(desk: Desk) -> None:
    (number,) = await desk.said()
    await desk.plan(number)
    desk.forum.under["m1"] = ["I called you."]
    await desk.to_the_end()
    assert desk.forum.tried == []
    row = await reading.find(desk.ledger, number)
    assert row is not None
    assert (row.reason, row.words) == (
        DismissalReason.ANSWERED_ELSEWHERE,
        "https://forum.test/m1",
    )
    assert (await desk.reply(number)).state is _S.WITHDRAWN


async def test_a_deleted_mention_is_closed_with_that_reason(desk: Desk) -> None:
    (number,) = await desk.said()
    await desk.plan(number)
    desk.forum.fails = MentionGone("Forum: the post is gone.")
    await desk.to_the_end()
    assert await desk.state(number) == (_S.WITHDRAWN, MentionState.DELETED)


async def test_a_refusal_goes_to_a_person_and_the_others_go_out(desk: Desk) -> None:
    first, second = await desk.said(2)
    await desk.plan(first)
    desk.forum.fails = Refused("Forum: this account may not answer her.", "Answer by mail.")
    await desk.round()
    desk.forum.fails = None
    await desk.plan(second)
    await desk.to_the_end()
    assert await desk.state(first) == (_S.REFUSED, MentionState.OPEN)
    assert await desk.state(second) == (_S.ACCEPTED, MentionState.ANSWERED)


async def test_what_no_gate_lets_out_is_never_on_the_wire(desk: Desk) -> None:
    (number,) = await desk.said()
    await desk.plan(number)
    desk.gates.refuses = DomainError("Nobody has opened a gate for it.", "Have it signed.")
    await desk.to_the_end()
    assert (desk.forum.tried, desk.forum.looked) == ([], 0)
    assert await desk.state(number) == (_S.REFUSED, MentionState.OPEN)


@pytest.mark.parametrize(
    "error",
    [
        lambda now: Unreachable("Forum: no connection."),
        lambda now: Throttled("Forum: its limit.", until=now + timedelta(minutes=10)),
        lambda now: BadCredentials("Forum: the token was refused."),
    ],
    ids=["unreachable", "throttled", "credentials"],
)
async def test_an_account_that_takes_nothing_waits_and_then_goes_on(
    desk: Desk, error: Callable[[datetime], Exception]
) -> None:
    numbers = await desk.said(20)
    await desk.plan(*numbers)
    desk.forum.fails = error(desk.now())
    begun = desk.now()
    await desk.round()
    tried = len(desk.forum.tried)
    assert tried <= 8
    account = await reply_accounts.account(desk.ledger, "forum")
    assert "Forum" in str(account.explanation)
    if isinstance(desk.forum.fails, Throttled):
        assert desk.now() - begun >= timedelta(minutes=10) - SECOND
    desk.forum.fails = None
    await desk.to_the_end()
    assert sorted(map(len, desk.forum.under.values())) == [1] * 20
    assert (await reply_accounts.account(desk.ledger, "forum")).again_at is None


async def test_whoever_put_the_credentials_right_need_not_wait(desk: Desk) -> None:
    (number,) = await desk.said()
    await desk.plan(number)
    desk.forum.fails = BadCredentials("Forum: the token was refused.")
    order = SendReplies(channel="forum")
    await ActivityEnvironment().run(desk.activities.send_replies, order)
    desk.forum.fails = None
    assert (await ActivityEnvironment().run(desk.activities.send_replies, order)).sent == 0
    assert (await desk.round(asked=True)).sent == 1


async def test_replies_go_at_the_accounts_limit_and_leave_some_to_announcements(
    ledger: Database,
) -> None:
    limit = AccountLimit(count=40, window=timedelta(minutes=15))
    desk = Desk(ledger, Forum(limit))
    await desk.plan(*(await desk.said(100)))
    begun, usable = desk.now(), for_replies(limit)
    assert usable == 38
    await desk.round()
    await desk.round()
    while len(desk.forum.tried) < 100:
        at, before = desk.now(), len(desk.forum.tried)
        await desk.round()
        used = await reply_accounts.used(ledger, "forum", limit.window, desk.now())
        assert used <= usable
        assert desk.now() > at or len(desk.forum.tried) > before
    # 38 at once, and 38 and 24 more a window later each.
    assert timedelta(minutes=30) <= desk.now() - begun < timedelta(minutes=46)


async def test_the_most_important_go_first_and_nothing_that_waits_for_a_second_person(
    desk: Desk,
) -> None:
    first, risky, urgent = await desk.said(3)
    wanted = [
        NewReply(mention=first, text="Soon.", ground=GROUND),
        NewReply(mention=risky, text="No refund.", ground=GROUND, waits=True),
        NewReply(mention=urgent, text="Call us.", ground=GROUND, priority=MentionPriority.URGENT),
    ]
    planned = await replies.plan(desk.ledger, wanted, desk.now())
    found = await replying.due(desk.ledger, "forum", 10)
    assert [one.mention for one in found] == [urgent, first]
    await desk.to_the_end()
    assert "m2" not in desk.forum.tried
    number = planned[1].number
    assert not await replies.agree(desk.ledger, number, "lea", desk.now())
    assert await replies.agree(desk.ledger, number, "ben", desk.now())
    await desk.to_the_end()
    assert (await desk.reply(risky)).ground.second == "ben"
    assert desk.forum.under["m2"] == ["No refund."]


async def test_what_was_closed_meanwhile_is_not_answered(desk: Desk) -> None:
    (number,) = await desk.said()
    await desk.plan(number)
    spam = Dismissal(reason=DismissalReason.SPAM, by="ben")
    await closing.dismiss(desk.ledger, [number], spam, desk.now())
    await desk.to_the_end()
    assert desk.forum.tried == []
    assert await desk.state(number) == (_S.WITHDRAWN, MentionState.DISMISSED)


async def test_nothing_goes_out_while_everything_is_stopped(desk: Desk) -> None:
    (number,) = await desk.said()
    await desk.plan(number)
    ana = Actor(person="ana")
    await stops.stop(desk.ledger, GROUND.incident, ana, "wrong words", desk.now())
    await desk.to_the_end()
    assert desk.forum.tried == []
    await stops.resume(desk.ledger, GROUND.incident, ana, desk.now())
    await desk.to_the_end()
    assert desk.forum.tried == ["m1"]


async def test_two_workers_at_once_answer_each_once(desk: Desk) -> None:
    await desk.plan(*(await desk.said(40)))
    other = desk.worker()
    order = SendReplies(channel="forum")
    await asyncio.gather(
        *(
            ActivityEnvironment().run(one.send_replies, order)
            for one in (desk.activities, other, desk.activities)
        )
    )
    await desk.to_the_end()
    assert sorted(map(len, desk.forum.under.values())) == [1] * 40
