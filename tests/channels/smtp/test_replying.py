"""A mail is answered by a mail in its thread, to its author, through a real mail server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from channels.contract import CannotExpress, OutcomeUnknown, Publication
from channels.contract_suite.stand_in import Misbehaviour
from channels.replying import NotAllowed, Replies
from channels.smtp.channel import HearingSmtpChannel, smtp_channel
from channels.smtp.settings import SmtpSettings
from domain.mentions import Author, Mention, MentionKind
from domain.publication import Finding
from tests.channels.smtp.smtp_world import MailServer, mail_server

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
TO = Mention(
    channel="smtp",
    id="1.question@customers.example~0123456789ab",
    kind=MentionKind.MAIL,
    conversation="0.ours@acme.example",
    reply_to="0.ours@acme.example",
    author=Author(id="ann@customers.example", handle="Ann@customers.example", name="Ann"),
    text="Größeres Leck?\n\nAm I safe?",
    written_at=NOW,
    changed_at=NOW,
    private=True,
)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def channel(server: MailServer) -> AsyncIterator[HearingSmtpChannel]:
    settings = {
        "host": "localhost",
        "port": server.port,
        "security": "none",
        "from_address": "help@acme.example",
        "from_name": "Acme",
        "read_timeout": 0.5,
        "verdict_timeout": 0.5,
        "mailbox_host": "localhost",
        "mailbox_security": "none",
        "mailbox_username": "help",
        "mailbox_password": "word",
    }
    channel = smtp_channel(SmtpSettings.model_validate(settings))
    assert isinstance(channel, HearingSmtpChannel)
    yield channel
    await channel.close()


async def answer(channel: Replies, to: Mention = TO) -> str:
    copy = channel.render_reply("You are.", to)
    return (await channel.reply(Publication("reply/1.1", copy), to)).id


async def test_an_answer_is_in_the_thread_of_the_mail(
    server: MailServer, channel: HearingSmtpChannel
) -> None:
    number = await answer(channel)
    [taken] = server.taken
    mail = taken.mail
    assert taken.recipient == "Ann@customers.example"
    assert (mail["from"], mail["subject"]) == ("Acme <help@acme.example>", "Re: Größeres Leck?")
    assert mail["in-reply-to"] == "<1.question@customers.example>"
    assert mail["references"].split() == [
        "<0.ours@acme.example>",
        "<1.question@customers.example>",
    ]
    assert taken.part("plain").strip() == "You are."
    assert mail["message-id"] == f"<{number}>"
    found = await channel.find_reply(TO, NOW)
    assert found.finding is Finding.CANNOT_TELL
    assert number.partition("@")[0] in found.why, "whoever looks in the log knows for what"


async def test_the_same_mail_is_answered_under_the_same_number(
    server: MailServer, channel: HearingSmtpChannel
) -> None:
    server.next = Misbehaviour.DROPS_AFTER
    with pytest.raises(OutcomeUnknown):
        await answer(channel)
    await answer(channel)
    assert len({taken.mail["message-id"] for taken in server.taken}) == 1


@pytest.mark.parametrize(
    "address", ["ann@customers.example", "no address", "a@b\r\nBcc: x@y.example"]
)
async def test_an_author_who_takes_no_mail_is_for_a_person(
    server: MailServer, channel: HearingSmtpChannel, address: str
) -> None:
    server.refuses = {address: "550 5.1.1 no such person"}
    author = Author(id=address, handle=address)
    with pytest.raises(NotAllowed):
        await answer(channel, TO.model_copy(update={"author": author}))
    assert not server.taken


@pytest.mark.parametrize("number", ["~0123456789ab", "a\u202eb c~0123456789ab", "<x>\r\nBcc: y~0"])
async def test_a_mail_without_a_usable_number_is_answered_outside_of_a_thread(
    server: MailServer, channel: HearingSmtpChannel, number: str
) -> None:
    text = "Re: one\r\nBcc: all@acme.example\n\nwhat?"
    odd = TO.model_copy(update={"id": number, "conversation": number, "text": text})
    await answer(channel, odd)
    [taken] = server.taken
    assert taken.mail["in-reply-to"] is None
    assert taken.mail["bcc"] is None
    assert taken.mail["subject"] == "Re: one Bcc: all@acme.example"


async def test_without_a_sender_nothing_is_rendered(server: MailServer) -> None:
    settings = {"host": "localhost", "mailbox_host": "localhost", "mailbox_username": "help"}
    settings |= {"mailbox_password": "word", "security": "none", "mailbox_security": "none"}
    channel = smtp_channel(SmtpSettings.model_validate(settings))
    assert isinstance(channel, HearingSmtpChannel)
    with pytest.raises(CannotExpress, match="no sender"):
        channel.render_reply("You are.", TO)
