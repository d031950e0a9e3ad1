"""A real mail server (aiosmtpd) in the test's own event loop, told how to misbehave."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.contract import Channel
from channels.contract_suite.stand_in import Letter, LookFault, Misbehaviour, NotPlayed
from channels.smtp import SmtpChannel, SmtpSettings
from tests.channels.sandbox_provider import CONNECT_TIMEOUT, READ_TIMEOUT, closed_port

USER, PASSWORD = "sender-login", "mail-password"
WAIT = timedelta(seconds=90)
# What the server logs is its own business, and the suite reads every line for secrets of ours.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
LATE = READ_TIMEOUT * 1.4


SPOKEN = (
    Misbehaviour.THROTTLES,
    Misbehaviour.THROTTLES_WITHOUT_RESET,
    Misbehaviour.REFUSES,
    Misbehaviour.CALLS_INVALID,
    Misbehaviour.FORBIDS,
    Misbehaviour.CREDENTIALS_DEAD,
    Misbehaviour.REDIRECTS,
    Misbehaviour.SILENT_BEFORE,
    Misbehaviour.SILENT_AFTER,
    Misbehaviour.DROPS_BEFORE,
    Misbehaviour.DROPS_AFTER,
    Misbehaviour.FAILS_BEFORE,
    Misbehaviour.FAILS_AFTER,
)
"""What has a meaning in SMTP; the rest are answers of HTTP."""


@dataclass
class Taken:
    """One mail that the server took."""

    sender: str
    recipient: str
    options: list[str]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail as a mail program reads it."""
        return cast(EmailMessage, message_from_bytes(self.raw, policy=default))

    def part(self, kind: str) -> str:
        """The text of a kind: ``plain`` or ``html``."""
        body = self.mail.get_body((kind,))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    def letter(self) -> Letter:
        """The mail as the contract suite asks for it."""

        def shown(name: str) -> str:
            return str(self.mail[name] or "")

        has_html = self.mail.get_body(("html",)) is not None
        names = [self.mail[name] for name in ("to", "cc") if self.mail[name]]
        return Letter(
            address=self.recipient,
            delivery=shown("message-id"),
            subject=shown("subject"),
            text=self.part("plain"),
            html=self.part("html") if has_html else "",
            sender=shown("from"),
            reply_to=shown("reply-to"),
            unsubscribe=shown("list-unsubscribe"),
            unsubscribe_post=shown("list-unsubscribe-post"),
            visible=tuple(one.addr_spec for name in names for one in name.addresses),
        )


