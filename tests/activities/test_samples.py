"""Samples: one mail to one person, marked as a test, with nothing in it that counts or works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities.samples import Sampling
from channels.batch import Batch
from channels.contract import OutcomeUnknown, Refused, Throttled, Unreachable
from domain.delivery_events import DeliveryEvent
from domain.ids import batch_key, delivery_key
from domain.message import Copy, Document, MessageKind
from domain.publication import DeliveryState, PublicationState, Receipt
from domain.sample import SAMPLES_KEY
from store.events import events
from store.events.events import Recorded
from store.kernel.database import Database
from store.offers import codes
from store.outbox import samples
from store.record import messages
from tests.activities.mail import Mailer

S = PublicationState
NOON = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)


class Failing(Mailer):
    """Ends every request in the same way."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def send(self, batch: Batch) -> Receipt:
        await super().send(batch)
        raise self._error


@pytest.fixture
async def asked(ledger: Database) -> Database:
    """Maya wants to see the mail of a message that nobody has signed."""
    document = Document(
        incident="hacked",
        number=1,
        revision=2,
        kind=MessageKind.GOODWILL_OFFER,
        proposed_at=NOON,
        copies=(
            Copy(
                channel="email",
                subject="A month on us",
                text="Your code: [[code]]. Leave: [[unsubscribe_url]]",
                html="<p>Your code: [[code]]</p>",
            ),
        ),
    )
    await messages.save_revision(ledger, document, "maya")
    await samples.ask(
        ledger,
        incident="hacked",
        number=1,
        revision=2,
        channel="email",
        audience=None,
        address="maya@feather.example",
        by="maya",
        at=datetime.now(UTC),
    )
    return ledger


async def ended(ledger: Database) -> list[PublicationState]:
    return [one.state for one in await samples.of_message(ledger, "hacked", 1, "maya")]


async def test_one_mail_goes_to_one_person_and_says_that_it_is_a_test(asked: Database) -> None:
    mailer = Mailer()
    sampling = Sampling(asked, {"email": mailer})
    assert [await sampling.send_next(), await sampling.send_next()] == [True, False]
    (mail,) = mailer.book
    assert list(mail.addressees.addresses) == ["maya@feather.example"]
    assert mail.copy.subject == "[TEST] A month on us"
    assert mail.addressees[0].values == {
        "code": "TEST-CODE",
        "unsubscribe_url": "https://example.invalid/test",
    }
    assert await codes.count(asked, "hacked") == 0
    assert await ended(asked) == [S.ACCEPTED]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unreachable("email: no connection."), S.PLANNED),
        (Refused("email: no."), S.REFUSED),
        (OutcomeUnknown("email: no answer."), S.UNKNOWN),
        (RuntimeError("a mistake of ours"), S.UNKNOWN),
    ],
    ids=["unreachable", "refused", "no answer", "a mistake"],
)
async def test_how_it_ended_is_in_the_ledger(
    asked: Database, error: Exception, state: PublicationState
) -> None:
    await Sampling(asked, {"email": Failing(error)}).send_next()
    assert await ended(asked) == [state]


async def test_nobody_asks_again_before_the_provider_said(asked: Database) -> None:
    """It was asked again every second."""
    until = datetime.now(UTC) + timedelta(minutes=5)
    mailer = Failing(Throttled("email: wait.", until=until))
    sampling = Sampling(asked, {"email": mailer})
    assert [await sampling.send_next(), await sampling.send_next()] == [False, False]
    assert len(mailer.requests) == 1
    assert await ended(asked) == [S.PLANNED]


async def test_a_worker_killed_after_the_request_is_followed_by_one_that_sends_nothing_again(
    asked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The worker is gone."""

    async def die(*_: object) -> None:
        raise Killed

    mailer = Mailer()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(samples, "end", die)
        await Sampling(asked, {"email": mailer}).send_next()
    assert not await Sampling(asked, {"email": mailer}).send_next()
    assert len(mailer.book) == 1
    await samples.sweep(asked, datetime.now(UTC) + samples.LOST_AFTER + timedelta(seconds=1))
    assert await ended(asked) == [S.UNKNOWN]
    assert not await Sampling(asked, {"email": mailer}).send_next()
    assert len(mailer.book) == 1


async def test_a_message_that_is_not_there_is_not_sent(asked: Database) -> None:
    await samples.ask(
        asked,
        incident="hacked",
        number=7,
        revision=1,
        channel="email",
        audience=None,
        address="maya@feather.example",
        by="maya",
        at=datetime.now(UTC),
    )
    mailer = Mailer()
    sampling = Sampling(asked, {"email": mailer})
    while await sampling.send_next():
        pass
    assert len(mailer.book) == 1
    (other,) = await samples.of_message(asked, "hacked", 7, "maya")
    assert other.state is S.REFUSED


async def test_what_the_provider_tells_of_it_counts_nowhere(asked: Database) -> None:
    event = DeliveryEvent(
        id="e1",
        kind=DeliveryState.BOUNCED,
        at=NOON,
        batch_key=batch_key(SAMPLES_KEY, 1, 1),
        delivery_key=delivery_key(SAMPLES_KEY, 1),
        reason_code="bounce",
        address="maya@feather.example",
    )
    assert await events.record(asked, [event]) == Recorded(new=1, duplicate=0, unknown=0)
