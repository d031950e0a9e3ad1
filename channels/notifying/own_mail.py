"""Notifications by mail, through the mail server that ``FRONTFOOT_SMTP_…`` names."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

from email_validator import EmailNotValidError

from channels.configured import ChannelMisconfigured, EnvFile, read_settings
from channels.contract import CannotExpress, ChannelError, OutcomeUnknown, Refused
from channels.http import utc_now
from channels.smtp.mail import letter_to, read_address
from channels.smtp.session import SmtpPool
from channels.smtp.settings import SmtpSettings
from domain.message import Copy, Voice
from domain.notifications import DeliveryEnd

WITHIN = timedelta(seconds=15)
_CONNECTIONS = 4
_FROM = "Frontfoot"
_AUTOMATIC = b"Auto-Submitted: auto-generated\r\n"
"""So that no absence notice answers it (RFC 3834)."""


class OwnMail:
    """Mails notifications; ``configured`` is false without a server or a sender."""

    def __init__(self, settings: SmtpSettings | None, within: timedelta = WITHIN) -> None:
        self._sender = settings.from_address if settings else None
        self._within = within.total_seconds()
        self._pool = SmtpPool(settings.line(), _CONNECTIONS, utc_now) if settings else None

    @classmethod
    def from_environment(cls, env_file: EnvFile = None) -> OwnMail:
        """The server that is set here, whether the channel of that name is used or not."""
        try:
            return cls(read_settings(SmtpSettings, "smtp", env_file))
        except ChannelMisconfigured:
            return cls(None)

    @property
    def configured(self) -> bool:
        """Whether there is a server, and an address to send from."""
        return self._pool is not None and bool(self._sender)

    async def send(self, address: str, subject: str, text: str) -> DeliveryEnd:
        """Hand one notification to the server. Never raises a ``ChannelError``."""
        if self._pool is None or not self._sender:
            return DeliveryEnd.NO_SERVER
        copy = Copy(
            channel="mail",
            subject=subject,
            text=text,
            voice=Voice(name=_FROM, address=self._sender),
        )
        try:
            letter = letter_to(
                copy,
                read_address(address),
                number=uuid.uuid4().hex,
                at=utc_now(),
                bounces_to=None,
                first=_AUTOMATIC,
            )
            async with asyncio.timeout(self._within):
                await self._pool.deliver(letter)
        except EmailNotValidError:
            return DeliveryEnd.UNUSABLE
        except (Refused, CannotExpress):
            return DeliveryEnd.NOT_TAKEN
        except (OutcomeUnknown, TimeoutError):
            return DeliveryEnd.NO_ANSWER
        except ChannelError:
            return DeliveryEnd.NOT_TAKEN
        return DeliveryEnd.HANDED_OVER

    async def close(self) -> None:
        """Close connections."""
        if self._pool is not None:
            await self._pool.close()


def is_address(text: str) -> bool:
    """Whether mail could be sent to ``text``."""
    try:
        read_address(text)
    except EmailNotValidError:
        return False
    return True
