"""Answers to mail that people wrote to us: their subject, and the headers that make it a thread.

Shared by the mail adapters that listen. A mention has no subject of its own: it is the first
paragraph of its words.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

from channels.contract import CannotExpress
from channels.mail_copy import CONTENT_LIMIT
from channels.replying import refuse_length, words_of_reply
from domain.mentions import Mention
from domain.message import Copy, Voice
from domain.replies import ReplyTerms

TERMS = ReplyTerms(checked_on=date(2026, 11, 20))

_LONGEST_SUBJECT = 150
_ANSWERED = re.compile(r"\s*(?:re|aw|sv|antw|rif|odp|vs)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_ID = re.compile(r"[!-;=?-~]{1,900}")
"""Printable ASCII without angle brackets, and short enough for one line of a header."""


def render_mail_reply(
    text: str, to: Mention, channel: str, *, name: str, address: str | None
) -> Copy:
    """The mail that answers ``to``, by the sender of the settings. Raises ``CannotExpress``."""
    words = words_of_reply(text, channel)
    refuse_length(channel, len(words.encode()), CONTENT_LIMIT, "bytes")
    if not address:
        raise CannotExpress(
            f"{channel}: this mail has no sender.",
            f"Set FRONTFOOT_{channel.upper()}_FROM_ADDRESS.",
        )
    return Copy(
        channel=channel,
        subject=_subject_for(to),
        text=words,
        voice=Voice(name=name or address, address=address),
    )


def number_of_reply(to: Mention) -> str:
    """The first part of the ``Message-ID`` of any answer of ours to ``to``.

    The same in each attempt, so that a receiver can drop a second one and a server's log can be
    searched for it.
    """
    return f"reply-{hashlib.sha256(to.id.encode()).hexdigest()[:24]}"


def thread_of(to: Mention) -> tuple[str, tuple[str, ...]]:
    """What ``In-Reply-To`` and ``References`` name, without brackets; empty where none is known."""
    answered = to.id.rpartition("~")[0]
    if not _ID.fullmatch(answered):
        return "", ()
    before = [one for one in (to.conversation, to.reply_to, answered) if _ID.fullmatch(one)]
    return answered, tuple(dict.fromkeys(before))


def _subject_for(to: Mention) -> str:
    first = " ".join(to.text.partition("\n\n")[0].split())
    subject = "".join(one for one in first if one.isprintable())
    if not subject or len(subject) > _LONGEST_SUBJECT:
        subject = "your message"
    return subject if _ANSWERED.match(subject) else f"Re: {subject}"
