"""Requests to subscribe: what somebody typed, until the owner of the address confirms it.

A request is entered in the same way whether its address is known or not. Only the worker that
writes the mail looks who it is, and only the mail says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
from sqlalchemy import RowMapping, delete, func, select, update

from domain.ids import SUBSCRIBERS
from domain.subscribers import (
    CONFIRMATIONS_KEY,
    FORGOTTEN_AFTER,
    LINK_WORKS_FOR,
    MAILS_A_DAY,
    LinkInvalid,
)
from store.kernel.database import Database, upsert
from store.people.addresses import mailbox_of
from store.people.subscribers import SubscriptionState, audience_id, enter_choice
from store.tables import (
    audiences,
    confirmation_mails,
    delivery_events,
    recipients,
    sign_ups,
    subscriptions,
)

PAGE = "page"
"""The source of a subscription that somebody confirmed themselves."""

_A_DAY = timedelta(days=1)


async def ask(
    db: Database, address: str, components: Sequence[str], nonce: str, at: datetime
) -> bool:
    """Enter a request, and that a mail is to ask for its confirmation.

    It voids the link of an earlier request. False, and nothing is entered, once an address has had
    as many mails as it gets in a day. ``address`` is as ``addresses.read_address`` returns it.
    """
    mailbox = mailbox_of(address)
    of_mailbox = confirmation_mails.c.mailbox == mailbox
    async with db.write() as connection:
        await db.serialise(connection, f"sign-up/{mailbox}")
        today = await connection.scalar(
            select(func.count()).where(of_mailbox, confirmation_mails.c.asked_at > at - _A_DAY)
        )
        if (today or 0) >= MAILS_A_DAY:
            return False
        entering = upsert(db.dialect, sign_ups).values(
            mailbox=mailbox,
            address=address,
            components=orjson.dumps(list(components)).decode(),
            nonce=nonce,
            asked_at=at,
        )
        await connection.execute(
            entering.on_conflict_do_update(
                index_elements=["mailbox"],
                set_={
                    **{
                        name: entering.excluded[name]
                        for name in ("address", "components", "nonce", "asked_at")
                    },
                    "recipient_id": None,
                },
            )
        )
        await connection.execute(
            update(confirmation_mails)
            .where(of_mailbox, confirmation_mails.c.state == "planned")
            .values(state="superseded")
        )
        await connection.execute(
            confirmation_mails.insert().values(
                mailbox=mailbox, nonce=nonce, state="planned", asked_at=at, due_at=at
            )
        )
    return True


async def refuse_void(db: Database, nonce: str, at: datetime) -> None:
    """Raise ``LinkInvalid`` if the request with this nonce cannot be confirmed; changes nothing."""
    async with db.read() as connection:
        row = (await connection.execute(select(sign_ups).where(sign_ups.c.nonce == nonce))).first()
    _refuse_void(None if row is None else row._mapping, at)


async def confirm(db: Database, nonce: str, at: datetime) -> int:
    """Subscribe who asked, and return their number; a repeat changes nothing.

    ``LinkInvalid`` if there is no such request any more, or if it is too old.
    """
    async with db.write() as connection:
        audience = await audience_id(db, connection)
        row = (await connection.execute(select(sign_ups).where(sign_ups.c.nonce == nonce))).first()
        asked = _refuse_void(None if row is None else row._mapping, at)
        if asked["recipient_id"] is not None:
            return int(asked["recipient_id"])
        added = await connection.execute(
            db.insert_or_ignore(recipients, ["audience_id", "mailbox"]).values(
                audience_id=audience, address=asked["address"], mailbox=asked["mailbox"]
            )
        )
        await connection.execute(
            update(audiences)
            .where(audiences.c.name == SUBSCRIBERS)
            .values(recipients=audiences.c.recipients + added.rowcount)
        )
        subscriber: int | None = await connection.scalar(
            select(recipients.c.id).where(
                recipients.c.audience_id == audience, recipients.c.mailbox == asked["mailbox"]
            )
        )
        assert subscriber is not None
        values = {"state": SubscriptionState.CONFIRMED.value, "since": at, "source": PAGE}
        await connection.execute(
            upsert(db.dialect, subscriptions)
            .values(recipient_id=subscriber, **values)
            .on_conflict_do_update(index_elements=["recipient_id"], set_=values)
        )
        await enter_choice(connection, subscriber, orjson.loads(asked["components"]))
        await connection.execute(
            update(sign_ups).where(sign_ups.c.nonce == nonce).values(recipient_id=subscriber)
        )
    return subscriber


async def forget_old(db: Database, at: datetime) -> int:
    """Remove the requests that are a week old, with their mails and the events about those.

    Returns how many requests that were.
    """
    before = at - FORGOTTEN_AFTER
    async with db.write() as connection:
        gone = await connection.execute(delete(sign_ups).where(sign_ups.c.asked_at < before))
        await connection.execute(
            delete(confirmation_mails).where(confirmation_mails.c.asked_at < before)
        )
        await connection.execute(
            delete(delivery_events).where(
                delivery_events.c.broadcast == CONFIRMATIONS_KEY, delivery_events.c.at < before
            )
        )
        return gone.rowcount


def _refuse_void(asked: RowMapping | None, at: datetime) -> RowMapping:
    if asked is None:
        raise LinkInvalid(
            "This link does not work any more: somebody asked again for this address, or the "
            "request was forgotten.",
            "Open the newest of these e-mails, or subscribe again.",
        )
    if at - asked["asked_at"] > LINK_WORKS_FOR:
        raise LinkInvalid("This link worked for 24 hours.", "Subscribe again to get a new one.")
    return asked
