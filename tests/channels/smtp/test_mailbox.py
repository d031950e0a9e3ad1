"""Reading a mailbox on a real IMAP server: all of it, once, and whatever strangers put into it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from channels.contract import BadCredentials, Refused, Unreachable
from channels.letter_words import BEGINNING, letter_of, without_quotations
from channels.listening import Listens
from channels.smtp import SmtpSettings
from channels.smtp.channel import HearingSmtpChannel, SmtpChannel, smtp_channel
from channels.smtp.mailbox import PAGE_SIZE
from domain.listening import Cursor, MentionPage
from domain.mentions import LONGEST_TEXT, Mention, MentionKind
from tests.channels.smtp.dovecot import ImapServer, imap_server

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as running:
        yield running


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A mailbox of the test's own."""
    return str(abs(hash(request.node.nodeid)))


@pytest.fixture
async def channel(server: ImapServer, user: str) -> AsyncIterator[HearingSmtpChannel]:
    one = server.channel(user)
    yield one
    await one.close()


def mail(number: int = 0, text: str = "Where is my order?", **headers: str) -> EmailMessage:
    one = EmailMessage()
    one["From"] = "Ana Lima <Ana@Example.com>"
    one["To"] = "help@brand.example"
    one["Subject"] = f"Question {number}"
    one["Date"] = format_datetime(AT)
    one["Message-ID"] = f"<{number}.question@example.com>"
    for name, value in headers.items():
        del one[name.replace("_", "-")]
        one[name.replace("_", "-")] = value
    one.set_content(text)
    return one


async def all_of(channel: Listens, cursor: Cursor) -> tuple[list[Mention], Cursor]:
    read: list[Mention] = []
    for _ in range(20):
        page = await channel.mentions(cursor)
        read += page.mentions
        cursor = page.cursor
        if not page.more:
            return read, cursor
    raise AssertionError("there is always more")


