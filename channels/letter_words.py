"""What a person wrote in a mail: without what it quotes, its markup and its attachments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from imap_tools.message import MailMessage

from channels.html_words import words_of
from domain.mentions import Author, Mention, MentionKind, is_automatic

BEGINNING = 256 * 1024
"""Bytes of each mail that are read."""

_ID = re.compile(r"<([^<>\s]+)>")
_QUOTED = re.compile(r"^\s*>")
_INTRODUCES = re.compile(r"\S.*:\s*$")
"""The line above a quotation, in whatever language: "On Monday somebody wrote:"."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as a mention needs it. ``headers`` have lower-case names, of each the first value.

    ``envelope_sender`` is empty for bounces, and not where the server does not tell it.
    ``thread`` is the id of the first mail of the conversation; ids are without brackets.
    ``date`` is the header as it came.
    """

    message_id: str
    thread: str
    answers: str
    sender: str
    name: str
    date: str
    written_at: datetime | None
    words: str
    cut: bool
    headers: Mapping[str, str]
    envelope_sender: str


def letter_of(content: bytes, *, cut: bool = False) -> Letter:
    """Read a mail, or its beginning if ``cut``. Whatever cannot be read of it is empty."""
    mail = MailMessage.from_bytes(content)
    headers = {name: _line(values[0]) for name, values in mail.headers.items() if values}
    sender = _or_empty(lambda: mail.from_)
    message_id = _first_id(headers.get("message-id", ""))
    answers = _first_id(headers.get("in-reply-to", ""))
    thread = _first_id(headers.get("references", "")) or answers or message_id
    path = headers.get("return-path")
    return Letter(
        message_id=message_id,
        thread=thread,
        answers=answers,
        sender=sender,
        name=_or_empty(lambda: mail.from_values.name if mail.from_values else ""),
        date=headers.get("date", ""),
        written_at=_moment(headers.get("date", "")),
        words=_words(mail),
        cut=cut,
        headers=headers,
        # A mail whose sender cannot be read is no bounce: somebody may have written it.
        envelope_sender=(sender or "unknown") if path is None else path,
    )


def mention_of_letter(letter: Letter, channel: str, now: datetime) -> Mention:
    """A mail to us as a mention on ``channel``.

    Whoever writes chooses the Message-ID, and some programs use the same one for ever. So the id
    is the Message-ID with a digest of who wrote when and what.
    """
    distinct = "\0".join((letter.sender, letter.date, letter.words))
    digest = hashlib.sha256(distinct.encode("utf-8", "replace")).hexdigest()[:12]
    return Mention.model_validate(
        {
            "channel": channel,
            "id": f"{letter.message_id}~{digest}",
            "kind": MentionKind.MAIL,
            "conversation": letter.thread,
            "author": Author(id=letter.sender.lower(), handle=letter.sender, name=letter.name),
            "text": letter.words,
            "cut": letter.cut,
            "reply_to": letter.answers,
            "written_at": min(letter.written_at or now, now),
            "private": True,
            "automatic": is_automatic(letter.headers, letter.envelope_sender),
        }
    )


def without_quotations(text: str) -> str:
    """``text`` without the lines that repeat another mail, and those that introduce them.

    Whoever wrote nothing else is shown whole.
    """
    kept: list[str] = []
    for line in text.splitlines():
        if not _QUOTED.match(line):
            kept.append(line)
            continue
        while kept and not kept[-1].strip():
            kept.pop()
        if kept and _INTRODUCES.match(kept[-1]):
            kept.pop()
    return "\n".join(kept).strip() or text.strip()


def _words(mail: MailMessage) -> str:
    subject = _or_empty(lambda: mail.subject).strip()
    body = _or_empty(lambda: mail.text) or _or_empty(lambda: words_of(mail.html))
    return "\n\n".join(filter(None, (subject, without_quotations(body))))


def _first_id(header: str) -> str:
    found = _ID.search(header)
    return found[1] if found else ""


def _line(value: object) -> str:
    return str(value).strip()


def _or_empty(read: Callable[[], str]) -> str:
    try:
        return read()
    except Exception:  # noqa: BLE001 - strangers' mail makes the standard library fail in many ways
        return ""


def _moment(header: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(header)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
