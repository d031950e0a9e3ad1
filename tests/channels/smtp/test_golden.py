"""A mail server's replies, step by step, and what each means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from channels.batch import Addressee, Addressees, Batch
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
from channels.smtp import SmtpChannel, SmtpSettings
from channels.smtp.mail import Letter
from channels.smtp.replies import SmtpStage, meaning_of_reply
from channels.smtp.session import SmtpPool
from domain.message import Copy, Voice
from tests.channels.sandbox_provider import READ_TIMEOUT
from tests.channels.smtp.smtp_script import DROP, HELLO, LATE, SILENT, Script, scripted

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
ADDRESS = "ann@customers.example"
COPY = Copy(
    channel="smtp",
    subject="We were broken into",
    text="We shut the leak.",
    voice=Voice(name="Joel", address="joel@acme.example"),
)
BATCH = Batch(
    "0123456789abcdef.1.1",
    "0123456789abcdef",
    COPY,
    Addressees.of([Addressee("0123456789abcdef.1", ADDRESS)]),
)
WITH_TLS = HELLO.replace("250-AUTH", "250-STARTTLS\r\n250-AUTH")
NO_AUTH = "250-mail.example\r\n250 8BITMIME"


def channel_to(port: int, *, security: str = "none", login: bool = False) -> SmtpChannel:
    settings = SmtpSettings(
        host="127.0.0.1",
        port=port,
        security=security,
        username="sender-login" if login else None,
        password="mail-password" if login else None,
        hello="worker.example",
        connect_timeout=READ_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        verdict_timeout=READ_TIMEOUT,
    )
    return SmtpChannel(settings, clock=lambda: NOW)


Row = tuple[str, Script, type[ChannelError]]

BEFORE_ANY_MAIL: list[Row] = [
    ("greeting, going away", {"GREETING": "421 4.3.2 later"}, Unreachable),
    ("greeting, too many of us", {"GREETING": "421 4.7.0 too many connections"}, Throttled),
    ("greeting, not now", {"GREETING": "450 busy"}, Throttled),
    ("greeting, never", {"GREETING": "554 5.7.1 you are on a list"}, BroadcastRefused),
    ("greeting of another protocol", {"GREETING": "HTTP/1.1 400 Bad Request"}, Unreachable),
    ("hung up at once", {"GREETING": DROP}, Unreachable),
    ("no greeting", {"GREETING": SILENT}, Unreachable),
    ("EHLO, going away", {"EHLO": "421 bye"}, Unreachable),
    ("EHLO and HELO refused", {"EHLO": "550 no", "HELO": "550 no"}, BroadcastRefused),
    ("hung up at EHLO", {"EHLO": DROP}, Unreachable),
    ("no answer to EHLO", {"EHLO": SILENT}, Unreachable),
    ("dead password", {"AUTH": "535 5.7.8 wrong"}, BadCredentials),
    ("stronger login needed", {"AUTH": "534 5.7.9 weak"}, BadCredentials),
    ("encryption needed to log in", {"AUTH": "538 5.7.11 encrypt"}, BadCredentials),
    ("unknown way of logging in", {"AUTH": "504 5.5.4 how?"}, BadCredentials),
    ("login, not now", {"AUTH": "454 4.7.0 later"}, Throttled),
    ("no way to log in", {"EHLO": NO_AUTH}, BadCredentials),
    ("hung up at login", {"AUTH": DROP}, Unreachable),
    ("no answer to login", {"AUTH": SILENT}, Unreachable),
]
ENCRYPTING: list[Row] = [
    ("not offered", {"EHLO": HELLO}, BadCredentials),
    ("not now", {"EHLO": WITH_TLS, "STARTTLS": "454 4.7.0 later"}, Throttled),
    ("refused", {"EHLO": WITH_TLS, "STARTTLS": "554 5.7.0 no"}, BroadcastRefused),
    ("no handshake follows", {"EHLO": WITH_TLS, "STARTTLS": "220 go\r\nnonsense"}, Unreachable),
    ("hung up", {"EHLO": WITH_TLS, "STARTTLS": DROP}, Unreachable),
]
SENDING: list[Row] = [
    ("MAIL, going away", {"MAIL": "421 4.4.2 idle for too long"}, Unreachable),
    ("MAIL, too fast", {"MAIL": "421 4.7.0 too fast"}, Throttled),
    ("MAIL, not now", {"MAIL": "451 4.3.0 later"}, Throttled),
    ("MAIL, no space", {"MAIL": "452 4.3.1 disk"}, Throttled),
    ("MAIL, log in first", {"MAIL": "530 5.7.0 log in"}, BadCredentials),
    ("MAIL, not your address", {"MAIL": "550 5.7.1 not yours"}, BroadcastRefused),
    ("MAIL, limit of a day", {"MAIL": "421 4.7.0 Daily sending limit exceeded"}, BroadcastRefused),
    ("MAIL, nobody of that name", {"MAIL": "550 5.1.1 unknown"}, BroadcastRefused),
    ("MAIL, too large", {"MAIL": "552 5.3.4 too large"}, BroadcastRefused),
    ("MAIL, hung up", {"MAIL": DROP}, Unreachable),
    ("MAIL, no answer", {"MAIL": SILENT}, Unreachable),
    ("MAIL, gibberish", {"MAIL": "what?"}, Unreachable),
    ("RCPT, greylisted", {"RCPT": "450 4.7.1 greylisted"}, Deferred),
    ("RCPT, mailbox full today", {"RCPT": "452 4.2.2 full"}, Deferred),
    ("RCPT, server out of space", {"RCPT": "452 4.3.1 disk"}, Throttled),
    ("RCPT, network", {"RCPT": "451 4.4.3 names cannot be looked up"}, Deferred),
    ("RCPT, no relaying for now", {"RCPT": "454 4.7.1 Relay access denied"}, BadCredentials),
    ("RCPT, going away", {"RCPT": "421 4.3.2 bye"}, Unreachable),
    ("RCPT, unknown", {"RCPT": "550 5.1.1 no such person"}, BadRecipient),
    ("RCPT, unknown, plain", {"RCPT": "550 no such person"}, BadRecipient),
    ("RCPT, no reason", {"RCPT": "550 no"}, Refused),
    ("RCPT, moved", {"RCPT": "551 5.1.6 try <x@elsewhere.example>"}, BadRecipient),
    ("RCPT, mailbox full", {"RCPT": "552 5.2.2 full"}, BadRecipient),
    ("RCPT, limit", {"RCPT": "550 5.4.5 Daily sending limit exceeded"}, BroadcastRefused),
    ("RCPT, no such name", {"RCPT": "553 5.1.3 syntax"}, BadRecipient),
    ("RCPT, a rule", {"RCPT": "550 5.7.1 not from there"}, Refused),
    ("RCPT, no relaying", {"RCPT": "554 5.7.1 Relay access denied"}, BadCredentials),
    ("RCPT, no relaying, other", {"RCPT": "550 5.7.54 Unable to relay"}, BadCredentials),
    ("RCPT, no relaying, plain", {"RCPT": "550 relaying prohibited"}, BadCredentials),
    ("RCPT, log in first", {"RCPT": "530 5.7.0 log in"}, BadCredentials),
    ("RCPT, hung up", {"RCPT": DROP}, Unreachable),
    ("RCPT, no answer", {"RCPT": SILENT}, Unreachable),
    ("DATA, not now", {"DATA": "451 4.3.0 later"}, Deferred),
    ("DATA, no space", {"DATA": "452 4.3.1 disk"}, Throttled),
    ("DATA, going away", {"DATA": "421 bye"}, Unreachable),
    ("DATA, no", {"DATA": "554 5.5.1 no valid recipients"}, Refused),
    ("DATA, hung up", {"DATA": DROP}, Unreachable),
    ("DATA, no answer", {"DATA": SILENT}, Unreachable),
    ("DATA, something else", {"DATA": "250 fine"}, Unreachable),
    ("verdict: not now", {"DOT": "451 4.7.1 later"}, Deferred),
    ("verdict: going away", {"DOT": "421 4.3.2 bye"}, Unreachable),
    ("verdict: too large", {"DOT": "552 5.3.4 too large"}, BroadcastRefused),
    ("verdict: not these words", {"DOT": "554 5.7.1 spam"}, Refused),
    ("verdict: nobody by that name", {"DOT": "550 5.1.1 unknown"}, BadRecipient),
    ("verdict: limit", {"DOT": "554 5.4.5 sending limit reached"}, BroadcastRefused),
    ("verdict: hung up", {"DOT": DROP}, OutcomeUnknown),
    ("verdict: none", {"DOT": SILENT}, OutcomeUnknown),
    ("verdict: gibberish", {"DOT": "well..."}, OutcomeUnknown),
    ("verdict: go on", {"DOT": "354 go on"}, OutcomeUnknown),
    ("verdict: no such code", {"DOT": "650 what"}, OutcomeUnknown),
]


def cases(rows: list[Row]) -> list[object]:
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


async def outcome(script: Script, **settings: object) -> tuple[ChannelError, list[bytes]]:
    """How sending one mail to such a server ends."""
    async with scripted(script) as server:
        channel = channel_to(server.port, **settings)  # type: ignore[arg-type]
        with pytest.raises(ChannelError) as caught:
            await channel.send(BATCH)
        await channel.close()
        return caught.value, server.mails


@pytest.mark.parametrize(("script", "meaning"), cases(BEFORE_ANY_MAIL))
async def test_what_a_server_says_before_any_mail_means_that_nothing_went_out(
    script: Script, meaning: type[ChannelError]
) -> None:
    error, mails = await outcome(script, login=True)
    assert (type(error), mails) == (meaning, [])


@pytest.mark.parametrize(("script", "meaning"), cases(ENCRYPTING))
async def test_a_connection_that_cannot_be_encrypted_carries_nothing(
    script: Script, meaning: type[ChannelError]
) -> None:
    error, mails = await outcome(script, security="starttls")
    assert (type(error), mails) == (meaning, [])


@pytest.mark.parametrize(("script", "meaning"), cases(SENDING))
async def test_a_reply_means_what_the_table_says(
    script: Script, meaning: type[ChannelError]
) -> None:
    error, mails = await outcome(script)
    assert (type(error), mails) == (meaning, [])
    assert error.next_step or isinstance(error, Throttled)


@pytest.mark.parametrize(("script", "meaning"), cases([*SENDING, *BEFORE_ANY_MAIL]))
async def test_a_check_never_raises(script: Script, meaning: type[ChannelError]) -> None:
    async with scripted(script) as server:
        channel = channel_to(server.port, login=True)
        health = await channel.check()
        await channel.close()
    fails_before_any_mail = not {"MAIL", "RCPT", "DATA", "DOT"} & script.keys()
    assert health.ok == (not fails_before_any_mail)
    assert health.detail


@pytest.mark.parametrize(
    "script",
    [
        {"EHLO": "502 5.5.1 what?"},
        {"EHLO": "250 mail.example"},
        {"RCPT": "251 2.1.5 will forward"},
        {"DOT": "250-2.0.0 taken\r\n250 and queued as 4F1"},
    ],
    ids=["an old server", "a bare one", "one that forwards", "one of many words"],
)
async def test_a_server_of_few_or_many_words_is_understood(script: Script) -> None:
    async with scripted(script) as server:
        channel = channel_to(server.port)
        await channel.send(BATCH)
        await channel.close()
        assert len(server.mails) == 1


async def test_a_connection_that_breaks_before_the_final_dot_delivered_nothing() -> None:
    """Such a mail may go again at once: what did not end was never taken (RFC 5321, 4.1.1.4)."""
    content = b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * 400_000
    long = Letter("joel@acme.example", ADDRESS, content, "m", needs_utf8=False)
    async with scripted({"BODY": DROP}) as server:
        channel = channel_to(server.port)
        pool = SmtpPool(channel._settings.line(), 1, lambda: NOW)
        with pytest.raises(Unreachable, match="nothing went out"):
            await pool.deliver(long)
        await pool.close()


async def test_only_addressees_whom_the_server_names_are_entered_as_bad() -> None:
    error, _ = await outcome({"RCPT": "550 5.1.1 no such person"})
    assert isinstance(error, BadRecipient)
    assert error.positions == (0,)


@pytest.mark.parametrize(
    ("stage", "reply", "wait"),
    [
        (SmtpStage.RECIPIENT, "450 4.7.1 Greylisted for 300 seconds", timedelta(minutes=5)),
        (SmtpStage.RECIPIENT, "450 4.7.1 Greylisted, see you in 7 minutes.", timedelta(minutes=7)),
        (SmtpStage.RECIPIENT, "451 4.7.1 try again later", timedelta(minutes=5)),
        (SmtpStage.SENDER, "451 4.7.1 try again later", timedelta(minutes=1)),
        (SmtpStage.SENDER, "450 4.7.1 retry in 90s", timedelta(seconds=90)),
        (SmtpStage.SENDER, "450 4.7.1 retry in 1 hr", timedelta(hours=1)),
        (SmtpStage.SENDER, "450 4.7.1 retry in 86400 seconds", timedelta(hours=1)),
        (SmtpStage.SENDER, "450 4.7.1 retry in 0 seconds", timedelta(minutes=1)),
        (SmtpStage.SENDER, "450 4.7.1 limit of 500 messages", timedelta(minutes=1)),
        (SmtpStage.SENDER, "450 4.7.1 no more than 20 m8s", timedelta(minutes=1)),
        (SmtpStage.GREETING, "421 come back in 2 minutes", timedelta(minutes=2)),
    ],
)
def test_a_mail_that_is_put_off_waits_for_as_long_as_it_was_told(
    stage: SmtpStage, reply: str, wait: timedelta
) -> None:
    error = meaning_of_reply(stage, int(reply[:3]), reply[4:], NOW)
    assert isinstance(error, Throttled)
    assert error.until == NOW + wait


# Connections


async def test_one_connection_carries_one_mail_after_another() -> None:
    async with scripted({}) as server:
        channel = channel_to(server.port)
        for _ in range(5):
            await channel.send(BATCH)
        await channel.close()
        assert (server.connections, len(server.mails)) == (1, 5)
        assert server.heard[-1] == "QUIT"


async def test_a_connection_survives_a_mail_that_is_refused() -> None:
    async with scripted({"RCPT": "550 5.1.1 unknown"}) as server:
        channel = channel_to(server.port)
        with pytest.raises(BadRecipient):
            await channel.send(BATCH)
        del server.script["RCPT"]
        await channel.send(BATCH)
        await channel.close()
        assert (server.connections, len(server.mails)) == (1, 1)


@pytest.mark.parametrize("reply", [DROP, "421 4.4.2 you were silent for too long"])
async def test_a_server_that_grew_tired_of_waiting_is_called_again(reply: str) -> None:
    async with scripted({}) as server:
        channel = channel_to(server.port)
        await channel.send(BATCH)
        server.script["MAIL"] = reply
        server.on_connect = server.script.clear
        await channel.send(BATCH)
        await channel.close()
        assert (server.connections, len(server.mails)) == (2, 2)


async def test_a_mail_without_a_verdict_is_not_sent_through_another_connection() -> None:
    async with scripted({}) as server:
        channel = channel_to(server.port)
        await channel.send(BATCH)
        server.script["DOT"] = DROP
        with pytest.raises(OutcomeUnknown):
            await channel.send(BATCH)
        await channel.close()
        assert [line for line in server.heard if line == "DATA"] == ["DATA", "DATA"]


async def test_the_reply_to_a_mail_that_was_called_off_does_not_answer_for_the_next() -> None:
    async with scripted({"DOT": LATE}) as server:
        channel = channel_to(server.port)
        first = asyncio.create_task(channel.send(BATCH))
        await until(lambda: "DATA" in server.heard)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        del server.script["DOT"]
        second = asyncio.create_task(channel.send(BATCH))
        await asyncio.sleep(0)
        server.told_to.set()
        await second
        await channel.close()
        assert len(server.mails) == 1


async def until(true: Callable[[], bool]) -> None:
    """Wait for the server to have come so far."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)
