"""What is said to the account alone is read like everything else, and is never answered in public.

A test class of its own inherits ``PrivateContract``, for a channel that ``ReadsPrivateMessages``.
Its stand-in lets people write: ``LetsPeopleWrite``.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from channels.contract import CannotExpress, Channel, Publication
from channels.contract_suite.hearing import HearingContract, said, to_the_end
from channels.contract_suite.stand_in import LetsPeopleSpeak, LetsPeopleWrite, StandIn
from channels.listening import Listens, ReadsPrivateMessages
from channels.replying import NotAllowed, Replies
from domain.listening import Cursor, MentionPage
from domain.mentions import MentionKind
from domain.message import Copy


class Messages:
    """The private messages of a channel as what is listened to."""

    def __init__(self, channel: ReadsPrivateMessages) -> None:
        self._channel = channel

    async def mentions(self, cursor: Cursor) -> MentionPage:
        return await self._channel.private_messages(cursor)


class _Writers:
    """People who write to the account as those who speak."""

    def __init__(self, provider: LetsPeopleWrite) -> None:
        self._provider = provider

    async def say(self, texts: Sequence[str]) -> list[str]:
        return await self._provider.write(texts)


class PrivateContract(HearingContract):
    """The promises of a channel that reads private messages."""

    @pytest.fixture
    def listens(self, channel: Channel) -> Listens:
        assert isinstance(channel, ReadsPrivateMessages), "it does not read private messages"
        return Messages(channel)

    @pytest.fixture
    def writes(self, provider: StandIn) -> LetsPeopleWrite:
        assert isinstance(provider, LetsPeopleWrite), "give the stand-in a method `write`"
        return provider

    @pytest.fixture
    def people(self, listens: Listens, writes: LetsPeopleWrite) -> LetsPeopleSpeak:
        return _Writers(writes)

    async def test_what_we_say_ourselves_is_no_mention(  # type: ignore[override]
        self, listens: Listens, writes: LetsPeopleWrite
    ) -> None:
        ids = await writes.write(["is this you?"])
        await writes.write(["yes, it is"], by_us=True)
        pages, _ = await to_the_end(listens, Cursor())
        assert [one.id for one in said(pages)] == ids

    async def test_a_private_message_says_that_it_is_one_and_gets_no_public_answer(
        self, channel: Channel, listens: Listens, people: LetsPeopleSpeak
    ) -> None:
        await people.say(["my card ends in 4711"])
        pages, _ = await to_the_end(listens, Cursor())
        [message] = said(pages)
        assert message.is_private_message
        assert message.kind is MentionKind.DIRECT
        assert message.url, "nobody can find where it is answered"
        if isinstance(channel, Replies):
            with pytest.raises(CannotExpress):
                channel.render_reply("You are safe.", message)
            with pytest.raises(NotAllowed) as refused:
                copy = Copy(channel=channel.name, text="You are safe.")
                await channel.reply(Publication("reply/1.1", copy), message)
            assert refused.value.next_step
