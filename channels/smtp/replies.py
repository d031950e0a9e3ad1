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
530, 534, 535, 538 anywhere; any 5xx   BadCredentials
to AUTH; "we do not relay for you",
which Postfix may say as 454
421, the server is going away          Unreachable; Throttled if it says 4.7.x or a time
4xx, 5xx: a limit of a day is used up  BroadcastRefused
any other 4xx, about us or unasked     Throttled
4xx about the addressee, or unclear    Deferred
any other 5xx about us                 BroadcastRefused
5xx about the addressee                BadRecipient
5xx, unclear                           Refused: whether others are accepted will show
=====================================  =====================================================

Whom a reply is about is decided in ``fault``; up to MAIL FROM the server has heard of no addressee,
so that it can only be about us.
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
    BroadcastRefused,
    ChannelError,
    Deferred,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
)
from channels.http import not_absurd
from channels.smtp.fault import Fault, fault_of, says_daily_limit, says_limit, says_no_relaying

PROVIDER = "SMTP"

WAIT = timedelta(minutes=1)
"""For a 4xx without a time, where the server itself is busy."""

GREYLIST_WAIT = timedelta(minutes=5)
"""For a 4xx to RCPT without a time: the usual default of greylisting."""

LONGEST_WAIT = timedelta(hours=1)
"""The most that is believed: a number in a reply may mean something else."""


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
_NAMES_ADDRESSEE = (SmtpStage.RECIPIENT, SmtpStage.CONTENT, SmtpStage.FINAL_DOT)
_TIME = re.compile(r"\b(\d{1,5})\s*(s|sec|m|min|h|hr|hour)(?:ond|ute)?s?\b", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def meaning_of_reply(stage: SmtpStage, code: int, text: str, now: datetime) -> ChannelError:
    """The meaning of a reply that is not the one we hoped for.

    ``text`` is the reply without its code. A code that SMTP does not have counts as no answer.
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


def _fault(stage: SmtpStage, code: int, text: str) -> Fault:
    return fault_of(code, text) if stage in _NAMES_ADDRESSEE else Fault.OURS


def _not_now(stage: SmtpStage, code: int, text: str, now: datetime) -> ChannelError:
    named = _named_wait(text)
    fault = _fault(stage, code, text)
    if code == 454 and stage in _NAMES_ADDRESSEE and says_no_relaying(text):
        return _no_relaying(code, stage)
    if fault is not Fault.ADDRESSEE and says_daily_limit(text):
        return _about_us(stage, code, text)
    if code == 421 and named is None and not _POLICY.match(text):
        return Unreachable(
            f"{PROVIDER}: the server is closing down (421 to {stage}); nothing went out.",
            "It is tried again over another connection.",
        )
    what = f"{PROVIDER}: the server asks us to try later ({code} to {stage})."
    wait = named or (WAIT if fault is Fault.OURS else GREYLIST_WAIT)
    until = not_absurd(now + min(wait, LONGEST_WAIT), now)
    if fault is Fault.OURS:
        return Throttled(what, until=until)
    return Deferred(what, until=until, certain=fault is Fault.ADDRESSEE)


def _never(stage: SmtpStage, code: int, text: str) -> ChannelError:
    if code in _LOGIN_NEEDED or stage is SmtpStage.LOGIN:
        return BadCredentials(
            f"{PROVIDER}: the server does not accept our login ({code} to {stage}).",
            "Renew FRONTFOOT_SMTP_USERNAME and _PASSWORD, restart the worker, then retry.",
        )
    match _fault(stage, code, text):
        case Fault.OURS if stage in _NAMES_ADDRESSEE and says_no_relaying(text):
            return _no_relaying(code, stage)
        case Fault.OURS:
            return _about_us(stage, code, text)
        case Fault.ADDRESSEE:
            return BadRecipient(
                f"{PROVIDER}: the server does not take mail for this addressee ({code}).",
                positions=(0,),
                next_step="Correct the row in the audience; the others get the mail.",
            )
        case Fault.UNCLEAR:
            return Refused(
                f"{PROVIDER}: the server refused ({code} to {stage}); nothing went out.",
                "Read its log: the sender, the content, the addressee, or a rule of its own.",
            )


def _about_us(stage: SmtpStage, code: int, text: str) -> ChannelError:
    if says_limit(text):
        return BroadcastRefused(
            f"{PROVIDER}: the server says that a limit on our sending is reached "
            f"({code} to {stage}).",
            "Wait until the limit is renewed, or have it raised; then retry the channel.",
        )
    return BroadcastRefused(
        f"{PROVIDER}: the server refuses our sender, our message or this machine "
        f"({code} to {stage}).",
        "Read its log, correct the sender or have the block lifted, then retry the channel.",
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
