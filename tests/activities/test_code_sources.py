"""Wherever codes come from, each recipient is told one, and nobody is written to without."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import Connection
from temporalio.exceptions import ApplicationError

from activities import code_sources
from channels.contract import BroadcastRefused, OutcomeUnknown
from channels.stripe_codes import StripeCodes, StripeSettings
from domain.codes import read_code
from domain.errors import DomainError
from domain.offer import CodeSource
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.offers import code_pool, codes
from tests.activities.mail import (
    OFFER,
    REF,
    SECRET,
    Mailer,
    approved,
    customers,
    ending_in,
    goodwill,
    nothing,
    one_each,
)

POOLED = OFFER.model_copy(update={"source": CodeSource.POOL, "source_name": "spring"})
AT_STRIPE = OFFER.model_copy(update={"source": CodeSource.STRIPE, "source_name": "sorry10"})


@pytest.fixture
def mailer() -> Mailer:
    return Mailer()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Codes in the order in which a Stripe that takes everything was told of them."""
    told: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        code = dict(httpx.QueryParams(request.content.decode()))["code"]
        told.append(code)
        return httpx.Response(200, json={"code": code, "active": True})

    def shop(settings: StripeSettings) -> StripeCodes:
        return StripeCodes(settings, httpx.AsyncClient(transport=httpx.MockTransport(answer)))

    monkeypatch.setenv("FRONTFOOT_STRIPE_API_KEY", "sk_test_1")
    monkeypatch.setattr(code_sources, "StripeCodes", shop)
    return told


async def have_pool(ledger: Database, size: int) -> None:
    await code_pool.import_codes(ledger, "spring", (f"SHOP-{number}" for number in range(size)))


async def test_the_shops_own_codes_are_mailed_as_the_shop_spells_them(
    ledger: Database, mailer: Mailer
) -> None:
    await have_pool(ledger, 30)
    post = await approved(ledger, mailer, goodwill(await customers(ledger, 30), POOLED))

    await post.send()

    told = [code for codes_of in mailer.codes().values() for code in codes_of]
    assert sorted(told) == sorted(f"SHOP-{number}" for number in range(30))


async def test_a_second_attempt_tells_the_same_code_of_the_pool(
    ledger: Database, mailer: Mailer
) -> None:
    await have_pool(ledger, 60)
    post = await approved(ledger, mailer, goodwill(await customers(ledger, 30), POOLED))
    mailer.after = ending_in(OutcomeUnknown("SendGrid: no answer."))
    await post.send()
    await post.settle(release=True)
    mailer.after = nothing

    await post.send()

    assert len(mailer.requests) == 6
    assert [len(told) for told in mailer.codes().values()] == [1] * 30


async def test_a_retry_of_a_stopped_mailing_needs_no_more_codes_and_changes_none(
    ledger: Database, mailer: Mailer
) -> None:
    await have_pool(ledger, 30)
    post = await approved(ledger, mailer, goodwill(await customers(ledger, 30), POOLED))
    mailer.before = ending_in(BroadcastRefused("SendGrid: blocked."), on=2)
    await post.send()
    mailer.before = nothing

    await post.plan_again()
    await post.send()

    assert len(mailer.requests) == 4
    assert mailer.mails() == one_each(30)
    assert [len(told) for told in mailer.codes().values()] == [1] * 30


async def test_a_pool_that_is_too_small_stops_the_mail_before_anybody_gets_it(
    ledger: Database, mailer: Mailer
) -> None:
    await have_pool(ledger, 29)
    with pytest.raises(ApplicationError, match="has 29 codes for this offer") as refusal:
        await approved(ledger, mailer, goodwill(await customers(ledger, 30), POOLED))
    assert refusal.value.non_retryable


async def test_codes_at_stripe_are_made_before_they_are_mailed_and_shown_without_dashes(
    ledger: Database, mailer: Mailer, made: list[str]
) -> None:
    post = await approved(ledger, mailer, goodwill(await customers(ledger, 30), AT_STRIPE))

    await post.send()

    told = [code for codes_of in mailer.codes().values() for code in codes_of]
    assert mailer.mails() == one_each(30)
    assert sorted(told) == sorted(made)
    assert told == [read_code(code) for code in told]


async def test_stripe_is_not_told_of_a_code_again(
    ledger: Database, mailer: Mailer, made: list[str]
) -> None:
    post = await approved(ledger, mailer, goodwill(await customers(ledger, 30), AT_STRIPE))
    mailer.after = ending_in(OutcomeUnknown("SendGrid: no answer."))
    await post.send()
    await post.settle(release=True)
    mailer.after = nothing

    await post.send()

    assert (len(mailer.requests), len(made)) == (6, 30)


async def test_without_a_key_for_stripe_nobody_is_written_to(
    ledger: Database, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRONTFOOT_STRIPE_API_KEY", raising=False)
    with pytest.raises(ApplicationError, match="no usable key"):
        post = await approved(ledger, mailer, goodwill(await customers(ledger, 30), AT_STRIPE))
        await post.send()
    assert not mailer.requests


def test_a_key_that_was_pasted_wrongly_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTFOOT_STRIPE_API_KEY", "sk_live_secret and more")
    with pytest.raises(DomainError, match="FRONTFOOT_STRIPE_API_KEY") as refusal:
        code_sources.refuse_unready(SECRET, AT_STRIPE)
    assert "sk_live" not in str(refusal.value)


def test_the_shops_own_codes_need_no_secret() -> None:
    code_sources.refuse_unready(None, POOLED)
    with pytest.raises(DomainError, match="no code secret"):
        code_sources.refuse_unready(None, OFFER)


async def test_a_ledger_that_fails_while_a_batch_is_taken_leaves_the_batch_to_be_sent(
    ledger: Database, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before was answered, and its answer is not lost with the step that would enter it."""
    post = await approved(ledger, mailer, goodwill(await customers(ledger, 30)))
    enter = codes.Issuing.enter

    def fails(issuing: codes.Issuing, connection: Connection, made: codes.MadeCodes) -> None:
        enter(issuing, connection, made)
        if len(mailer.book) == 1:
            raise StoreUnavailable("The disk is full.", "Nothing was kept.", "Free some space.")

    with monkeypatch.context() as broken:
        broken.setattr(codes.Issuing, "enter", fails)
        with pytest.raises(ApplicationError, match="The disk is full"):
            await post.send()
    assert len(mailer.book) == 1

    sent = await post.send(attempt=2)
    assert (sent.accepted, sent.unknown_batches) == (30, 0)
    assert mailer.mails() == one_each(30)
    assert await codes.count(ledger, REF.incident) == 30


async def test_a_ledger_that_fails_while_codes_are_issued_leaves_the_batch_to_be_sent(
    ledger: Database, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was left as being sent, so that a person was asked about mail that never left."""
    post = await approved(ledger, mailer, goodwill(await customers(ledger, 30)))

    async def fails(*_: object) -> dict[int, str]:
        raise StoreUnavailable("Two writers met.", "Nothing was kept.", "Try again.")

    with monkeypatch.context() as broken:
        broken.setattr(code_sources, "within", lambda *_: None)
        broken.setattr(code_sources, "issue", fails)
        with pytest.raises(ApplicationError, match="Two writers met") as caught:
            await post.send()
    assert not caught.value.non_retryable

    sent = await post.send(attempt=2)
    assert (sent.accepted, sent.unknown_batches) == (30, 0)
    assert mailer.mails() == one_each(30)