@dataclass
class MailServer:
    """An aiosmtpd handler that keeps its books, and misbehaves once when told to."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    next: Misbehaviour | None = None
    logins: int = 0
    strangers: set[Session] = field(default_factory=set)
    refuses: dict[str, str] = field(default_factory=dict)
    trips_over: str = ""

    def once(self, *kinds: Misbehaviour) -> bool:
        """Whether the next misbehaviour is one of these; it is used up then."""
        if self.next not in kinds:
            return False
        self.next = None
        return True

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        if self.once(Misbehaviour.CREDENTIALS_DEAD):
            # Clients try the next way of logging in over the same connection.
            self.strangers.add(session)
        if session in self.strangers:
            return AuthResult(success=False, handled=False, message="535 5.7.8 dear sender, no")
        known = data == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.once(Misbehaviour.THROTTLES):
            return "450 4.7.1 dear sender, try again in 90 seconds"
        if self.once(Misbehaviour.THROTTLES_WITHOUT_RESET):
            return "451 4.3.2 dear sender, not now"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 fine"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.once(Misbehaviour.REDIRECTS):
            return f"551 5.1.6 dear sender, {address} has moved to <x@elsewhere.example>"
        if address in self.refuses:
            return self.refuses[address]
        if address == self.trips_over:
            self.next = Misbehaviour.DROPS_BEFORE
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        how, self.next = self.next, None
        if how in (
            None,
            Misbehaviour.SILENT_AFTER,
            Misbehaviour.DROPS_AFTER,
            Misbehaviour.FAILS_AFTER,
        ):
            self._take(envelope)
        match how:
            case Misbehaviour.REFUSES:
                return "554 5.7.1 dear sender, not these words"
            case Misbehaviour.CALLS_INVALID:
                return "552 5.2.3 dear sender, what is this"
            case Misbehaviour.FORBIDS:
                return "550 5.7.26 dear sender, not from you"
            case Misbehaviour.SILENT_BEFORE | Misbehaviour.SILENT_AFTER:
                await asyncio.sleep(LATE)
                return "451 4.3.0 dear sender, too late"
            case Misbehaviour.DROPS_BEFORE | Misbehaviour.DROPS_AFTER:
                assert isinstance(server.transport, asyncio.WriteTransport)
                server.transport.abort()
            case Misbehaviour.FAILS_BEFORE | Misbehaviour.FAILS_AFTER:
                # A 5xx is a clear no in SMTP; what is not clear is gibberish.
                return "!!! dear sender"
        return "250 2.0.0 taken"

    def _take(self, envelope: Envelope) -> None:
        [recipient] = envelope.rcpt_tos
        assert isinstance(envelope.content, bytes)
        options = list(envelope.mail_options)
        self.taken.append(Taken(envelope.mail_from or "", recipient, options, envelope.content))


@asynccontextmanager
async def mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    utf8: bool = True,
    size: int = 33_554_432,
) -> AsyncIterator[MailServer]:
    """A server on a free port; with ``starttls`` it also offers logging in."""
    books = MailServer()
    loop = asyncio.get_running_loop()

    def speak() -> SMTP:
        return SMTP(
            books,
            hostname="mail.example",
            enable_SMTPUTF8=utf8,
            tls_context=starttls,
            authenticator=books.authenticate,
            data_size_limit=size,
            loop=loop,
        )

    server = await loop.create_server(speak, "127.0.0.1", 0, ssl=tls)
    books.port = server.sockets[0].getsockname()[1]
    async with server:
        yield books


class MailProvider:
    """The server, as the contract suite asks for it: reached by STARTTLS, with a login."""

    secrets = (USER, PASSWORD, "dear sender")
    wait = WAIT
    page_size: int | None = None

    def __init__(self, server: MailServer, ca_file: Path) -> None:
        self._server = server
        self._ca_file = ca_file

    def channel(self) -> Channel:
        return self._at(self._server.port)

    def channel_to_nowhere(self) -> Channel:
        return self._at(int(closed_port().rpartition(":")[2]))

    async def misbehave(self, how: Misbehaviour) -> None:
        if how not in SPOKEN:
            raise NotPlayed(f"a mail server never {how}")
        self._server.next = how

    async def misbehave_at_looks(self, how: LookFault) -> None:
        if how is not LookFault.CREDENTIALS_DEAD:
            raise NotPlayed("a mail server shows nothing; of a check, it can refuse the login")
        self._server.next = Misbehaviour.CREDENTIALS_DEAD

    async def letters(self) -> list[Letter]:
        return [one.letter() for one in self._server.taken]

    async def accepted(self) -> list[str]:
        return [
            "\n".join((one.sender, one.recipient, str(one.mail["subject"]), one.part("plain")))
            for one in self._server.taken
        ]

    def _at(self, port: int) -> Channel:
        return channel_at(port, username=USER, password=PASSWORD, ca_file=self._ca_file)


def channel_at(port: int, **settings: Any) -> SmtpChannel:
    """A channel to a server on this machine, with time-outs under a second."""
    return SmtpChannel(
        SmtpSettings(
            **{
                "host": "localhost",
                "port": port,
                "hello": "worker.example",
                "connect_timeout": CONNECT_TIMEOUT,
                "read_timeout": READ_TIMEOUT,
                "verdict_timeout": READ_TIMEOUT,
                **settings,
            }
        )
    )


def certificate_of(name: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for ``name`` (or address), and the file by which to trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    shown: x509.GeneralName
    try:
        shown = x509.IPAddress(ip_address(name))
    except ValueError:
        shown = x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([shown]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / f"{name}.pem", folder / f"{name}.key"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted
