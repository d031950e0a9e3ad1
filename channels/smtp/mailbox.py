"""Reads what people write to a mailbox: one folder, by IMAP, forwards.

Verified against Dovecot 2.3 in the tests; against no other server yet. ``imap-tools`` speaks the
protocol (RFC 3501) and takes mail apart. What IMAP and mail force on us:

- A folder numbers its mail (UIDs) upwards, so each page is a chain of its own. Under another
  UIDVALIDITY the numbers mean other mail: everything is read again, and what is known is known by
  its id.
- Mail may be 30 MB of attachments, which are not fetched: its beginning is read. What of the
  words comes behind that is missing, and the mention says that it is cut.
- Nothing is changed in the mailbox: mail that was read here stays unread for others.

Logging in is by LOGIN, or PLAIN for letters beyond ASCII. XOAUTH2 is not supported.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
    MailboxStarttlsError,
    UnexpectedCommandStatusError,
)
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from channels.contract import BadCredentials, ChannelError, Refused, Unreachable
from channels.http import Clock
from channels.letter_words import BEGINNING, Letter, letter_of, mention_of_letter
from domain.listening import Cursor, MentionPage, complete

PROVIDER = "IMAP"
PAGE_SIZE = 100
PAGE_BYTES = 8 * 1024 * 1024
"""Bytes of all mails of a page, after which it ends."""

_NOT_NOW = re.compile(rb"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\]", re.IGNORECASE)
"""Response codes by which a refusal is not about the login (RFC 5530)."""

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"\bUID (\d+)")


@dataclass(frozen=True, slots=True)
class MailboxLine:
    """How to reach a mailbox: ``tls`` from the first byte, or by ``starttls``; times in seconds."""

    host: str
    port: int
    tls: bool
    starttls: bool
    ca_file: Path | None
    username: str
    password: str
    folder: str
    timeout: float


class Mailbox:
    """One folder of a mailbox. Each look is a connection of its own."""

    def __init__(self, line: MailboxLine, channel: str, clock: Clock) -> None:
        self._line = line
        self._channel = channel
        self._clock = clock

    async def page(self, cursor: Cursor) -> MentionPage:
        """One page; raises like ``Listens.mentions``."""
        return await asyncio.to_thread(self._page, cursor)

    async def check(self) -> int:
        """How many mails are in the folder. Raises a ``ChannelError``."""
        return await asyncio.to_thread(self._count)

    def _page(self, cursor: Cursor) -> MentionPage:
        with self._folder() as box:
            validity = int(box.folder.status(self._line.folder, ["UIDVALIDITY"])["UIDVALIDITY"])
            known = _known(cursor, validity)
            if known is None:
                # The first reading begins with the newest page.
                older = _uids(box, 1)[:-PAGE_SIZE]
                known = older[-1] if older else 0
            numbers = [one for one in _uids(box, known + 1) if one > known]
            some = _bounded(_sizes(box, numbers[:PAGE_SIZE]))
            letters = _letters(box, some)
            last = some[-1] if some else known
            return MentionPage(
                mentions=tuple(
                    mention_of_letter(one, self._channel, self._clock())
                    for one in reversed(letters)
                ),
                cursor=complete(f"{validity} {last}"),
                more=len(numbers) > len(some),
            )

    def _count(self) -> int:
        with self._folder() as box:
            return int(box.folder.status(self._line.folder, ["MESSAGES"])["MESSAGES"])

    @contextlib.contextmanager
    def _folder(self) -> Iterator[BaseMailBox]:
        """The folder, open for reading alone; turns failures into what they mean."""
        line = self._line
        try:
            with self._connected() as box:
                log_in = box.login if _is_ascii(line) else box.login_utf8
                log_in(line.username, line.password, initial_folder=None)
                box.folder.set(line.folder, readonly=True)
                yield box
        except MailboxLoginError as error:
            if _said(error, _NOT_NOW):
                raise Unreachable(f"{PROVIDER}: the server takes no login now.") from None
            raise BadCredentials(
                f"{PROVIDER}: the server does not take the login.",
                "Check FRONTFOOT_SMTP_MAILBOX_USERNAME and FRONTFOOT_SMTP_MAILBOX_PASSWORD.",
            ) from None
        except MailboxStarttlsError:
            raise _no_tls() from None
        except MailboxFolderSelectError as error:
            if _said(error, _NOT_NOW):
                raise Unreachable(f"{PROVIDER}: the folder cannot be opened now.") from None
            raise Refused(
                f"{PROVIDER}: the folder {line.folder!r} cannot be opened.",
                "Set FRONTFOOT_SMTP_MAILBOX_FOLDER to a folder of the mailbox.",
            ) from None
        except ssl.SSLError:
            raise _no_tls() from None
        except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError):
            # Whatever else it is, it was a look, and looking again is harmless.
            raise Unreachable(f"{PROVIDER}: the mailbox did not answer as it should.") from None

    @contextlib.contextmanager
    def _connected(self) -> Iterator[BaseMailBox]:
        line = self._line
        trust = (
            ssl.create_default_context(cafile=line.ca_file) if line.tls or line.starttls else None
        )
        box: BaseMailBox
        if line.tls:
            box = MailBox(line.host, line.port, line.timeout, ssl_context=trust)
        elif line.starttls:
            box = MailBoxStartTls(line.host, line.port, line.timeout, ssl_context=trust)
        else:
            box = MailBoxUnencrypted(line.host, line.port, line.timeout)
        try:
            yield box
        finally:
            # A server that does not say goodbye took nothing from us.
            with contextlib.suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                box.logout()


def _known(cursor: Cursor, validity: int) -> int | None:
    """The last UID that was read; 0 under other numbers than before, None before anything was."""
    if not cursor.since:
        return None
    try:
        before, uid = (int(one) for one in cursor.since.split())
    except ValueError:
        return 0
    return uid if before == validity else 0


def _uids(box: BaseMailBox, begin: int) -> list[int]:
    # With "*", a server shows its last mail even if that has a lower number.
    return sorted(int(one) for one in box.uids(f"UID {begin}:*"))


def _fetch(
    box: BaseMailBox, numbers: Sequence[int], what: str
) -> list[bytes | tuple[bytes, bytes]]:
    if not numbers:
        return []
    status, data = box.client.uid("FETCH", ",".join(map(str, numbers)), what)
    if status != "OK":
        raise imaplib.IMAP4.error(f"FETCH: {status}")
    return cast("list[bytes | tuple[bytes, bytes]]", data)


def _sizes(box: BaseMailBox, numbers: Sequence[int]) -> dict[int, int]:
    sizes = dict.fromkeys(numbers, 0)
    for one in _fetch(box, numbers, "(UID RFC822.SIZE)"):
        line = one if isinstance(one, bytes) else one[0]
        uid, size = _UID.search(line), _SIZE.search(line)
        if uid and size:
            sizes[int(uid[1])] = int(size[1])
    return sizes


def _bounded(sizes: dict[int, int]) -> list[int]:
    """As many of the first mails as a page may hold, one at least."""
    some: list[int] = []
    room = PAGE_BYTES
    for uid, size in sizes.items():
        room -= min(size, BEGINNING)
        if some and room < 0:
            break
        some.append(uid)
    return some


def _letters(box: BaseMailBox, numbers: Sequence[int]) -> list[Letter]:
    """These mails, in the order of their numbers; one that was deleted meanwhile is left out."""
    found: dict[int, Letter] = {}
    what = f"(UID RFC822.SIZE BODY.PEEK[]<0.{BEGINNING}>)"
    for one in _fetch(box, numbers, what):
        if isinstance(one, bytes):
            continue
        about, content = one
        uid, size = _UID.search(about), _SIZE.search(about)
        if uid:
            cut = len(content) < int(size[1]) if size else False
            found[int(uid[1])] = letter_of(content, cut=cut)
    return [found[uid] for uid in sorted(found)]


def _is_ascii(line: MailboxLine) -> bool:
    return line.username.isascii() and line.password.isascii()


def _said(error: UnexpectedCommandStatusError, code: re.Pattern[bytes]) -> bool:
    return bool(code.search(b" ".join(one for one in error.command_result[1] if one)))


def _no_tls() -> ChannelError:
    return BadCredentials(
        f"{PROVIDER}: no encrypted connection could be made, so the login was not sent.",
        "Check FRONTFOOT_SMTP_MAILBOX_SECURITY, and FRONTFOOT_SMTP_CA_FILE for your own authority.",
    )
