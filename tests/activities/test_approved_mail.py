"""Only what was signed goes out, with one code for each recipient, under the cap."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from activities.signatures.posts import PublicationTask
from channels.contract import OutcomeUnknown
from domain.message import Document
from domain.offer import read_code
from store.broadcasts import broadcasts
from store.kernel.database import Database
from store.offers import codes, issued
from store.record import messages
from store.tables import revisions
from tests.activities.mail import (
    OFFER,
    REF,
    SECRET,
    Mailer,
    Post,
    approved,
    customers,
    ending_in,
    goodwill,
    letter,
    nothing,
    one_each,
    order_for,
)
from tests.sealing import gates, open_gate


@pytest.fixture
def mailer() -> Mailer:
    return Mailer()


@pytest.fixture
async def offer(ledger: Database, mailer: Mailer) -> Post:
    """An offer to thirty customers in three batches."""
    return await approved(ledger, mailer, goodwill(await customers(ledger, 30)))


async def planning(
    ledger: Database, document: Document, secret: bytes | None = SECRET
) -> ApplicationError:
    """Plan what must not be planned, and return what was said."""
    activities = BroadcastActivities(ledger, {"email": Mailer()}, gates(ledger), secret)
    with pytest.raises(ApplicationError) as failure:
        await ActivityEnvironment().run(activities.plan_broadcast, order_for(document, 10))
    assert await broadcasts.find_broadcast(ledger, REF, "email", "customers") is None
    return failure.value


# --- only what was signed -----------------------------------------------------------------------


async def test_a_broadcast_of_other_copy_than_was_approved_is_not_even_planned(
    ledger: Database,
) -> None:
    cut = await customers(ledger, 30)
    await messages.save_revision(ledger, letter(cut, "Something else."), "maya")
    refusal = await planning(ledger, letter(cut))
    assert "not what was approved" in refusal.message
    assert refusal.non_retryable


async def test_copy_that_was_changed_in_the_ledger_after_planning_is_not_sent(
    ledger: Database, mailer: Mailer
) -> None:
    post = await approved(ledger, mailer, letter(await customers(ledger, 30)))
    changed = post.document.canonical().replace(b"hacked", b"h4cked").decode()
    async with ledger.write() as connection:
        await connection.execute(update(revisions).values(document=changed))
    with pytest.raises(ApplicationError, match="changed in the database") as failure:
        await post.send()
    assert failure.value.non_retryable
    assert not mailer.requests


async def test_the_plan_of_another_digest_gives_nobody_the_right_to_send(
    ledger: Database, mailer: Mailer
) -> None:
    """An earlier revision's broadcast, and a task that was approved for the later one."""
    first = await approved(ledger, mailer, letter(await customers(ledger, 30)))
    later = first.document.model_copy(update={"revision": 2})
    await messages.save_revision(ledger, later, "maya")
    await open_gate(ledger, later)
    task = PublicationTask(
        message=REF.model_copy(update={"revision": 2}),
        channel="email",
        audience="customers",
        digest=later.digest(),
    )
    confused = first.order().model_copy(update={"task": task})
    with pytest.raises(ApplicationError, match="no plan of message 1"):
        await ActivityEnvironment().run(first.activities().send_batches, confused)
    assert not mailer.requests
    assert (await first.progress()).planned == 30


async def test_whoever_was_imported_after_the_signature_gets_nothing(
    ledger: Database, mailer: Mailer
) -> None:
    document = letter(await customers(ledger, 20))
    await customers(ledger, 30)
    post = await approved(ledger, mailer, document)
    await post.send()
    assert mailer.mails() == one_each(20)


async def test_a_message_without_an_audience_says_what_to_do(ledger: Database) -> None:
    document = letter(await customers(ledger, 1)).model_copy(update={"audiences": ()})
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    refusal = await planning(ledger, document)
    assert "does not go to the audience" in refusal.message
    assert refusal.non_retryable


# --- codes ----------------------------------------------------------------------------------------


async def test_each_recipient_gets_a_code_of_their_own_that_the_shop_will_take(
    offer: Post, mailer: Mailer
) -> None:
    await offer.send()
    told = [code for codes_of in mailer.codes().values() for code in codes_of]
    listed = [one.code async for one in issued.export(offer.ledger, REF.incident)]
    assert len(set(told)) == 30
    assert sorted(read_code(code) for code in told) == sorted(listed)


async def test_a_recipient_is_told_the_same_code_on_every_attempt(
    offer: Post, mailer: Mailer
) -> None:
    mailer.after = ending_in(OutcomeUnknown("SendGrid: no answer."))
    await offer.send()
    await offer.settle(release=True)
    mailer.after = nothing
    await offer.send()
    assert len(mailer.requests) == 6
    assert [len(told) for told in mailer.codes().values()] == [1] * 30


async def test_without_the_code_secret_nothing_is_planned(ledger: Database) -> None:
    document = goodwill(await customers(ledger, 30))
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    refusal = await planning(ledger, document, secret=None)
    assert "no code secret" in refusal.message
    assert "FRONTFOOT_CODE_SECRET" in str(refusal.details[0])
    assert refusal.non_retryable


async def test_a_mail_worker_without_the_code_secret_sends_nothing_and_refuses_nobody(
    offer: Post, mailer: Mailer
) -> None:
    """It sent the request without codes, and entered every recipient as refused for good."""
    with pytest.raises(ApplicationError, match="no code secret"):
        await offer.without_secret().send()
    assert not mailer.requests
    await offer.send()
    assert mailer.mails() == one_each(30)


async def test_a_letter_without_codes_needs_no_secret(ledger: Database, mailer: Mailer) -> None:
    post = await approved(ledger, mailer, letter(await customers(ledger, 30)))
    await post.without_secret().send()
    assert mailer.mails() == one_each(30)


async def test_codes_without_an_offer_are_not_planned(ledger: Database) -> None:
    document = letter(await customers(ledger, 30), "Yours: [[code]]")
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    refusal = await planning(ledger, document)
    assert "no offer" in refusal.message
    assert "[[code]]" in str(refusal.details[0])


async def test_an_offer_over_its_cap_is_not_planned(ledger: Database) -> None:
    terms = OFFER.model_copy(update={"budget_cap": Decimal("299.99")})
    document = goodwill(await customers(ledger, 30), terms)
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    refusal = await planning(ledger, document)
    assert "over the cap of 299.99 USD" in refusal.message
    assert refusal.non_retryable
    assert await codes.count(ledger, REF.incident) == 0


async def test_an_offer_exactly_at_its_cap_goes_out(ledger: Database, mailer: Mailer) -> None:
    terms = OFFER.model_copy(update={"budget_cap": Decimal("300.00")})
    post = await approved(ledger, mailer, goodwill(await customers(ledger, 30), terms))
    assert (await post.send()).accepted == 30
