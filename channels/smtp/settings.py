"""The settings of mail through one's own server: how it is sent, and the mailbox that is read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from channels.configured import ChannelSettings, Seconds
from channels.smtp.mailbox import MailboxLine
from channels.smtp.session import SmtpLine

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
_MAILBOX_PORTS = {Security.STARTTLS: 143, Security.TLS: 993, Security.NONE: 143}


class SmtpSettings(ChannelSettings):
    """The mail server: ``FRONTFOOT_SMTP_HOST``, usually a login, and what may stay as it is.

    ``verdict_timeout`` is seconds from the end of a message to the server's verdict on it. RFC 5321
    (4.5.3.2.6) asks for 600; our default leaves a range of batches time to end within the activity
    that sends it. ``connections`` are kept open and used in parallel.

    With ``mailbox_host``, what people write to a mailbox is read by IMAP.
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

    mailbox_host: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="name of the server of the mailbox that is read; none is read if left out",
    )
    mailbox_security: Security = Field(
        default=Security.TLS, description="tls (from the first byte), starttls or none"
    )
    mailbox_port: int | None = Field(
        default=None, ge=1, le=65535, description="port; 993 or 143 by the kind of security"
    )
    mailbox_username: str | None = Field(default=None, description="login of the mailbox")
    mailbox_password: SecretStr | None = Field(
        default=None, validate_default=True, description="password of the mailbox"
    )
    mailbox_folder: str = Field(default="INBOX", min_length=1, description="folder that is read")

    @field_validator("password", mode="after")
    @classmethod
    def _never_in_the_clear(
        cls, password: SecretStr | None, others: ValidationInfo
    ) -> SecretStr | None:
        return _travels_safely(password, others, "")

    @field_validator("mailbox_password", mode="after")
    @classmethod
    def _mailbox_is_whole(
        cls, password: SecretStr | None, others: ValidationInfo
    ) -> SecretStr | None:
        if others.data.get("mailbox_host") is not None and password is None:
            raise ValueError("a mailbox is read with a username and a password")
        return _travels_safely(password, others, "mailbox_")

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

    def mailbox(self) -> MailboxLine | None:
        """What reading the mailbox needs to know; None if none is read."""
        if self.mailbox_host is None or not self.mailbox_username or not self.mailbox_password:
            return None
        return MailboxLine(
            host=self.mailbox_host,
            port=self.mailbox_port or _MAILBOX_PORTS[self.mailbox_security],
            tls=self.mailbox_security is Security.TLS,
            starttls=self.mailbox_security is Security.STARTTLS,
            ca_file=self.ca_file,
            username=self.mailbox_username,
            password=self.mailbox_password.get_secret_value().strip(),
            folder=self.mailbox_folder,
            timeout=self.read_timeout,
        )


def _travels_safely(
    password: SecretStr | None, others: ValidationInfo, which: str
) -> SecretStr | None:
    """A password with a username, and encrypted beyond this machine."""
    if (password is None) != (others.data.get(f"{which}username") is None):
        raise ValueError("a login has both a username and a password")
    in_the_clear = others.data.get(f"{which}security") is Security.NONE
    far = others.data.get(f"{which}host") not in _THIS_MACHINE
    if password is not None and in_the_clear and far:
        raise ValueError("a password does not travel without encryption")
    return password
