"""What the provider reports of the mails that ask for a confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.delivery_events import HARD_BOUNCE, DeliveryEvent
from domain.ids import batch_key, delivery_key
from domain.message import MessageClass
from domain.publication import DeliveryState, PublicationState
from domain.subscribers import CONFIRMATIONS_KEY, FORGOTTEN_AFTER, LinkInvalid
from domain.suppression import Preference
from store.events import events
from store.events.events import Recorded
from store.kernel.database import Database
from store.outbox import confirmations
from store.outbox.confirmations import ConfirmationMail
from store.people import sign_ups, subscriber_list, subscribers, suppressions
from store.people.subscribers import SubscriptionState
from store.tables import delivery_events
from tests.store.world import NOON

ANN = "ann@example.com"
SOON, LATER = NOON + timedelta(minutes=1), NOON + timedelta(hours=1)
D, S = DeliveryState, PublicationState


async def taken(database: Database, nonce: str = "n") -> ConfirmationMail:
    """Ann has asked, and a worker is about to send the mail."""
    assert await sign_ups.ask(database, ANN, [], nonce, NOON)
    mail = await confirmations.take(database, NOON)
    assert mail is not None
    return mail


def said(mail: ConfirmationMail, what: DeliveryState | Preference) -> DeliveryEvent:
    return DeliveryEvent(
        f"{mail.id}-{what}",
        what,
        LATER,
        batch_key(CONFIRMATIONS_KEY, mail.id, mail.attempt),
        delivery_key(CONFIRMATIONS_KEY, mail.id),
        HARD_BOUNCE if what is D.BOUNCED else None,
        ANN,
    )


async def mails(database: Database) -> dict[str, int]:
    return (await subscriber_list.counts(database)).mails


async def test_an_event_about_a_confirmation_mail_is_known_at_once(database: Database) -> None:
    """They used to wait for a broadcast of that key, which never comes."""
    mail = await taken(database)

    first = await events.record(database, [said(mail, D.PROCESSED), said(mail, D.DELIVERED)])
    again = await events.record(database, [said(mail, D.DELIVERED)])

    assert (first, again) == (
        Recorded(new=2, duplicate=0, unknown=0),
        Recorded(new=0, duplicate=1, unknown=0),
    )
    async with database.read() as connection:
        early = select(func.count()).select_from(delivery_events).where(delivery_events.c.early)
        assert await connection.scalar(early) == 0


@pytest.mark.parametrize(
    ("ended", "what", "state"),
    [
        (S.UNKNOWN, [D.PROCESSED], "accepted"),
        (S.ACCEPTED, [D.DELIVERED], "accepted"),
        (S.ACCEPTED, [D.BOUNCED], "refused"),
        (S.UNKNOWN, [D.BOUNCED, D.DELIVERED], "refused"),
        (S.UNKNOWN, [D.DROPPED], "refused"),
        (S.REFUSED, [D.PROCESSED], "refused"),
        (S.UNKNOWN, [Preference.COMPLAINED], "accepted"),
    ],
)
async def test_events_settle_what_the_worker_did_not_know(
    database: Database,
    ended: PublicationState,
    what: Sequence[DeliveryState | Preference],
    state: str,
) -> None:
    mail = await taken(database)
    await confirmations.end(database, mail, ended, "No answer came.")

    for one in what:
        await events.record(database, [said(mail, one)])

    assert await mails(database) == {state: 1}


async def test_a_mail_that_went_out_after_all_is_not_sent_again(database: Database) -> None:
    """The worker was sure that nothing went out, and put it back; the provider knows better."""
    mail = await taken(database)
    await confirmations.put_back(database, mail, SOON, "The connection was refused.")

    await events.record(database, [said(mail, D.DELIVERED)])

    assert await confirmations.take(database, LATER) is None
    assert await mails(database) == {"accepted": 1}


async def test_a_late_put_back_does_not_undo_an_event(database: Database) -> None:
    mail = await taken(database)
    await events.record(database, [said(mail, D.PROCESSED)])
    await confirmations.put_back(database, mail, SOON, "The connection was refused.")

    assert await confirmations.take(database, LATER) is None


async def test_a_dead_address_is_suppressed(database: Database) -> None:
    await events.record(database, [said(await taken(database), D.BOUNCED)])

    assert await suppressions.is_suppressed(database, ANN, MessageClass.SAFETY)


@pytest.mark.parametrize(
    ("what", "goodwill"), [(Preference.UNSUBSCRIBED, False), (Preference.COMPLAINED, True)]
)
async def test_whoever_wants_no_such_mail_is_not_subscribed_by_an_old_link(
    database: Database, what: Preference, goodwill: bool
) -> None:
    await events.record(database, [said(await taken(database), what)])

    with pytest.raises(LinkInvalid):
        await sign_ups.confirm(database, "n", LATER)
    assert await suppressions.is_suppressed(database, ANN, MessageClass.GOODWILL) is goodwill


async def test_a_subscriber_who_is_asked_again_and_unsubscribes_has_left(
    database: Database,
) -> None:
    first = await taken(database, "first")
    await confirmations.end(database, first, S.ACCEPTED)
    ann = await sign_ups.confirm(database, "first", SOON)

    await events.record(database, [said(await taken(database, "second"), Preference.UNSUBSCRIBED)])

    assert (await subscribers.get(database, ann)).state is SubscriptionState.UNSUBSCRIBED


async def test_a_late_event_is_never_about_the_next_mail(database: Database) -> None:
    """SQLite gave the number of a mail that was forgotten to the next one."""
    forgotten = await taken(database)
    await subscriber_list.forget_by_person(database, ANN, who="sam", why="", at=SOON)
    await taken(database, "another")

    await events.record(database, [said(forgotten, Preference.UNSUBSCRIBED)])

    assert await sign_ups.confirm(database, "another", LATER)


async def test_after_a_week_nothing_is_kept_of_a_mail(database: Database) -> None:
    await events.record(database, [said(await taken(database), D.DELIVERED)])

    await sign_ups.forget_old(database, LATER + FORGOTTEN_AFTER + timedelta(seconds=1))

    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(delivery_events)) == 0
