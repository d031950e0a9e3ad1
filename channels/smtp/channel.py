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
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from channels.adapter import Adapter
from channels.batch import Batch
from channels.configured import ChannelSettings, Seconds
from channels.contract import (
    Capabilities,
    ChannelError,
    ChannelKind,
    Health,
    Refused,
    Template,
)
from channels.http import Clock, utc_now
from channels.mail_copy import CONTENT_LIMIT, render_mail
from channels.smtp.mail import write_letter
from channels.smtp.session import SmtpLine, SmtpPool
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


class SmtpSettings(ChannelSettings):
    """The mail server: ``FRONTFOOT_SMTP_HOST``, usually a login, and what may stay as it is.

    ``verdict_timeout`` is seconds from the end of a message to the server's verdict on it. RFC 5321
    (4.5.3.2.6) asks for 600; our default leaves a range of batches time to end within the activity
    that sends it. ``connections`` are kept open and used in parallel.
    """

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_SMTP_")

    host: str = Field(pattern=r"^[A-Za-z0-9._:-]+$", description="name of the mail server")
    security: Security = Field(
        default=Security.STARTTLS, description="starttls, tls (from the first byte) or none"
    )
    port: int | None = Field(
        default=None, ge=1, le=65535, description="port; 587, 465 or 25 by the kind of security"
    )
    username: str | None = Field(default=None, description="login at the mail server")
    password: SecretStr | None = Field(
        default=None,
        validate_default=True,
        description="password of the login; it needs a username, and TLS beyond this machine",
    )
    from_address: str | None = Field(
        default=None, description="sender where the playbook's voice has no address"
    )
    from_name: str = ""
    bounces_to: str | None = Field(
        default=None, description="address for mail that comes back; the sender's if left out"
    )
    hello: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.:\[\]-]+$",
        description="name by which we greet the server; this machine's if left out",
    )
    ca_file: Path | None = Field(default=None, description="certificates of a private authority")
    connections: int = Field(default=4, ge=1, le=64)
    verdict_timeout: Seconds = 300.0

    @field_validator("password", mode="after")
    @classmethod
    def _never_in_the_clear(
        cls, password: SecretStr | None, others: ValidationInfo
    ) -> SecretStr | None:
        if (password is None) != (others.data.get("username") is None):
            raise ValueError("a login has both a username and a password")
        in_the_clear = others.data.get("security") is Security.NONE
        if password is not None and in_the_clear and others.data.get("host") not in _THIS_MACHINE:
            raise ValueError("a password does not travel without encryption")
        return password

    def line(self) -> SmtpLine:
        """What a connection needs to know."""
        password = self.password.get_secret_value().strip() if self.password else None
        return SmtpLine(
            host=self.host,
            port=self.port or _PORTS[self.security],
            tls=self.security is Security.TLS,
            starttls=self.security is Security.STARTTLS,
            ca_file=self.ca_file,
            username=self.username,
            password=password,
            hello=self.hello,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            verdict_timeout=self.verdict_timeout,
        )


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


ADAPTER = Adapter(
    SmtpSettings,
    SmtpChannel,
    example={"host": "mail.example"},
    look_for="In the mail server's log, from the time when the batch began, look for a Message-ID "
    "that begins with the first part of the key, up to the dot.",
)
