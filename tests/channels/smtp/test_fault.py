"""Whom a reply is about, by the codes and phrases that servers in use answer with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.contract import (
    BadCredentials,
    BadRecipient,
    BroadcastRefused,
    ChannelError,
    Deferred,
    Refused,
    Throttled,
)
from channels.smtp.fault import Fault, fault_of
from channels.smtp.replies import SmtpStage, meaning_of_reply

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
ANN = "<ann@customers.example>"

ABOUT_US = [
    # Gmail and Google Workspace
    "550 5.4.5 Daily user sending limit exceeded. See our help",
    "550-5.4.5 Daily SMTP relay sending limit exceeded\n5.4.5 for this customer",
    "550 5.7.26 This mail is unauthenticated",
    "550 5.7.25 The sending address has no PTR",
    "550 5.7.1 Your IP is blocked for too much mail, see our help",
    "553 5.1.7 The sender address is not valid",
    # Exchange Online, Outlook
    "550 5.1.8 Access denied, bad outbound sender",
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    "550 5.7.57 Client not authenticated to send mail",
    "550 5.7.501 Access denied, spam abuse detected",
    "550 5.7.606 Access denied, banned sending IP [192.0.2.1]",
    "550 5.7.705 Access denied, tenant has exceeded threshold",
    "550 5.7.708 Traffic is not accepted from this address",
    "550 5.7.232 The tenant reached its external recipient rate",
    "554 5.2.0 STOREDRV.Submission; SubmissionQuotaExceededException",
    # Postfix, where a reply to RCPT may come late for the sender or the client
    "553 5.7.1 <joel@acme.example>: Sender address rejected: not owned by user joel",
    "550 5.7.1 <joel@acme.example>: Sender address rejected: User unknown in local recipient table",
    "450 4.1.8 <joel@acme.example>: Sender address rejected: Domain not found",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]",
    "554 5.7.1 <mx.acme.example[192.0.2.1]>: Client host rejected: Access denied",
    "504 5.5.2 <worker>: Helo command rejected: need fully-qualified hostname",
    f"554 5.7.1 {ANN}: Relay access denied",
    "452 4.5.3 Error: too many recipients",
    # Exim, and panels that use it
    "550 relay not permitted",
    "550 Sender verify failed",
    "550 Domain acme.example has exceeded the max emails per hour (101/100) allowed",
    "550 Access denied - Invalid HELO name: your host is not known",
    "550 JunkMail rejected - host is on a block list",
    # Yahoo
    "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, see our page",
    "554 5.7.9 Message not accepted for policy reasons",
    # Amazon SES, through which others send as well
    "554 Message rejected: Email address is not verified. It failed the check in region X",
    "454 Throttling failure: Maximum sending rate exceeded.",
    "454 Throttling failure: Daily message quota exceeded.",
    # qmail, sendmail, and plain codes
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "550 5.7.1 Relaying denied",
    "550 #5.7.3 log in before you send",
    "530 5.7.0 Must issue a STARTTLS command first",
    "503 bad sequence of commands",
    "421 too busy",
    "552 5.3.4 Message too big for system",
]
ABOUT_THE_ADDRESSEE = [
    f"550 5.1.1 {ANN}: user unknown in relay recipient table",
    f"550 5.7.1 {ANN}: Recipient address rejected: Access denied",
    f"450 4.1.1 {ANN}: Recipient address rejected: unverified address",
    f"450 4.1.2 {ANN}: Recipient address rejected: Domain not found",
    "550-5.1.1 The email account that you tried to reach does not exist\n5.1.1 see our help",
    "550 5.2.1 This user is receiving mail at a rate that prevents more",
    "450 4.2.1 This user is receiving mail too quickly, over the daily limit",
    "552 5.2.2 The mailbox is full, its daily quota is exceeded",
    "452 4.2.2 over quota",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; no such recipient",
    "550 5.4.1 Recipient address rejected: Access denied",
    "550 5.7.133 SenderNotAuthenticatedForGroup; authentication required for this group",
    "550 5.7.124 the sender is not among those whom this group takes mail from",
    "550 5.1.2 Host unknown",
    "556 5.1.10 the domain takes no mail",
    "556 no mail here",
    "550 5.7.17 the mailbox has another owner now",
    "550 Unrouteable address",
    "550 No such user here",
    "550 sorry, no mailbox here by that name (#5.1.1)",
    "550 sorry, no mailbox here by that name",
    "550 #5.1.1 address rejected",
    "554 delivery error: This user doesn't have a yahoo.com account",
    "550 User unknown",
    "551 User not local; please try elsewhere",
]
UNCLEAR = [
    "550 5.7.1 Delivery not authorized, message refused",
    "550 5.7.0 no",
    "550 5.1.0 Address rejected",
    "550 5.4.4 no route",
    "550 5.5.0 Requested action not taken: mailbox unavailable",
    "550 Requested action not taken: mailbox unavailable",
    "550 no",
    "554 Transaction failed",
    "553 no",
    "450 4.7.1 Greylisted",
    "451 please try again later",
    "450 4.7.1 relays are slow today",
    "550 5.99.99 what",
    # An address on the network is no status code.
    "550 5.7.1.2 is not a code, and neither is (192.5.1.1)",
]


def parts(reply: str) -> tuple[int, str]:
    return int(reply[:3]), reply[4:]


@pytest.mark.parametrize("reply", ABOUT_US)
def test_a_reply_about_us_is_known(reply: str) -> None:
    assert fault_of(*parts(reply)) is Fault.OURS


@pytest.mark.parametrize("reply", ABOUT_THE_ADDRESSEE)
def test_a_reply_about_the_addressee_is_known(reply: str) -> None:
    assert fault_of(*parts(reply)) is Fault.ADDRESSEE


@pytest.mark.parametrize("reply", UNCLEAR)
def test_a_reply_that_could_be_about_either_is_left_open(reply: str) -> None:
    assert fault_of(*parts(reply)) is Fault.UNCLEAR


@pytest.mark.parametrize("stage", [SmtpStage.RECIPIENT, SmtpStage.CONTENT, SmtpStage.FINAL_DOT])
@pytest.mark.parametrize("reply", [*ABOUT_US, *UNCLEAR])
def test_no_reply_about_us_or_in_doubt_names_an_addressee(stage: SmtpStage, reply: str) -> None:
    assert not isinstance(meaning(stage, reply), BadRecipient)


@pytest.mark.parametrize(
    "stage", [SmtpStage.GREETING, SmtpStage.HELLO, SmtpStage.LOGIN, SmtpStage.SENDER]
)
@pytest.mark.parametrize("reply", [*ABOUT_US, *ABOUT_THE_ADDRESSEE, *UNCLEAR])
def test_before_rcpt_nothing_is_about_an_addressee(stage: SmtpStage, reply: str) -> None:
    assert not isinstance(meaning(stage, reply), BadRecipient | Deferred)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("550 5.4.5 Daily user sending limit exceeded", BroadcastRefused),
        ("550 5.1.8 bad outbound sender", BroadcastRefused),
        ("454 4.7.0 Throttling failure: Daily message quota exceeded.", BroadcastRefused),
        ("421 4.7.0 the daily sending limit is reached", BroadcastRefused),
        ("452 4.5.3 300 messages per day, the limit per day is reached", BroadcastRefused),
        ("454 4.7.0 Throttling failure: Maximum sending rate exceeded.", Throttled),
        ("421 4.7.0 too many connections, slow down", Throttled),
        ("450 4.7.25 cannot find your hostname", Throttled),
        ("450 4.7.1 Greylisted", Deferred),
        ("452 4.2.2 the mailbox is full", Deferred),
        ("450 4.2.1 receives more than the daily limit", Deferred),
        ("554 5.7.1 Relay access denied", BadCredentials),
        ("530 5.7.0 log in", BadCredentials),
        ("550 5.1.1 user unknown in relay recipient table", BadRecipient),
        ("550 5.7.1 message refused", Refused),
    ],
)
def test_what_follows_from_it_at_rcpt(reply: str, kind: type[ChannelError]) -> None:
    assert type(meaning(SmtpStage.RECIPIENT, reply)) is kind


def test_a_limit_is_told_as_one() -> None:
    error = meaning(SmtpStage.RECIPIENT, "550 5.4.5 Daily user sending limit exceeded")
    assert error.message == (
        "SMTP: the server says that a limit on our sending is reached (550 to RCPT TO)."
    )


def meaning(stage: SmtpStage, reply: str) -> ChannelError:
    code, text = parts(reply)
    return meaning_of_reply(stage, code, text, NOW)
