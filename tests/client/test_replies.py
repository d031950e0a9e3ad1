"""Answering: what is planned, what is refused and in which words, and who lets a reply out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from client import answering, claims, mentions, replies
from client.audit.answers import audit_answers
from client.audit.model import Kind
from client.cluster_replies import answer_cluster, sendable_replies
from client.clusters import move_mentions
from client.engine import Engine
from client.errors import UnknownReply, WrongInput
from client.reply_options import reply_options
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import explained
from domain.mentions import DismissalReason, MentionState
from domain.publication import PublicationState, Receipt
from store.desk import entering, reading, reply_accounts, reply_rows, replying, workload
from store.desk import replies as planned
from store.desk.clustering import Clustering
from store.desk.coverage import read_coverage
from store.desk.reading import Which
from store.desk.replies import NewReply
from store.desk.reply_accounts import AccountRow
from store.kernel.database import Database
from store.tables import mentions as mentions_table
from tests.activities.test_opened_replies import Wire, channels, wire
from tests.store.desk.said import mention

__all__ = ["channels", "wire"]

SAM, DANA, RAVI = (Actor.at_terminal(one) for one in ("sam", "dana", "ravi"))
CALM = "We are on it, and it is going well."
RISKY = "We will look into a refund for you."
_S = PublicationState


class Answering:
    """A desk with signed reply rules, and people who have asked something."""

    def __init__(self, engine: Engine, ledger: Database, wire: Wire) -> None:
        self.engine = engine
        self.ledger = ledger
        self.wire = wire

    async def said(self, many: int = 1, incident: str = "hacked") -> list[int]:
        at = datetime.now(UTC)
        some = [
            mention(n, "am I safe?", author={"id": str(n), "handle": f"ann_{n}"}, at=at)
            for n in range(1, many + 1)
        ]
        await entering.enter(self.ledger, some, at)
        found = await reading.listed(self.ledger, Which(), 1_000)
        numbers = sorted(row.number for row in found)
        await entering.draw_into(self.ledger, numbers, incident)
        return numbers

    async def refused(self, number: int, **how: str) -> str:
        with pytest.raises((DomainError, WrongInput)) as refused:
            await answering.answer(self.engine, number, actor=SAM, **how)
        assert await replies.replies_to(self.engine, number) == []
        return str(refused.value)


@pytest.fixture
async def desk(away: Engine, ledger: Database, wire: Wire) -> Answering:
    await wire.sign()
    return Answering(away, ledger, wire)


async def test_many_get_the_same_reply_each_in_words_of_its_own_that_the_wire_lets_out(
    desk: Answering,
) -> None:
    numbers = await desk.said(30)
    done = await answering.answer_many(desk.engine, numbers, actor=SAM, saved="thanks")
    assert (len(done.planned), done.left) == (30, {})
    assert len({one.text for one in done.planned}) == 30
    for one in done.planned:
        row = await reading.find(desk.ledger, one.mention)
        assert row is not None
        await desk.wire.lets_out(one.text, one.ground, authors=(row.mention.author.handle,))
    # Once more changes nothing, and says why.
    with pytest.raises(DomainError, match="reply already"):
        await answering.answer_many(desk.engine, numbers, actor=DANA, saved="thanks")


async def test_whose_handle_is_an_address_is_called_by_name(desk: Answering) -> None:
    """Who writes a mail has such a handle, and whoever is on another server of Mastodon."""
    at = datetime.now(UTC)
    author = {"id": "7", "handle": "ann_7@other.example", "name": "Ann Seven"}
    await entering.enter(desk.ledger, [mention(7, "thanks!", author=author, at=at)], at)
    (row,) = await reading.listed(desk.ledger, Which(), 10)
    await entering.draw_into(desk.ledger, [row.number], "hacked")
    planned = await answering.answer(desk.engine, row.number, actor=SAM, saved="thanks")
    assert "Ann Seven" in planned.text
    names = (author["name"], author["handle"])
    await desk.wire.lets_out(planned.text, planned.ground, authors=names)


async def test_all_that_asks_the_same_is_answered_by_one_decision(desk: Answering) -> None:
    numbers = await desk.said(12)
    await Clustering(desk.ledger).catch_up(datetime.now(UTC), 100)
    row = await reading.find(desk.ledger, numbers[0])
    assert row is not None
    assert row.cluster
    await answering.answer(desk.engine, numbers[0], actor=DANA, text=CALM)
    done = await answer_cluster(desk.engine, row.cluster, actor=SAM, saved="thanks")
    assert (len(done.planned), done.left) == (11, {})
    with pytest.raises(DomainError, match="no open mention without a reply"):
        await answer_cluster(desk.engine, row.cluster, actor=SAM, saved="thanks")
    assert "thanks" in {one.name for one in await sendable_replies(desk.engine)}


async def test_a_private_message_is_never_answered_from_here_and_has_its_end(
    desk: Answering,
) -> None:
    numbers = await desk.said(3)
    at = datetime.now(UTC)
    alone = mention(9, "am I safe?", kind="direct", private=True, id="dm-9", at=at)
    await entering.enter(desk.ledger, [alone], at)
    (number,) = {row.number for row in await reading.listed(desk.ledger, Which(), 9)} - {*numbers}
    await entering.draw_into(desk.ledger, [number], "hacked")
    await Clustering(desk.ledger).catch_up(at, 100)

    for how in ({"saved": "thanks"}, {"text": CALM}):
        refused = await desk.refused(number, **how)
        assert "not answered from here" in refused
        assert "Then dismiss it as answered elsewhere" in refused
    row = await reading.find(desk.ledger, number)
    assert row is not None
    options = await reply_options(desk.engine, row, actor=SAM)
    assert (options.saved, options.free, options.refused is None) == ((), False, False)
    with pytest.raises(DomainError, match="belongs to no cluster"):
        await move_mentions(desk.engine, [number], 1, actor=SAM)
    done = await answering.answer_many(desk.engine, [*numbers, number], actor=SAM, saved="thanks")
    assert len(done.planned) == 3
    assert done.left == {"A private message is not answered from here.": 1}
    # Whoever gets past all that gets no row either.
    forced = NewReply(mention=number, text=CALM, ground=done.planned[0].ground)
    assert await planned.plan(desk.ledger, [forced], at) == []

    assert await workload.open_by_channel(desk.ledger) == {"twitter": 3}
    elsewhere = DismissalReason.ANSWERED_ELSEWHERE
    before = (await read_coverage(desk.ledger, "hacked", at)).total
    await mentions.dismiss(desk.engine, [number], elsewhere, actor=SAM, words="by message")
    after = (await read_coverage(desk.ledger, "hacked", at)).total
    assert (before.open, after.open, after.dismissed) == (4, 3, 1)


async def test_of_two_agents_one_answers_and_the_other_is_told_who(desk: Answering) -> None:
    (number,) = await desk.said()
    tried = await asyncio.gather(
        *(answering.answer(desk.engine, number, actor=one, saved="thanks") for one in (SAM, DANA)),
        return_exceptions=True,
    )
    (won,) = (one for one in tried if isinstance(one, replies.ReplyRow))
    (lost,) = (one for one in tried if isinstance(one, DomainError))
    assert f"has a reply already, by {won.ground.by}" in str(lost)


async def test_a_free_reply_waits_for_a_second_person_if_it_is_risky(desk: Answering) -> None:
    (number,) = await desk.said()
    planned = await answering.answer(desk.engine, number, actor=SAM, text=RISKY)
    assert planned.waits
    with pytest.raises(DomainError, match="your own"):
        await replies.agree_to_reply(desk.engine, planned.number, actor=SAM)
    with pytest.raises(DomainError, match="ravi may not agree"):
        await replies.agree_to_reply(desk.engine, planned.number, actor=RAVI)
    assert await replying.due(desk.ledger, "twitter", 5) == []
    agreed = await replies.agree_to_reply(desk.engine, planned.number, actor=DANA)
    assert (agreed.waits, agreed.ground.second) == (False, "dana")
    await desk.wire.lets_out(agreed.text, agreed.ground)
    with pytest.raises(DomainError, match="waits for nobody"):
        await replies.agree_to_reply(desk.engine, planned.number, actor=DANA)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"text": "Write to me at sam@example.com."}, "address"),
        ({"text": "x" * 300}, "too long"),
        ({"text": "We are on it.", "saved": "thanks"}, "both"),
        ({"text": "  "}, "empty"),
        ({"saved": "no-such-reply"}, "no saved reply"),
        ({"saved": "safe-again"}, "not known"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_it_is_planned(
    desk: Answering, how: dict[str, str], why: str
) -> None:
    (number,) = await desk.said()
    assert why in await desk.refused(number, **how)


async def test_nobody_answers_what_is_not_theirs_to_answer(desk: Answering) -> None:
    first, second, third = await desk.said(3)
    await claims.claim_mention(desk.engine, first, actor=DANA)
    assert "dana has claimed" in await desk.refused(first, text=CALM)
    await mentions.dismiss(desk.engine, [second], DismissalReason.SPAM, actor=DANA)
    assert "is dismissed" in await desk.refused(second, text=CALM)
    with pytest.raises(DomainError, match="may not reply in their own words"):
        await answering.answer(desk.engine, third, actor=RAVI, text=CALM)


async def test_without_an_incident_or_signed_rules_it_says_what_to_do(desk: Answering) -> None:
    (number,) = await desk.said(incident="")
    assert "belongs to no incident" in await desk.refused(number, text=CALM)
    await entering.draw_into(desk.ledger, [number], "another")
    assert "No reply rules are in force for another." in await desk.refused(number, text=CALM)
    row = (await mentions.show_mention(desk.engine, number)).row
    options = await reply_options(desk.engine, row, actor=SAM)
    assert options.refused is not None
    assert options.saved == ()


async def test_what_is_offered_is_what_goes_out(desk: Answering) -> None:
    (number,) = await desk.said()
    row = (await mentions.show_mention(desk.engine, number)).row
    options = await reply_options(desk.engine, row, actor=SAM)
    offered = {one.name: one.text for one in options.saved if not one.why_not}
    assert {"thanks", "my-password"} <= set(offered)
    assert any("not known" in one.why_not for one in options.saved)
    planned = await answering.answer(desk.engine, number, actor=SAM, saved="thanks")
    assert planned.text == offered["thanks"]


async def test_whoever_looks_is_told_why_an_account_waits(desk: Answering) -> None:
    why = explained("X: the token was refused.", "Make another one.")
    until = datetime.now(UTC) + timedelta(minutes=15)
    row = AccountRow(channel="twitter", again_at=until, failures=1, explanation=why)
    await reply_accounts.wait(desk.ledger, row, datetime.now(UTC))
    (told,) = await replies.waiting_accounts(desk.engine)
    assert told.what.startswith("Replies on twitter wait until ")
    assert "X: the token was refused." in told.what
    await reply_accounts.went_well(desk.ledger, "twitter", datetime.now(UTC))
    assert await replies.waiting_accounts(desk.engine) == []


async def test_taking_back_and_settling(desk: Answering) -> None:
    first, second = await desk.said(2)
    planned = await answering.answer(desk.engine, first, actor=SAM, saved="thanks")
    taken = await replies.take_back(desk.engine, planned.number, actor=DANA)
    assert taken.state is _S.WITHDRAWN
    with pytest.raises(DomainError, match="it is withdrawn"):
        await replies.take_back(desk.engine, planned.number, actor=DANA)
    again = await answering.answer(desk.engine, first, actor=SAM, saved="thanks")
    (sending,) = await replying.take(desk.ledger, [again.number], datetime.now(UTC))
    with pytest.raises(DomainError, match="it is sending"):
        await replies.take_back(desk.engine, again.number, actor=DANA)
    await replying.unknown(desk.ledger, sending, taken.explanation, datetime.now(UTC))  # type: ignore[arg-type]
    [notice] = await replies.unknown_notices(desk.engine, "hacked")
    assert notice.what == "Nobody knows whether 1 reply went out."
    settled = await replies.settle_reply(
        desk.engine, again.number, sent=True, actor=SAM, url="https://x.com/1"
    )
    assert settled.answers
    assert await replies.unknown_notices(desk.engine, "hacked") == []
    row = await reading.find(desk.ledger, first)
    assert row is not None
    assert (row.state, row.closed_by) == (MentionState.ANSWERED, "sam")
    with pytest.raises(DomainError, match="nothing to settle"):
        await replies.settle_reply(desk.engine, again.number, sent=False, actor=SAM)
    with pytest.raises(UnknownReply):
        await replies.show_reply(desk.engine, 999)
    assert await reply_rows.counts(desk.ledger) == {_S.WITHDRAWN: 1, _S.ACCEPTED: 1}
    assert await replies.replies_to(desk.engine, second) == []


async def test_the_audit_finds_what_is_answered_without_a_receipt_and_what_is_unknown(
    desk: Answering,
) -> None:
    first, second, third = await desk.said(3)
    assert await audit_answers(desk.engine, "hacked") == []
    for number in (first, second):
        row = await answering.answer(desk.engine, number, actor=SAM, saved="thanks")
        (taken,) = await replying.take(desk.ledger, [row.number], datetime.now(UTC))
        if number == first:
            at = datetime.now(UTC)
            await replying.accept(desk.ledger, taken, Receipt(id="r", at=at), at)
        else:
            why = explained("Nobody can tell.", "Look at the platform.")
            await replying.unknown(desk.ledger, taken, why, datetime.now(UTC))
    (unknown,) = await audit_answers(desk.engine, "hacked")
    assert unknown.kind is Kind.UNKNOWN
    # Somebody who writes to the database cannot answer with that.
    async with desk.ledger.write() as connection:
        forged = update(mentions_table).where(mentions_table.c.id == third)
        await connection.execute(forged.values(state="answered"))
    kinds = {one.kind: str(one.explanation) for one in await audit_answers(desk.engine, "hacked")}
    assert f"1 mention is answered without the receipt of a reply: {third}." in kinds[Kind.DIFFERS]
