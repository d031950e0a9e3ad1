"""Connections to a mail server: made, logged in, used for one mail after another, and kept.

``aiosmtplib`` speaks the protocol. Two things are done here instead: each step is separate,
so that an error knows how far the exchange got, and the final dot of a message is sent separately,
so that a connection that breaks before it has certainly delivered nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from channels.contract import (
    BadCredentials,
    BadRecipient,
    ChannelError,
    Refused,
    Throttled,
    Unreachable,
)
from channels.http import Clock
from channels.smtp.mail import Letter
from channels.smtp.replies import PROVIDER, SmtpStage, meaning_of_reply, no_reply, no_tls

_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_FIRST_DOT = re.compile(rb"(?m)^\.")
_FLUSH_LOOK = 0.005
_GOODBYE = 2.0
"""Seconds that a server gets to answer QUIT; nothing depends on it."""


@dataclass(frozen=True, slots=True)
class SmtpLine:
    """How to reach a server: ``tls`` from the first byte, or by ``starttls``; times in seconds."""

    host: str
    port: int
    tls: bool
    starttls: bool
    ca_file: Path | None
    username: str | None
    password: str | None
    hello: str | None
    connect_timeout: float
    read_timeout: float
    verdict_timeout: float


class SmtpSession:
    """One connection, greeted and logged in. Not for two tasks at once."""

    def __init__(self, line: SmtpLine, clock: Clock, trust: ssl.SSLContext | None) -> None:
        self._line = line
        self._clock = clock
        self._smtp = SMTP(
            hostname=line.host,
            port=line.port,
            use_tls=line.tls,
            start_tls=False,
            tls_context=trust,
            local_hostname=line.hello,
            timeout=line.read_timeout,
        )

    @property
    def alive(self) -> bool:
        """Whether the connection is open, as far as we know."""
        return self._smtp.is_connected

    async def open(self) -> None:
        """Connect, encrypt and log in. Raises a ``ChannelError``, and is closed then."""
        try:
            with self._reading(SmtpStage.GREETING):
                await self._smtp.connect(timeout=self._line.connect_timeout)
            with self._reading(SmtpStage.HELLO):
                await self._hello()
            if self._line.starttls:
                await self._encrypt()
            if self._line.username is not None:
                await self._log_in(self._line.username, self._line.password or "")
        except BaseException:
            self._smtp.close()
            raise

    async def _hello(self) -> None:
        try:
            await self._smtp.ehlo()
        except SMTPResponseException:
            if not self._smtp.is_connected:
                raise
            await self._smtp.helo()

    async def _encrypt(self) -> None:
        if not self._smtp.supports_extension("starttls"):
            # Somebody in between could remove the offer, so we do not continue without encryption.
            raise BadCredentials(
                f"{PROVIDER}: the server offers no STARTTLS, so nothing was sent.",
                "Set FRONTFOOT_SMTP_SECURITY to what the server supports, or have it fixed.",
            )
        with self._reading(SmtpStage.TLS):
            await self._smtp.starttls()
        with self._reading(SmtpStage.HELLO):
            await self._hello()

    async def _log_in(self, username: str, password: str) -> None:
        if not self._smtp.supported_auth_methods:
            raise BadCredentials(
                f"{PROVIDER}: the server offers no way of logging in that we know.",
                "Use the port for submission (587 or 465), or leave FRONTFOOT_SMTP_USERNAME out.",
            )
        with self._reading(SmtpStage.LOGIN):
            await self._smtp.login(username, password)

    async def deliver(self, letter: Letter) -> None:
        """Hand one mail over, in one transaction; returning means that the server took it.

        Raises a ``ChannelError``. The session may be used again if it is still ``alive``.
        """
        options = self._options(letter)
        encoding = "utf-8" if letter.needs_utf8 else "ascii"
        stage = SmtpStage.SENDER
        try:
            with self._reading(stage):
                await self._smtp.mail(letter.sender, options=options, encoding=encoding)
            stage = SmtpStage.RECIPIENT
            with self._reading(stage):
                await self._smtp.rcpt(letter.recipient, encoding=encoding)
            stage = SmtpStage.CONTENT
            with self._reading(stage):
                reply = await self._smtp.execute_command(b"DATA")
                if reply.code != 354:
                    raise SMTPResponseException(reply.code, reply.message)
                await self._hand_over(letter.content)
            stage = SmtpStage.FINAL_DOT
            with self._reading(stage):
                await self._end()
        except (Refused, Throttled):
            await self._reset()
            raise
        except BaseException:
            # What the server still has to say belongs to this mail and not to the next.
            self._smtp.close()
            raise

    async def noop(self) -> None:
        """Send a NOOP and wait for the answer. Raises a ``ChannelError``."""
        with self._reading(SmtpStage.NOOP):
            await self._smtp.noop()

    async def close(self) -> None:
        """Say goodbye, but do not wait for long."""
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            if self._smtp.is_connected:
                await self._smtp.quit(timeout=_GOODBYE)
        self._smtp.close()

    def _options(self, letter: Letter) -> list[str]:
        options = []
        if letter.needs_utf8:
            if not self._smtp.supports_extension("smtputf8"):
                raise self._no_utf8(letter)
            options.append("SMTPUTF8")
        if self._smtp.supports_extension("size"):
            # Too large is said before the message is sent, and not after (RFC 1870).
            options.append(f"SIZE={len(letter.content)}")
        return options

    def _no_utf8(self, letter: Letter) -> ChannelError:
        detail = f"{PROVIDER}: the server takes no letters beyond ASCII before an @ (SMTPUTF8)."
        if letter.recipient.isascii():
            return Refused(detail, "Give the voice and the settings plain addresses.")
        return BadRecipient(
            detail,
            positions=(0,),
            next_step="Reach this addressee in another way; the others get the mail.",
        )

    async def _hand_over(self, content: bytes) -> None:
        """Send the message without its final dot, and return when the system has all of it."""
        protocol = self._smtp.protocol
        if protocol is None or protocol.transport is None:
            raise SMTPException("closed")
        transport = protocol.transport
        assert isinstance(transport, asyncio.WriteTransport)
        protocol.write(as_lines(content))
        async with asyncio.timeout(self._line.verdict_timeout):
            while transport.get_write_buffer_size() and protocol.is_connected:
                await asyncio.sleep(_FLUSH_LOOK)
        if not protocol.is_connected:
            raise SMTPException("closed")

    async def _end(self) -> None:
        protocol = self._smtp.protocol
        if protocol is None:
            raise SMTPException("closed")
        protocol.write(b".\r\n")
        reply = await protocol.read_response(timeout=self._line.verdict_timeout)
        if not 200 <= reply.code < 300:
            raise SMTPResponseException(reply.code, reply.message)

    async def _reset(self) -> None:
        """Reset after a refused mail, so that the connection can be used for the next."""
        try:
            await self._smtp.rset()
        except (SMTPException, OSError, TimeoutError):
            self._smtp.close()

    @contextlib.contextmanager
    def _reading(self, stage: SmtpStage) -> Iterator[None]:
        """Turn a failure inside the block into what it means at ``stage``."""
        try:
            yield
        except SMTPResponseException as error:
            meaning = meaning_of_reply(stage, error.code, error.message, self._clock())
        except ssl.SSLError:
            meaning = no_tls()
        except (SMTPException, OSError, TimeoutError) as error:
            # aiosmtplib wraps what failed in the handshake of a connection that is encrypted
            # from its first byte.
            meaning = no_tls() if isinstance(error.__cause__, ssl.SSLError) else no_reply(stage)
        else:
            return
        raise meaning from None


class SmtpPool:
    """Up to ``size`` sessions, each lent to one task at a time and kept for the next."""

    def __init__(self, line: SmtpLine, size: int, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._room = asyncio.Semaphore(size)
        self._idle: list[SmtpSession] = []
        self._trust: ssl.SSLContext | None = None

    async def deliver(self, letter: Letter) -> None:
        """Hand one mail over, through a session that waits or through a new one."""
        async with self._room:
            while self._idle:
                session = self._idle.pop()
                if not session.alive:
                    continue
                try:
                    await self._through(session, letter)
                except Unreachable:
                    # A server hangs up on those who are silent for long, or after so many mails.
                    # We learn it by the next mail, of which nothing went out.
                    continue
                return
            async with self._opened() as session:
                await self._through(session, letter)

    async def check(self) -> None:
        """Open a session of its own and hear one answer. Raises a ``ChannelError``."""
        async with self._opened() as session:
            try:
                await session.noop()
            finally:
                await session.close()

    async def close(self) -> None:
        """Close all idle sessions."""
        waiting, self._idle = self._idle, []
        await asyncio.gather(*(session.close() for session in waiting))

    async def _through(self, session: SmtpSession, letter: Letter) -> None:
        try:
            await session.deliver(letter)
        finally:
            if session.alive:
                self._idle.append(session)

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[SmtpSession]:
        if self._trust is None and (self._line.tls or self._line.starttls):
            self._trust = await asyncio.to_thread(_trust, self._line.ca_file)
        session = SmtpSession(self._line, self._clock, self._trust)
        await session.open()
        yield session


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The certificates that we trust. Reading the system's takes longer than a connection."""
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError):
        raise BadCredentials(
            f"{PROVIDER}: the file of FRONTFOOT_SMTP_CA_FILE cannot be read as certificates.",
            "Correct the variable and restart the worker.",
        ) from None


def as_lines(content: bytes) -> bytes:
    """``content`` as DATA has it: lines that end in CRLF, a first dot doubled (RFC 5321, 4.5.2)."""
    content = _LINE_ENDS.sub(b"\r\n", content)
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    return _FIRST_DOT.sub(b"..", content)
