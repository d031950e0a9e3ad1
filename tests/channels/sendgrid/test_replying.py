"""An answer to a mail through the sandbox's SendGrid: in its thread, and found by its mark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from channels.contract import OutcomeUnknown, Publication
from channels.contract_suite.stand_in import Misbehaviour
from channels.replying import NotAllowed
from channels.sendgrid import SendGridChannel, SendGridSettings
from domain.mentions import Author, Mention, MentionKind
from domain.publication import Finding, Receipt
from tests.channels.sandbox_provider import SandboxMail

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


@pytest.fixture
def provider(sandbox: str) -> SandboxMail:
    return SandboxMail(sandbox)


@pytest.fixture
async def channel(provider: SandboxMail) -> AsyncIterator[SendGridChannel]:
    settings = SendGridSettings(
        api_key="SG.sandbox-key",
        base_url=provider.url,
        from_address="help@acme.example",
        activity_feed=True,
        read_timeout=0.5,
    )
    channel = SendGridChannel(settings, client=provider.client())
    yield channel
    await channel.close()


def mention(number: str, address: str = "ann@customers.example") -> Mention:
    return Mention(
        channel="email",
        id=f"{number}~0123456789ab",
        kind=MentionKind.MAIL,
        author=Author(id=address, handle=address),
        text="My account\n\nAm I safe?",
        written_at=NOW,
        changed_at=NOW,
        private=True,
    )


async def answer(channel: SendGridChannel, to: Mention) -> Receipt:
    copy = channel.render_reply("You are.", to)
    return await channel.reply(Publication("reply/1.1", copy), to)


async def test_an_answer_is_counted_under_the_mail_that_it_answers(
    provider: SandboxMail, channel: SendGridChannel
) -> None:
    ids = [await provider.say([text]) for text in ("am I safe?", "am I?")]
    one, other = (mention(number) for (number,) in ids)
    begun = datetime.now(UTC)
    receipt = await answer(channel, one)
    found = await channel.find_reply(one, begun)
    assert found.receipt is not None
    assert found.receipt.id == receipt.id
    assert (await channel.find_reply(other, begun)).finding is Finding.ABSENT
    books = httpx.get(f"{provider.url}/_sandbox/books/replies").json()
    assert [one["replies"] for one in books["mentions"]] == [1, 0]


async def test_a_lost_answer_is_unknown_and_found(
    provider: SandboxMail, channel: SendGridChannel
) -> None:
    to = mention("1.letter@customers.example")
    await provider.misbehave(Misbehaviour.DROPS_AFTER)
    with pytest.raises(OutcomeUnknown):
        await answer(channel, to)
    assert len(await provider.accepted()) == 1
    assert (await channel.find_reply(to, NOW)).finding is Finding.FOUND


@pytest.mark.parametrize("address", ["no address", "a@localhost"])
async def test_an_author_without_an_address_is_for_a_person(
    provider: SandboxMail, channel: SendGridChannel, address: str
) -> None:
    with pytest.raises(NotAllowed):
        await answer(channel, mention("1.letter@customers.example", address))
    assert await provider.accepted() == []
