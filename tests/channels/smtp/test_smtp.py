"""Mail through a real mail server: the promises of every channel, and what SMTP adds to them."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels import registry
from channels.batch import Addressee, Addressees, Batch
from channels.configured import ChannelMisconfigured
from channels.contract import BadCredentials, BadRecipient, DirectChannel, Refused, Unreachable
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.stand_in import StandIn
from channels.smtp import SmtpChannel, SmtpSettings
from domain.message import Copy, Voice
from tests.channels.smtp.smtp_world import (
    PASSWORD,
    USER,
    MailProvider,
    MailServer,
    certificate_of,
    channel_at,
    mail_server,
)

Certificate = tuple[ssl.SSLContext, Path]

BROADCAST = "0123456789abcdef"
COPY = Copy(
    channel="smtp",
    subject="Größeres Leck, [[first_name]]",
    text="Dein Code: [[code]].\n.\n..zwei Punkte\nFrom: niemand",
    html='<p>Dein Code: <b>[[code]]</b>. <a href="https://acme.example/ü">Mehr</a></p>',
    voice=Voice(name='Joël "J." Müller', address="joel@acme.example", reply_to="help@acme.example"),
)
VALUES = {"first_name": "Ann O'Neil", "code": "K7QF-2M9X-0TBDV"}
LINK = f"https://acme.example/unsubscribe/{'x' * 300}"


def batch(address: str = "ann@customers.example", *, copy: Copy = COPY, **values: str) -> Batch:
    person = Addressee(f"{BROADCAST}.7", address, {**VALUES, **values})
    return Batch(f"{BROADCAST}.7.1", BROADCAST, copy, Addressees.of([person]))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_of("localhost", tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """A server on this machine that neither encrypts nor asks who we are."""
    async with mail_server() as server:
        yield server


@pytest.fixture
async def channel(server: MailServer) -> AsyncIterator[SmtpChannel]:
    channel = channel_at(server.port, security="none")
    yield channel
    await channel.close()


class TestSmtp(ChannelContract):
    @pytest.fixture
    async def provider(self, certificate: Certificate) -> AsyncIterator[StandIn]:
        context, trusted = certificate
        async with mail_server(starttls=context) as server:
            yield MailProvider(server, trusted)


# What arrives


async def test_a_mail_program_shows_what_was_signed(
    server: MailServer, channel: SmtpChannel
) -> None:
    await channel.send(batch())
    [taken] = server.taken
    assert str(taken.mail["subject"]) == "Größeres Leck, Ann O'Neil"
    assert str(taken.mail["from"]) == '"Joël \\"J.\\" Müller" <joel@acme.example>'
    assert str(taken.mail["to"]) == "ann@customers.example"
    assert str(taken.mail["reply-to"]) == "help@acme.example"
    assert taken.part("plain") == ("Dein Code: K7QF-2M9X-0TBDV.\n.\n..zwei Punkte\nFrom: niemand\n")
    assert "<b>K7QF-2M9X-0TBDV</b>" in taken.part("html")
    assert "https://acme.example/ü" in taken.part("html")


async def test_a_mail_without_html_is_plain_text(server: MailServer, channel: SmtpChannel) -> None:
    await channel.send(batch(copy=COPY.model_copy(update={"html": None})))
    assert server.taken[0].mail.get_content_type() == "text/plain"


async def test_nothing_on_the_wire_has_to_be_converted_on_the_way(
    server: MailServer, channel: SmtpChannel
) -> None:
    """A relay that converts a mail breaks its DKIM signature."""
    await channel.send(batch(copy=COPY.model_copy(update={"text": "ü" * 5000})))
    raw = server.taken[0].raw
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


async def test_every_attempt_at_a_delivery_has_the_same_message_id(
    server: MailServer, channel: SmtpChannel
) -> None:
    first = await channel.send(batch())
    again = await channel.send(batch())
    ids = [str(one.mail["message-id"]) for one in server.taken]
    assert ids == [f"<{BROADCAST}.7@acme.example>"] * 2
    assert first.id == again.id == f"{BROADCAST}.7@acme.example"


async def test_a_mail_can_be_unsubscribed_from_with_one_click(
    server: MailServer, channel: SmtpChannel
) -> None:
    """Folded into encoded words, as Python does with long links, it would be no link."""
    await channel.send(batch(unsubscribe_url=LINK))
    await channel.send(batch())
    lines = server.taken[0].raw.decode().split("\r\n")
    assert f"List-Unsubscribe: <{LINK}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert "List-Unsubscribe" not in server.taken[1].mail


async def test_mail_that_comes_back_goes_where_it_is_configured(server: MailServer) -> None:
    channel = channel_at(server.port, security="none", bounces_to="bounces@acme.example")
    await channel.send(batch())
    await channel.close()
    [taken] = server.taken
    assert taken.sender == "bounces@acme.example"
    assert "bounces" not in taken.raw.decode()


@pytest.mark.parametrize(
    "values",
    [
        {"code": "<b>"},
        {"code": "a\r\nBcc: everybody@customers.example"},
        {"first_name": "[[code]]"},
        {"unsubscribe_url": "mailto:list@acme.example"},
        {"unsubscribe_url": "https://acme.example/\r\nBcc:x"},
        {"unsubscribe_url": "https://acme.example/a b"},
    ],
)
async def test_an_addressee_with_a_value_that_is_no_plain_text_gets_nothing(
    server: MailServer, channel: SmtpChannel, values: dict[str, str]
) -> None:
    with pytest.raises(BadRecipient) as caught:
        await channel.send(batch(**values))
    assert (caught.value.positions, server.taken) == ((0,), [])


async def test_an_addressee_who_lacks_a_value_gets_nothing(
    server: MailServer, channel: SmtpChannel
) -> None:
    people = (Addressee(f"{BROADCAST}.7", "ann@customers.example", {"code": "x"}),)
    with pytest.raises(BadRecipient, match="is missing"):
        await channel.send(Batch(f"{BROADCAST}.7.1", BROADCAST, COPY, Addressees.of(people)))
    assert server.taken == []


async def test_copy_without_a_sender_is_for_a_person_to_mend(
    server: MailServer, channel: SmtpChannel
) -> None:
    with pytest.raises(Refused, match="FRONTFOOT_SMTP_FROM_ADDRESS"):
        await channel.send(batch(copy=COPY.model_copy(update={"voice": None})))
    assert server.taken == []


# Letters beyond ASCII


async def test_a_domain_beyond_ascii_is_reached_through_any_server() -> None:
    async with mail_server(utf8=False) as server:
        channel = channel_at(server.port, security="none")
        await channel.send(batch("ann@münchen.example"))
        await channel.close()
        assert server.taken[0].recipient == "ann@xn--mnchen-3ya.example"


async def test_a_name_beyond_ascii_is_reached_where_the_server_can(
    server: MailServer, channel: SmtpChannel
) -> None:
    await channel.send(batch("jörg@münchen.example"))
    await channel.send(batch())
    taken, plain = server.taken
    assert taken.recipient == "jörg@xn--mnchen-3ya.example"
    assert "SMTPUTF8" in taken.options
    assert "To: jörg@xn--mnchen-3ya.example" in taken.raw.decode()
    assert "SMTPUTF8" not in plain.options


async def test_a_name_beyond_ascii_is_refused_with_words_where_the_server_cannot() -> None:
    async with mail_server(utf8=False) as server:
        channel = channel_at(server.port, security="none")
        with pytest.raises(BadRecipient, match="takes no letters beyond ASCII") as caught:
            await channel.send(batch("jörg@customers.example"))
        await channel.send(batch())
        await channel.close()
        assert caught.value.positions == (0,)
        assert "jörg" not in str(caught.value)
        assert [one.recipient for one in server.taken] == ["ann@customers.example"]


async def test_a_sender_beyond_ascii_is_not_held_against_the_addressee() -> None:
    voice = Voice(name="Joël", address="joël@acme.example")
    async with mail_server(utf8=False) as server:
        channel = channel_at(server.port, security="none")
        with pytest.raises(Refused) as caught:
            await channel.send(batch(copy=COPY.model_copy(update={"voice": voice})))
        await channel.close()
    assert type(caught.value) is Refused


# Size


async def test_a_mail_that_is_too_large_is_refused_before_it_is_sent() -> None:
    async with mail_server(size=2000) as server:
        channel = channel_at(server.port, security="none")
        with pytest.raises(Refused, match="552 to MAIL FROM"):
            await channel.send(batch(copy=COPY.model_copy(update={"text": "x" * 3000})))
        await channel.send(batch())
        await channel.close()
        assert len(server.taken) == 1


# Encryption and login


def logged_in(port: int, **settings: Any) -> SmtpChannel:
    return channel_at(port, **{"username": USER, "password": PASSWORD, **settings})


async def test_a_connection_can_be_encrypted_from_its_first_byte(certificate: Certificate) -> None:
    context, trusted = certificate
    async with mail_server(tls=context) as server:
        channel = channel_at(server.port, security="tls", ca_file=trusted)
        assert (await channel.check()).ok
        await channel.send(batch())
        await channel.close()
        assert len(server.taken) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    certificate: Certificate, security: str
) -> None:
    context, _ = certificate
    offered = {"tls" if security == "tls" else "starttls": context}
    async with mail_server(**offered) as server:
        channel = logged_in(server.port, security=security)
        with pytest.raises(Unreachable, match="no encrypted connection"):
            await channel.send(batch())
        await channel.close()
        assert (server.taken, server.logins) == ([], 0)


async def test_a_certificate_of_another_name_gets_no_mail(tmp_path: Path) -> None:
    context, trusted = certificate_of("elsewhere.example", tmp_path)
    async with mail_server(starttls=context) as server:
        channel = logged_in(server.port, ca_file=trusted)
        with pytest.raises(Unreachable, match="no encrypted connection"):
            await channel.send(batch())
        await channel.close()
        assert server.logins == 0


async def test_a_server_that_does_not_encrypt_is_not_given_the_password(
    server: MailServer,
) -> None:
    channel = logged_in(server.port)
    with pytest.raises(BadCredentials, match="offers no STARTTLS"):
        await channel.send(batch())
    await channel.close()
    assert (server.logins, server.taken) == (0, [])


async def test_a_file_of_certificates_that_is_not_there_is_named(server: MailServer) -> None:
    channel = channel_at(server.port, ca_file=Path("no-such-file.pem"))
    health = await channel.check()
    await channel.close()
    assert not health.ok
    assert "FRONTFOOT_SMTP_CA_FILE" in health.detail


async def test_the_check_says_whether_the_login_is_taken(certificate: Certificate) -> None:
    context, trusted = certificate
    async with mail_server(starttls=context) as server:
        for password, ok in ((PASSWORD, True), ("wrong", False)):
            channel = logged_in(server.port, password=password, ca_file=trusted)
            health = await channel.check()
            await channel.close()
            assert (health.ok, health.account) == (ok, f"localhost:{server.port}")
            assert ("FRONTFOOT_SMTP_USERNAME" in health.detail) == (not ok)
        assert server.taken == []


# Many at once, and endings


async def test_no_more_connections_are_opened_than_configured(certificate: Certificate) -> None:
    context, trusted = certificate
    async with mail_server(starttls=context) as server:
        channel = logged_in(server.port, ca_file=trusted, connections=2)
        await asyncio.gather(*(channel.send(batch(f"p{n}@customers.example")) for n in range(20)))
        await channel.close()
        assert sorted(one.recipient for one in server.taken) == sorted(
            f"p{n}@customers.example" for n in range(20)
        )
        assert server.logins == 2


async def test_a_refused_addressee_does_not_cost_the_next_one_the_mail(
    server: MailServer, channel: SmtpChannel
) -> None:
    server.refuses["gone@customers.example"] = "550 5.1.1 no gone@customers.example here"
    with pytest.raises(BadRecipient) as caught:
        await channel.send(batch("gone@customers.example"))
    await channel.send(batch())
    assert "gone" not in str(caught.value)
    assert len(server.taken) == 1


# Settings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for variable in [one for one in os.environ if one.startswith("FRONTFOOT_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("FRONTFOOT_SMTP_HOST", "mail.acme.example")
    return monkeypatch


def test_the_channel_is_built_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FRONTFOOT_SMTP_USERNAME", USER)
    environment.setenv("FRONTFOOT_SMTP_PASSWORD", PASSWORD)
    assert isinstance(registry.build(["smtp"])["smtp"], DirectChannel)
    shown = registry.masked("smtp")
    assert shown["FRONTFOOT_SMTP_PASSWORD"] == "set"
    assert PASSWORD not in str(shown)


@pytest.mark.parametrize(
    ("set_to", "named"),
    [
        ({"HOST": ""}, "FRONTFOOT_SMTP_HOST (name of the mail server) is not set"),
        ({"HOST": "mail acme"}, "FRONTFOOT_SMTP_HOST"),
        ({"PORT": "70000"}, "FRONTFOOT_SMTP_PORT"),
        ({"SECURITY": "ssl"}, "FRONTFOOT_SMTP_SECURITY"),
        ({"USERNAME": USER}, "FRONTFOOT_SMTP_PASSWORD"),
        ({"PASSWORD": PASSWORD}, "FRONTFOOT_SMTP_PASSWORD"),
        (
            {"USERNAME": USER, "PASSWORD": PASSWORD, "SECURITY": "none"},
            "FRONTFOOT_SMTP_PASSWORD (password of the login; it needs a username, and TLS",
        ),
    ],
)
def test_settings_that_cannot_work_stop_the_worker_by_name(
    environment: pytest.MonkeyPatch, set_to: dict[str, str], named: str
) -> None:
    for name, value in set_to.items():
        environment.setenv(f"FRONTFOOT_SMTP_{name}", value)
    with pytest.raises(ChannelMisconfigured) as caught:
        registry.build(["smtp"])
    assert named in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_kind_of_security(security: str, port: int) -> None:
    settings = SmtpSettings(host="mail.acme.example", security=security)
    assert settings.line().port == port
