"""What a mail server's replies mean, and what it means that none came.

SMTP itself draws the line that our errors need: until the dot that ends a message has left, the
server has accepted nothing; after it, only the reply says so (RFC 5321, sections 4.1.1.4 and
4.5.3.2.6). So silence is ``OutcomeUnknown`` in one place only, and a 5xx there is a clear refusal.

=====================================  =====================================================
what happened                          meaning
=====================================  =====================================================
no connection, no TLS                  Unreachable
connection lost, silence or gibberish  Unreachable before the final dot, after it
                                       OutcomeUnknown
421, the server is going away          Unreachable; Throttled if it says 4.7.x or a time
4xx to RCPT, not 4.3.x or 4.4.x        Throttled, counted against the addressee (Deferred)
any other 4xx                          Throttled
530, 534, 535, 538 anywhere; any 5xx   BadCredentials
to AUTH; "we do not relay for you",
which Postfix may say as 454
5xx to RCPT                            BadRecipient; Refused if it says 5.7.x, which is a rule
                                       of the server's and says nothing about the address
any other 5xx                          Refused
=====================================  =====================================================

The codes are those of RFC 5321, 4954 (AUTH) and 3463 (the enhanced ones). No error quotes a reply:
servers repeat addresses in them.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

from channels.contract import (
    BadCredentials,
    BadRecipient,
    ChannelError,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
)
from channels.http import not_absurd

PROVIDER = "SMTP"

WAIT = timedelta(minutes=1)
"""For a 4xx without a time, where the server itself is busy."""

GREYLIST_WAIT = timedelta(minutes=5)
"""For a 4xx to RCPT without a time: the usual default of greylisting."""

LONGEST_WAIT = timedelta(hours=1)
"""The most that is believed: a number in a reply may mean something else."""


class Deferred(Throttled):
    """The server defers this one addressee; it may be accepting mail for everybody else now."""


class SmtpStage(StrEnum):
    """How far an exchange has come, in the words of its errors."""

    GREETING = "the connection"
    HELLO = "EHLO"
    TLS = "STARTTLS"
    LOGIN = "AUTH"
    NOOP = "NOOP"
    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    CONTENT = "DATA"
    FINAL_DOT = "the end of the message"


_LOGIN_NEEDED = frozenset({530, 534, 535, 538})
_POLICY = re.compile(r"^\s*[45]\.7\.\d")
_OF_THE_SERVER = re.compile(r"^\s*4\.[34]\.\d")
"""Enhanced codes for trouble with the server or the network, whoever the addressee is."""

_RELAYING = re.compile(r"\brelay", re.IGNORECASE)
_TIME = re.compile(r"\b(\d{1,5})\s*(s|sec|m|min|h|hr|hour)(?:ond|ute)?s?\b", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def meaning_of_reply(stage: SmtpStage, code: int, text: str, now: datetime) -> ChannelError:
    """The meaning of a reply that is not the one we hoped for.

    ``text`` is the reply without its code; only an enhanced code, a time and the word "relay" are
    read out of it. A code that SMTP does not have counts as no answer.
    """
    if 400 <= code < 500:
        return _not_now(stage, code, text, now)
    if 500 <= code < 600:
        return _never(stage, code, text)
    return no_reply(stage)


def no_reply(stage: SmtpStage) -> ChannelError:
    """The meaning of silence, gibberish or a lost connection at ``stage``."""
    if stage is SmtpStage.FINAL_DOT:
        return OutcomeUnknown(
            f"{PROVIDER}: the whole message left and no clear reply came; nobody knows whether it "
            "was taken.",
            "Look for its Message-ID in the mail server's log before sending it again.",
        )
    return Unreachable(
        f"{PROVIDER}: no clear reply to {stage}; nothing went out.",
        "It is tried again; if it goes on, check the network and the mail server.",
    )


def no_tls() -> ChannelError:
    """The meaning of a handshake that failed, or of a certificate that we do not trust."""
    return Unreachable(
        f"{PROVIDER}: no encrypted connection could be agreed on; nothing went out.",
        "If it goes on, check the server's certificate, FRONTFOOT_SMTP_SECURITY and _CA_FILE.",
    )


def _not_now(stage: SmtpStage, code: int, text: str, now: datetime) -> ChannelError:
    named = _named_wait(text)
    if stage is SmtpStage.RECIPIENT and code == 454 and _RELAYING.search(text):
        return _no_relaying(code, stage)
    if code == 421 and named is None and not _POLICY.match(text):
        return Unreachable(
            f"{PROVIDER}: the server is closing down (421 to {stage}); nothing went out.",
            "It is tried again over another connection.",
        )
    of_addressee = stage is SmtpStage.RECIPIENT and not _OF_THE_SERVER.match(text)
    kind, wait = (Deferred, GREYLIST_WAIT) if of_addressee else (Throttled, WAIT)
    return kind(
        f"{PROVIDER}: the server asks us to try later ({code} to {stage}).",
        until=not_absurd(now + min(named or wait, LONGEST_WAIT), now),
    )


def _never(stage: SmtpStage, code: int, text: str) -> ChannelError:
    by_policy = _POLICY.match(text) is not None
    if code in _LOGIN_NEEDED or stage is SmtpStage.LOGIN:
        return BadCredentials(
            f"{PROVIDER}: the server does not accept our login ({code} to {stage}).",
            "Renew FRONTFOOT_SMTP_USERNAME and _PASSWORD, restart the worker, then retry.",
        )
    if stage is SmtpStage.RECIPIENT and _RELAYING.search(text):
        return _no_relaying(code, stage)
    if stage is SmtpStage.RECIPIENT and not by_policy:
        return BadRecipient(
            f"{PROVIDER}: the server does not take mail for this addressee ({code}).",
            positions=(0,),
            next_step="Correct the row in the audience; the others get the mail.",
        )
    return Refused(
        f"{PROVIDER}: the server refused ({code} to {stage}); nothing went out.",
        "Read its log: the sender, the content, or a rule of its own. It will not pass by itself.",
    )


def _no_relaying(code: int, stage: SmtpStage) -> ChannelError:
    # Everybody would be refused like this, so it must not count against the addressees.
    return BadCredentials(
        f"{PROVIDER}: the server does not relay mail for us ({code} to {stage}).",
        "Log in, or let the server allow this worker's address; then retry the channel.",
    )


def _named_wait(text: str) -> timedelta | None:
    found = _TIME.search(text)
    if found is None:
        return None
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2][0].lower()])
