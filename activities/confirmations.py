"""Sending the mails that ask for a confirmation, one at a time, beside Temporal's own work.

It runs in each worker that has the channel. Strangers cause these mails, so they are no workflows:
see docs/decisions/0058.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from activities.outbox_attempt import attempt
from activities.outbox_loop import keep_sending
from channels.batch import Addressee, Addressees, Batch
from channels.contract import DirectChannel, Template
from domain.ids import SUBSCRIBERS, batch_key, delivery_key
from domain.mail_html import html_page
from domain.message import Copy, Voice
from domain.model import Value
from domain.publication import PublicationState
from domain.subscribers import (
    CONFIRMATIONS_KEY,
    MANAGE_FIELD,
    MANAGE_VALUE,
    SubscriberLinks,
)
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.outbox import confirmations
from store.outbox.confirmations import ConfirmationMail
from store.people import sign_ups

LOOK_EVERY = 2.0
"""Seconds between two looks at an outbox that was empty. With half a second, a worker at rest spent
more on looking than on anything else."""

LOST_AFTER = timedelta(minutes=2)
"""How long after its start an attempt without an outcome is lost: far longer than a request."""

FORGET_EVERY = timedelta(minutes=10)
_AGAIN_AFTER = timedelta(minutes=1)

_log = logging.getLogger("frontfoot.confirmations")


class Sender(Value):
    """In whose name these mails go out."""

    company: str
    voice: Voice | None = None


class Confirming:
    """Sends what is in the outbox, for as long as ``run`` runs; ``sender`` is asked each time."""

    def __init__(
        self,
        database: Database,
        channel: DirectChannel,
        links: SubscriberLinks,
        sender: Callable[[], Awaitable[Sender]],
    ) -> None:
        self._database = database
        self._channel = channel
        self._links = links
        self._sender = sender
        self._swept_at: datetime | None = None

    async def run(self) -> None:
        """Send whenever there is something to send; until cancelled."""
        await keep_sending(self.send_next, LOOK_EVERY, _log, "confirmation mails")

    async def send_next(self) -> bool:
        """Send the mail that has waited longest; False if none is due."""
        now = datetime.now(UTC)
        await self._sweep(now)
        mail = await confirmations.take(self._database, now)
        if mail is None:
            return False
        if mail.suppressed:
            why = "The address is suppressed."
            await confirmations.end(self._database, mail, PublicationState.REFUSED, why)
            return True
        await self._send(mail)
        return True

    async def _send(self, mail: ConfirmationMail) -> None:
        try:
            sender = await self._sender()
        except StoreUnavailable:
            await self._put_back(mail, "The ledger was away.")
            return
        if sender.voice is None:
            why = "Nobody sends it yet: there was no incident, and no address is configured."
            await self._put_back(mail, why)
            return
        ended = await attempt(self._channel, lambda: self._batch(mail, sender))
        if ended.state is PublicationState.PLANNED:
            await self._put_back(mail, ended.why, ended.until)
            return
        if ended.why:
            _log.warning("a confirmation mail is %s: %s", ended.state, ended.why)
        await confirmations.end(self._database, mail, ended.state, ended.why)

    async def _put_back(
        self, mail: ConfirmationMail, why: str, until: datetime | None = None
    ) -> None:
        _log.warning("a confirmation mail waits: %s", why)
        again = until or datetime.now(UTC) + _AGAIN_AFTER
        await confirmations.put_back(self._database, mail, again, why)

    def _batch(self, mail: ConfirmationMail, sender: Sender) -> Batch:
        values: dict[str, str] = {}
        if mail.subscriber is None:
            template = _to_confirm(sender, self._links.to_confirm(mail.nonce))
        else:
            values[MANAGE_VALUE] = self._links.to_each([mail.subscriber]).manage[0]
            template = _to_manage(sender)
        return Batch(
            key=batch_key(CONFIRMATIONS_KEY, mail.id, mail.attempt),
            broadcast=CONFIRMATIONS_KEY,
            copy=self._rendered(template),
            addressees=Addressees.of(
                [Addressee(delivery_key(CONFIRMATIONS_KEY, mail.id), mail.address, values)]
            ),
        )

    def _rendered(self, template: Template) -> Copy:
        page = html_page(template.text, template.subject or "")
        copy = self._channel.render(template.model_copy(update={"html": page}))
        return copy.model_copy(update={"audience": SUBSCRIBERS})

    async def _sweep(self, now: datetime) -> None:
        if self._swept_at is not None and now - self._swept_at < FORGET_EVERY:
            return
        if lost := await confirmations.give_up_lost(self._database, now - LOST_AFTER):
            _log.warning("confirmation mails of unknown outcome: %d", lost)
        await sign_ups.forget_old(self._database, now)
        self._swept_at = now


def _to_confirm(sender: Sender, link: str) -> Template:
    return Template(
        subject=f"Confirm that you want status updates of {sender.company}",
        text=(
            f"Somebody, probably you, asked for a mail whenever the status of {sender.company} "
            f"changes.\n\nIf that was you, open this page and press the button:\n{link}\n\n"
            "The link works for 24 hours. If it was not you, do nothing: you get no mail of this "
            "kind, and the address is deleted after a week."
        ),
        voice=sender.voice,
    )


def _to_manage(sender: Sender) -> Template:
    return Template(
        subject=f"You get status updates of {sender.company} already",
        text=(
            "Somebody, probably you, asked for a mail whenever the status of "
            f"{sender.company} changes. This address gets them already, and nothing was changed."
            f"\n\nHere you choose what you are told about, or unsubscribe:\n{MANAGE_FIELD}"
        ),
        voice=sender.voice,
    )
