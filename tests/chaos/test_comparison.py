"""Adding up: each thing that must not happen is found in the records, and by its own name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from chaos.comparison import Comparison
from chaos.plan import RoundPlan
from chaos.record import Record
from chaos.verdict import MUST_BE_ZERO, RoundVerdict
from chaos.world import Mail, SeenPost, ShownUpdate, World
from domain.actor import Actor
from domain.gate import Decision, GateState
from domain.gate import Verdict as Said
from domain.ids import MessageRef, publication_key
from domain.message import AudienceCut, Copy, Document, MessageKind
from domain.message_state import MessagePhase
from domain.publication import Outcome, PublicationState, Receipt
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus
from domain.timeline import TimelineEntry
from store import migrate
from store.kernel.database import Database
from store.record import messages, publications, timeline
from tests.sealing import KEY, with_key

NOON = datetime(2030, 10, 26, 12, 0, tzinfo=UTC)
AT = NOON.timestamp()
PLAN = RoundPlan(seed=1, recipients=2)


def document(
    number: int, revision: int = 1, kind: MessageKind = MessageKind.ANNOUNCEMENT
) -> Document:
    text = f"message {number} revision {revision}"
    return Document(
        incident=PLAN.incident,
        number=number,
        revision=revision,
        kind=kind,
        proposed_at=NOON,
        copies=(
            Copy(channel="twitter", text=text),
            Copy(channel="email", subject="Hello", text=text),
            Copy(channel="website", text=text),
        ),
        audiences=(AudienceCut(name="customers", count=2, up_to=2),),
    )


def status_of(document: Document, **changes: object) -> MessageStatus:
    signed = Decision(
        actor=Actor.at_terminal("noor"),
        verdict=Said.APPROVE,
        digest=document.digest(),
        roles=("founder",),
        at=NOON,
    )
    accepted = Outcome(channel="twitter", state=PublicationState.ACCEPTED)
    message = MessageStatus(
        number=document.number,
        kind=document.kind,
        revision=document.revision,
        author="maya",
        proposed_at=NOON,
        digest=document.digest(),
        phase=MessagePhase.SETTLED,
        gate=GateState.OPEN,
        missing="",
        decisions=(signed,),
        approved_at=NOON,
        told=True,
        audience_count=2,
        codes_worth=None,
        outcomes=(accepted,),
    )
    return message.model_copy(update=changes)


@dataclass
class Books:
    """A small world in which everything is right until a test changes it."""

    database: Database
    record: Record = field(default_factory=Record)
    world: World = field(default_factory=lambda: World({"twitter": [], "facebook": []}))
    updates: list[ShownUpdate] = field(default_factory=list)
    told: list[MessageStatus] = field(default_factory=list)

    async def publish(self, document: Document, at: float = AT + 1) -> SeenPost:
        """Enter one message as approved, posted and accepted."""
        await messages.save_revision(self.database, document, "maya")
        self.told.append(status_of(document))
        self.told.sort(key=lambda one: one.number)
        self.record.signed[document.digest()].add("noor")
        post = SeenPost(
            id=str(len(self.world.posts["twitter"]) + 1), at=at, text=self._text(document)
        )
        self.world.posts["twitter"].append(post)
        ref = MessageRef(incident=PLAN.incident, number=document.number, revision=1)
        place = (self.database, ref, "twitter")
        await publications.plan(*place, document.digest(), NOON)
        await publications.reserve(*place, document.digest(), NOON, 1)
        await publications.accept(*place, Receipt(id=post.id, at=NOON), NOON)
        return post

    async def show(self, document: Document) -> ShownUpdate:
        """Enter a message as accepted on the status page, and show it there."""
        ref = MessageRef(incident=PLAN.incident, number=document.number, revision=1)
        place = (self.database, ref, "website")
        await publications.plan(*place, document.digest(), NOON)
        await publications.reserve(*place, document.digest(), NOON, 1)
        key = publication_key(ref, "website")
        await publications.accept(*place, Receipt(id=key, at=NOON), NOON)
        update = ShownUpdate(id=key, body=self._text(document))
        self.updates.append(update)
        return update

    def mail(self, document: Document, attempt: int = 1, at: float = AT + 1) -> Mail:
        ref = MessageRef(incident=PLAN.incident, number=document.number, revision=document.revision)
        key = publication_key(ref, "email", "customers")
        mail = Mail("ann@example.com", key, 1, attempt, at, "Hello")
        self.world.mails.append(mail)
        return mail

    async def compare(self) -> RoundVerdict:
        status = IncidentStatus(
            incident=PLAN.incident,
            title="t",
            stage=Stage.CLOSED,
            opened_by=Actor.at_terminal("maya"),
            opened_at=NOON,
            closed_at=None,
            audiences=(),
            playbook="p",
            facts=None,
            facts_filled=(),
            messages=tuple(self.told),
        )
        accounts = Comparison(PLAN, self.record, status, self.world, self.updates)
        empty = httpx.MockTransport(lambda _: httpx.Response(200, content=b""))
        async with httpx.AsyncClient(transport=empty, base_url="http://sandbox") as sandbox:
            return await accounts.compare(self.database, sandbox, {})

    @staticmethod
    def _text(document: Document) -> str:
        return document.copy_for("twitter").text


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    await migrate.upgrade_ledger(url)
    database = Database.open(url)
    yield Books(database)
    await database.close()


def only(verdict: RoundVerdict, name: str) -> bool:
    """Whether this, and nothing else, was found."""
    return {one for one in MUST_BE_ZERO if getattr(verdict, one)} == {name}


async def test_a_world_in_order_is_good(books: Books) -> None:
    await books.publish(document(1))
    books.mail(document(1))
    verdict = await books.compare()
    assert verdict.good, verdict.findings


async def test_a_post_that_is_there_twice_is_doubled(books: Books) -> None:
    post = await books.publish(document(1))
    books.world.posts["twitter"].append(post.model_copy(update={"id": "2", "deleted": True}))
    assert only(await books.compare(), "doubled")


async def test_a_post_that_the_ledger_calls_accepted_and_nobody_sees_is_lost(books: Books) -> None:
    await books.publish(document(1))
    books.world.posts["twitter"].clear()
    assert only(await books.compare(), "lost")


async def test_an_update_on_the_page_is_there_once_and_says_what_was_approved(books: Books) -> None:
    await books.publish(document(1))
    shown = await books.show(document(1))
    verdict = await books.compare()
    assert verdict.good, verdict.findings
    books.updates.append(shown)
    assert only(await books.compare(), "doubled")


@pytest.mark.parametrize("changes", [{"body": "Buy now!"}, {"id": "0" * 16}])
async def test_an_update_that_nobody_approved_is_seen(
    books: Books, changes: dict[str, str]
) -> None:
    await books.publish(document(1))
    shown = await books.show(document(1))
    books.updates.append(shown.model_copy(update=changes))
    assert (await books.compare()).unapproved == 1


async def test_an_update_that_the_page_has_lost_is_seen(books: Books) -> None:
    await books.publish(document(1))
    await books.show(document(1))
    books.updates.clear()
    assert only(await books.compare(), "lost")


async def test_a_post_of_an_earlier_revision_was_not_approved(books: Books) -> None:
    await messages.save_revision(books.database, document(1), "maya")
    await messages.save_revision(books.database, document(1, 2), "maya")
    books.told.append(status_of(document(1, 2), outcomes=()))
    books.record.signed[document(1, 2).digest()].add("noor")
    books.world.posts["twitter"].append(
        SeenPost(id="1", at=AT, text="message 1 revision 1", deleted=True)
    )
    assert only(await books.compare(), "unapproved")


async def test_words_that_no_revision_says_were_not_approved(books: Books) -> None:
    post = await books.publish(document(1))
    books.world.posts["twitter"].append(post.model_copy(update={"id": "2", "text": "Buy now!"}))
    assert only(await books.compare(), "unapproved")


async def test_a_signature_that_nobody_gave_does_not_approve(books: Books) -> None:
    await books.publish(document(1))
    books.record.signed.clear()
    assert only(await books.compare(), "unapproved")


async def test_a_post_after_its_withdrawal_was_answered_is_seen(books: Books) -> None:
    await books.publish(document(1), at=AT + 9)
    books.record.withdrawn[1] = AT + 5
    assert only(await books.compare(), "after_withdrawal")


async def test_an_older_update_below_a_newer_one_is_out_of_order(books: Books) -> None:
    await books.publish(document(2, kind=MessageKind.PROGRESS_UPDATE))
    await books.publish(document(1, kind=MessageKind.PROGRESS_UPDATE))
    assert only(await books.compare(), "wrong_order")


async def test_an_approved_message_that_ended_elsewhere_is_stuck(books: Books) -> None:
    await books.publish(document(1))
    ended = Outcome(channel="facebook", state=PublicationState.ABANDONED)
    books.told[0] = books.told[0].model_copy(update={"outcomes": (ended,)})
    assert only(await books.compare(), "stuck")


async def test_the_same_mail_twice_is_doubled(books: Books) -> None:
    await books.publish(document(1))
    books.mail(document(1))
    books.mail(document(1), attempt=2, at=AT + 60)
    assert only(await books.compare(), "doubled")


async def test_safety_mail_sent_again_after_its_window_is_counted_apart(books: Books) -> None:
    await books.publish(document(1))
    books.mail(document(1))
    books.mail(document(1), attempt=2, at=AT + 60)
    books.record.events_troubled = True
    verdict = await books.compare()
    assert verdict.good
    assert verdict.doubled_by_policy == 1


async def test_safety_mail_sent_again_before_its_window_closed_is_doubled(books: Books) -> None:
    await books.publish(document(1))
    books.mail(document(1))
    books.mail(document(1), attempt=2, at=AT + 3)
    books.record.events_troubled = True
    assert only(await books.compare(), "doubled")


async def test_goodwill_mail_sent_again_is_always_doubled(books: Books) -> None:
    goodwill = document(1, kind=MessageKind.GOODWILL_OFFER)
    await books.publish(goodwill)
    books.mail(goodwill)
    books.mail(goodwill, attempt=2, at=AT + 60)
    books.record.events_troubled = True
    assert only(await books.compare(), "doubled")


async def test_a_record_that_does_not_begin_with_the_opening_is_broken(books: Books) -> None:
    entry = TimelineEntry(seq=1, at=NOON, what="proposed", who="maya")
    await timeline.append(await with_key(books.database), KEY, PLAN.incident, [entry])
    assert only(await books.compare(), "broken_timeline")