async def test_a_mail_becomes_a_mention(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    server.put(user, mail(1, In_Reply_To="<0.ours@brand.example>"))
    (mention,), _ = await all_of(channel, Cursor())
    assert mention.id.startswith("1.question@example.com~")
    assert mention.kind is MentionKind.MAIL
    assert mention.author.id == "ana@example.com"
    assert mention.author.handle == "Ana@Example.com"
    assert mention.author.name == "Ana Lima"
    assert mention.text == "Question 1\n\nWhere is my order?"
    assert mention.reply_to == mention.conversation == "0.ours@brand.example"
    assert mention.written_at == AT
    assert mention.private
    assert not mention.automatic


async def test_everything_is_read_once_and_then_only_what_is_new(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    server.put(user, mail(0))
    _, cursor = await all_of(channel, Cursor())
    server.put(user, *(mail(number) for number in range(1, PAGE_SIZE + 21)))
    first = await channel.mentions(cursor)
    assert first.more
    assert len(first.mentions) == PAGE_SIZE
    again = await channel.mentions(cursor)
    assert again == first
    rest, cursor = await all_of(channel, first.cursor)
    assert [one.text.split("\n")[0] for one in (*rest, *first.mentions)] == [
        f"Question {number}" for number in range(PAGE_SIZE + 20, 0, -1)
    ][:20] + [f"Question {number}" for number in range(PAGE_SIZE, 0, -1)]
    assert await channel.mentions(cursor) == MentionPage(cursor=cursor)
    with server.open(user) as box:
        assert not list(box.fetch("SEEN", mark_seen=False)), "what was read here stays unread"


async def test_the_first_reading_begins_with_the_newest_page(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    server.put(user, *(mail(number) for number in range(PAGE_SIZE + 3)))
    read, _ = await all_of(channel, Cursor())
    assert len(read) == PAGE_SIZE
    assert read[-1].text.startswith("Question 3\n")


async def test_an_empty_folder_has_a_beginning(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    nothing, cursor = await all_of(channel, Cursor())
    assert not nothing
    server.put(user, mail(1))
    assert len((await all_of(channel, cursor))[0]) == 1


async def test_under_new_numbers_everything_is_read_again_under_the_same_ids(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    server.put(user, mail(1), mail(2))
    read, cursor = await all_of(channel, Cursor())
    validity, uid = cursor.since.split()
    other = Cursor(since=f"{int(validity) - 1} {uid}")
    again, after = await all_of(channel, other)
    assert {one.id for one in again} == {one.id for one in read}
    assert after == cursor


async def test_mails_with_the_same_message_id_are_mentions_of_their_own(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    same = "<always@program.example>"
    server.put(user, mail(1, Message_ID=same), mail(2, "Another", Message_ID=same))
    read, _ = await all_of(channel, Cursor())
    assert len({one.id for one in read}) == 2


async def test_what_was_deleted_meanwhile_is_left_out(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    server.put(user, mail(1), mail(2), mail(3))
    with server.open(user) as box:
        box.delete([box.uids()[1], box.uids()[2]])
    read, cursor = await all_of(channel, Cursor())
    assert len(read) == 1
    server.put(user, mail(4))
    (new,), _ = await all_of(channel, cursor)
    assert new.text.startswith("Question 4")


async def test_attachments_are_not_read_and_words_behind_them_are_told_to_be_missing(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    large = mail(1, "See the picture.")
    large.add_attachment(b"\x89PNG" + b"x" * BEGINNING * 2, maintype="image", subtype="png")
    long = mail(2, "word " * LONGEST_TEXT)
    server.put(user, large, long)
    by_subject = {one.text.split("\n")[0]: one for one in (await all_of(channel, Cursor()))[0]}
    assert by_subject["Question 1"].text == "Question 1\n\nSee the picture."
    assert by_subject["Question 2"].cut
    assert len(by_subject["Question 2"].text) == LONGEST_TEXT


HOSTILE = (
    b"",
    b"\r\n",
    b"From: \xff\xfe\r\nSubject: =?x-unknown?Q?=ZZ?=\r\n\r\n\xff\xfe\x00body",
    b"From: a@example.com\r\nDate: yesterday\r\nContent-Type: text/plain; charset=odd\r\n\r\nhi",
    b"From: a@example.com\r\nDate: Sat, 99 Nov 99999 99:99:99 +9999\r\n\r\nhi",
    b"From: b@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nno end",
    b"From: c@example.com\r\nMessage-ID: " + b"<" + b"m" * 3000 + b"@x>\r\n\r\nlong id",
    "From: d@example.com\r\nSubject: \u202egnp.exe\r\n\r\n\x1b[2J<script>".encode(),
    b"From: e@example.com\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!",
    b"From: f@example.com, g@example.com\r\nFrom: h@example.com\r\n\r\ntwo senders",
)


async def test_whatever_strangers_send_is_a_mention_and_costs_no_other(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    server.put(user, mail(1), *(one or b"\n" for one in HOSTILE), mail(2))
    read, _ = await all_of(channel, Cursor())
    assert len(read) == len(HOSTILE) + 2
    assert not any(one.automatic for one in read), "dismissed by a rule, and seen by nobody"
    assert len({one.id for one in read}) >= len(HOSTILE) + 1
    assert all(one.written_at <= datetime.now(UTC) for one in read)


@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_mail_is_read_as_far_as_it_goes(content: bytes) -> None:
    letter_of(content)


async def test_answers_of_machines_are_marked(
    server: ImapServer, channel: HearingSmtpChannel, user: str
) -> None:
    server.put(
        user,
        mail(1),
        mail(2, Auto_Submitted="auto-replied"),
        mail(3, Precedence="bulk"),
        mail(4, Return_Path="<>"),
        mail(5, Return_Path="<ana@example.com>", Auto_Submitted="no"),
    )
    read, _ = await all_of(channel, Cursor())
    assert {one.text[9]: one.automatic for one in read} == {
        "1": False,
        "2": True,
        "3": True,
        "4": True,
        "5": False,
    }


def test_quotations_are_left_out() -> None:
    assert without_quotations("No.\n\nAm Samstag schrieb Sie:\n\n> We are sorry\n> all\n") == "No."
    assert without_quotations("> Is it safe?\nYes?\n> When?\nToday?") == "Yes?\nToday?"
    assert without_quotations("> only a quotation") == "> only a quotation"


def test_a_mail_in_html_alone_is_read() -> None:
    content = (
        b"From: a@example.com\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        b"<html><head><style>p{}</style></head><body><p>Hello</p><p>caf&eacute;?</p></body></html>"
    )
    assert letter_of(content).words == "Hello\n\ncaf\u00e9?"


async def test_the_mailbox_is_reached_with_encryption(server: ImapServer, user: str) -> None:
    server.put(user, mail(1))
    for security, port in (("tls", server.tls_port), ("starttls", server.port)):
        one = server.channel(
            user, mailbox_security=security, mailbox_port=port, ca_file=server.ca_file
        )
        assert len((await one.mentions(Cursor())).mentions) == 1


async def test_a_certificate_that_nobody_trusts_is_not_accepted(
    server: ImapServer, user: str
) -> None:
    one = server.channel(user, mailbox_security="tls", mailbox_port=server.tls_port)
    with pytest.raises(BadCredentials, match="no encrypted connection"):
        await one.mentions(Cursor())


async def test_a_wrong_password_is_told_without_it(server: ImapServer, user: str) -> None:
    one = server.channel(user, mailbox_password="not-the-password")
    with pytest.raises(BadCredentials, match="does not take the login") as caught:
        await one.mentions(Cursor())
    assert "not-the-password" not in str(caught.value)
    assert user not in str(caught.value)


async def test_a_folder_that_is_not_there_is_refused(server: ImapServer, user: str) -> None:
    with pytest.raises(Refused, match="'Nowhere' cannot be opened"):
        await server.channel(user, mailbox_folder="Nowhere").mentions(Cursor())


async def test_a_server_that_says_nothing_or_nonsense_is_unreachable(
    server: ImapServer, user: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        one = server.channel(user, mailbox_port=port, read_timeout=0.5)
        with pytest.raises(Unreachable):
            await one.mentions(Cursor())
    with pytest.raises(Unreachable):
        await server.channel(user, mailbox_port=port).mentions(Cursor())


async def test_check_says_how_the_mailbox_is(
    server: ImapServer, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fine(_: SmtpChannel) -> object:
        from channels.contract import Health

        return Health(ok=True, detail="SMTP: the server answers.", account="127.0.0.1:25")

    monkeypatch.setattr(SmtpChannel, "check", fine)
    server.put(user, mail(1))
    health = await server.channel(user).check()
    assert health.ok
    assert "IMAP: the mailbox can be read (1 mails)" in health.detail
    health = await server.channel(user, mailbox_password="wrong").check()
    assert not health.ok
    assert "does not take the login" in health.detail


def test_it_listens_only_where_a_mailbox_is_configured(tmp_path: Path) -> None:
    without = smtp_channel(SmtpSettings(host="mail.example"))
    assert not isinstance(without, Listens)
    assert not without.capabilities.listens
    with_one = smtp_channel(
        SmtpSettings(
            host="mail.example",
            mailbox_host="imap.example",
            mailbox_username="help",
            mailbox_password="secret",
        )
    )
    assert isinstance(with_one, Listens)
    assert with_one.capabilities.listens


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mailbox_host": "imap.example"}, "read with a username"),
        ({"mailbox_host": "imap.example", "mailbox_username": "help"}, "read with a username"),
        (
            {
                "mailbox_host": "imap.example",
                "mailbox_username": "help",
                "mailbox_password": "secret",
                "mailbox_security": "none",
            },
            "without encryption",
        ),
    ],
)
def test_a_mailbox_without_a_login_or_in_the_clear_is_refused(
    values: dict[str, str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        SmtpSettings.model_validate({"host": "mail.example", **values})
