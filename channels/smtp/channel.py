"""Sends mail through a mail server by SMTP: one message, one addressee, one transaction.

Verified against aiosmtpd 1.4.6, in the tests; against no other server yet. Written from RFC 5321
and its extensions for size, TLS, login and UTF-8; ``aiosmtplib`` speaks the protocol.

What SMTP forces on us:

- A transaction is all that the server takes or refuses at once, and each of our mails has an
  addressee, values and an id of its own. So a batch is one addressee (``batch_limit``), and it is
  slow where SendGrid is fast: for thousands of recipients, not for a million. The reasons are in
  docs/decisions/0004-one-smtp-message-is-one-batch.md.
- Nothing can be read back. A message whose reply was lost stays unknown until somebody looks for
  its ``Message-ID`` in the server's log, or until the window of its broadcast has closed and a
  safety notice goes again; with the same ``Message-ID``, so that receivers may drop the second.
- Nothing reports arrival either: bounces go to ``bounces_to``, and Frontfoot does not read them.
- A server may defer or refuse one addressee in words that could as well be about us. ``replies``
  tells them apart as far as the codes allow; the broadcast then judges by whether others are
  accepted (docs/decisions/0043-about-us-or-about-one-addressee.md).

Logging in is by PLAIN, LOGIN or CRAM-MD5. XOAUTH2 is not supported.
"""

from __future__ import annotations

from datetime import datetime

from channels.adapter import Adapter
from channels.batch import Batch
from channels.contract import (
    BadRecipient,
    Capabilities,
    ChannelError,
    ChannelKind,
    Health,
    Publication,
    Refused,
    Template,
)
from channels.http import Clock, utc_now
from channels.mail_copy import CONTENT_LIMIT, render_mail
from channels.mail_reply import TERMS, number_of_reply, render_mail_reply
from channels.smtp.mail import write_letter
from channels.smtp.mailbox import Mailbox
from channels.smtp.replying import no_mail_there, write_reply
from channels.smtp.session import SmtpPool
from channels.smtp.settings import SmtpSettings
from domain.listening import Cursor, MentionPage
from domain.mentions import Mention
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting


class SmtpChannel:
    """Mail, one to each, through one mail server."""

    name = "smtp"
    capabilities = Capabilities(
        kind=ChannelKind.DIRECT,
        max_length=CONTENT_LIMIT,
        length_unit="bytes",
        batch_limit=1,
        reads_back=False,
    )

    def __init__(self, settings: SmtpSettings, *, clock: Clock = utc_now) -> None:
        # More would wait for a connection, and perhaps longer than a range of batches may take.
        self.capabilities = self.capabilities.model_copy(update={"at_once": settings.connections})
        self._settings = settings
        self._clock = clock
        self._pool: SmtpPool | None = None

    def render(self, template: Template) -> Copy:
        """Return the mail with its sender filled in. Raises ``CannotExpress``."""
        return render_mail(
            template,
            self.name,
            name=self._settings.from_name,
            address=self._settings.from_address,
        )

    async def send(self, batch: Batch) -> Receipt:
        """Send one batch, which is one addressee, in one transaction."""
        if len(batch.addressees) != 1:
            raise Refused(
                f"SMTP: a batch has one addressee, this one has {len(batch.addressees)}.",
                "Set batch_size in the playbook to 1.",
            )
        [addressee] = batch.addressees
        letter = write_letter(
            batch.copy, addressee, at=self._clock(), bounces_to=self._settings.bounces_to
        )
        await self._connections().deliver(letter)
        return Receipt(id=letter.message_id, at=self._clock())

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Always *cannot tell*: a mail server does not show what it accepted."""
        return Sighting(
            finding=Finding.CANNOT_TELL,
            why="Nobody can ask a mail server what it accepted; its log has the Message-IDs, which "
            "begin with the keys of the deliveries.",
        )

    async def check(self) -> Health:
        """Say whether the server can be reached, takes the login and answers."""
        settings = self._settings
        line = settings.line()
        account = f"{line.host}:{line.port}"
        try:
            await self._connections().check()
        except ChannelError as error:
            return Health(ok=False, detail=str(error), account=account)
        login = "takes the login" if settings.username else "answers; there is no login"
        return Health(ok=True, detail=f"SMTP: the server {login}.", account=account)

    async def close(self) -> None:
        """Close connections."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    def _connections(self) -> SmtpPool:
        if self._pool is None:
            self._pool = SmtpPool(self._settings.line(), self._settings.connections, self._clock)
        return self._pool


class HearingSmtpChannel(SmtpChannel):
    """The same, with a mailbox in which people answer; it is read by IMAP."""

    capabilities = SmtpChannel.capabilities.model_copy(update={"listens": True, "replies": TERMS})

    def __init__(self, settings: SmtpSettings, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, clock=clock)
        line = settings.mailbox()
        assert line is not None, "the settings name a mailbox"
        self._mailbox = Mailbox(line, self.name, clock)

    async def mentions(self, cursor: Cursor) -> MentionPage:
        """Read one page of the mailbox. Raises like ``Listens.mentions``."""
        return await self._mailbox.page(cursor)

    def render_reply(self, text: str, to: Mention) -> Copy:
        """Return the mail, by the sender of the settings. Raises ``CannotExpress``."""
        settings = self._settings
        return render_mail_reply(
            text, to, self.name, name=settings.from_name, address=settings.from_address
        )

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        """Answer the author's mail in one transaction.

        Raises like ``publish``, and ``NotAllowed`` for an address that takes no mail.
        """
        settings = self._settings
        letter = write_reply(publication.copy, to, at=self._clock(), bounces_to=settings.bounces_to)
        try:
            await self._connections().deliver(letter)
        except BadRecipient:
            raise no_mail_there() from None
        return Receipt(id=letter.message_id, at=self._clock())

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Always *cannot tell*, like ``find``; the log has the ``Message-ID`` that is named."""
        return Sighting(
            finding=Finding.CANNOT_TELL,
            why="Nobody can ask a mail server what it accepted; in its log, the Message-ID of this "
            f"answer begins with {number_of_reply(to)}.",
        )

    async def check(self) -> Health:
        """Say whether mail can be sent, and whether the mailbox can be read."""
        health = await super().check()
        if not health.ok:
            return health
        try:
            count = await self._mailbox.check()
        except ChannelError as error:
            return Health(ok=False, detail=str(error), account=health.account)
        detail = f"{health.detail} IMAP: the mailbox can be read ({count:,} mails)."
        return Health(ok=True, detail=detail, account=health.account)


def smtp_channel(settings: SmtpSettings, *, clock: Clock = utc_now) -> SmtpChannel:
    """The channel as it is configured: with a mailbox, or without one."""
    kind = SmtpChannel if settings.mailbox() is None else HearingSmtpChannel
    return kind(settings, clock=clock)


ADAPTER = Adapter(
    SmtpSettings,
    smtp_channel,
    example={"host": "mail.example"},
    look_for="In the mail server's log, from the time when the batch began, look for a Message-ID "
    "that begins with the first part of the key, up to the dot.",
)
