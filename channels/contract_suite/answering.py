"""An answer goes out once, under what it was meant for, and is found there; skipped if undeclared.

Needs a stand-in in which strangers speak and take back what they said: ``LetsPeopleSpeak`` and
``TakesReplies``.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.contract import (
    BadCredentials,
    CannotExpress,
    Channel,
    ChannelError,
    OutcomeUnknown,
    PostChannel,
    Publication,
    Refused,
    Throttled,
    Unreachable,
)
from channels.contract_suite.attempts import BROADCAST, assert_found, attempt, tell
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.hearing import said, to_the_end
from channels.contract_suite.stand_in import (
    TAKEN,
    LetsPeopleSpeak,
    LookFault,
    Misbehaviour,
    StandIn,
    TakesReplies,
)
from channels.contract_suite.watching import assert_discreet, everything_of
from channels.listening import Listens
from channels.replying import MentionGone, Replies, mention_of
from domain.listening import Cursor
from domain.mentions import Mention
from domain.publication import Finding, Receipt, Sighting

ANSWER = "Ana, we shut the leak; your password is safe"
_LOST = [Misbehaviour.FAILS_BEFORE, Misbehaviour.DROPS_AFTER, Misbehaviour.EMPTY_AFTER]
_REFUSED: dict[Misbehaviour, type[ChannelError]] = {
    Misbehaviour.THROTTLES: Throttled,
    Misbehaviour.KNOWS_NO_SUCH_PLACE: Refused,
    Misbehaviour.CREDENTIALS_DEAD: BadCredentials,
}
_LOOKS: dict[LookFault, type[ChannelError]] = {
    LookFault.FAILS: Unreachable,
    LookFault.THROTTLES: Throttled,
}


class AnsweringContract(PromisesOfChannel):
    """The promises of a channel that replies."""

    @pytest.fixture
    def with_replies(self, channel: Channel) -> Replies:
        if not isinstance(channel, Replies):
            pytest.skip("this channel does not declare Replies")
        return channel

    async def test_the_capabilities_have_the_terms_of_replies(self, channel: Channel) -> None:
        assert (channel.capabilities.replies is not None) == isinstance(channel, Replies)

    async def test_a_reply_answers_the_mention_that_it_was_meant_for_and_is_found_there(
        self, provider: StandIn, channel: Channel, with_replies: Replies
    ) -> None:
        ann, ben = await _asked(provider, channel)
        begun = datetime.now(UTC)
        receipt = await _answer(with_replies, ann)
        signed = with_replies.render_reply(ANSWER, ann).text
        assert ANSWER in signed
        assert [await _answers(provider, one) for one in (ann, ben)] == [[signed], []]
        found = await _look(provider, ann, begun)
        assert_found(found, channel, Finding.FOUND)
        assert found.receipt is None or found.receipt.id == receipt.id
        assert_found(await _look(provider, ben, begun), channel, Finding.ABSENT)

    async def test_what_is_said_to_others_in_the_same_words_is_no_answer(
        self, provider: StandIn, channel: Channel, with_replies: Replies
    ) -> None:
        if not isinstance(channel, PostChannel):
            pytest.skip("it does not publish to everybody")
        ann, _ = await _asked(provider, channel)
        begun = datetime.now(UTC)
        await channel.publish(Publication("post.1", with_replies.render_reply(ANSWER, ann)))
        assert_found(await _look(provider, ann, begun), channel, Finding.ABSENT)

    @pytest.mark.parametrize("how", _LOST, ids=lambda how: how.name.lower())
    async def test_a_reply_without_a_clear_answer_is_unknown_and_not_sent_again(
        self, provider: StandIn, channel: Channel, with_replies: Replies, how: Misbehaviour
    ) -> None:
        ann, _ = await _asked(provider, channel)
        begun = datetime.now(UTC)
        await tell(provider, how)
        with pytest.raises(OutcomeUnknown) as caught:
            await _answer(with_replies, ann)
        assert_discreet(everything_of(caught.value), provider)
        assert len(await _answers(provider, ann)) == (how in TAKEN)
        expected = Finding.FOUND if how in TAKEN else Finding.ABSENT
        assert_found(await _look(provider, ann, begun), channel, expected)

    async def test_a_mention_that_is_gone_is_told_from_other_refusals(
        self, provider: StandIn, channel: Channel, with_replies: Replies
    ) -> None:
        ann, ben = await _asked(provider, channel)
        assert isinstance(provider, TakesReplies)
        await provider.take_away(ann.id)
        with pytest.raises(MentionGone) as caught:
            await _answer(with_replies, ann)
        assert_discreet(everything_of(caught.value), provider)
        assert await _answers(provider, ann) == []
        await _answer(with_replies, ben)

    @pytest.mark.parametrize("how", _REFUSED, ids=lambda how: how.name.lower())
    async def test_a_reply_that_is_not_taken_says_why(
        self, provider: StandIn, channel: Channel, with_replies: Replies, how: Misbehaviour
    ) -> None:
        ann, _ = await _asked(provider, channel)
        await tell(provider, how)
        with pytest.raises(_REFUSED[how]) as caught:
            await _answer(with_replies, ann)
        assert not isinstance(caught.value, MentionGone), "the mention is still there"
        assert await _answers(provider, ann) == []

    async def test_our_replies_do_not_come_back_as_mentions(
        self, provider: StandIn, channel: Channel, with_replies: Replies
    ) -> None:
        asked = await _asked(provider, channel)
        await _answer(with_replies, asked[0])
        assert isinstance(channel, Listens)
        pages, _ = await to_the_end(channel, Cursor())
        assert {one.id for one in said(pages)} == {one.id for one in asked}

    @pytest.mark.parametrize("how", _LOOKS, ids=lambda how: how.name.lower())
    async def test_a_look_for_a_reply_that_fails_is_no_absence(
        self, provider: StandIn, channel: Channel, with_replies: Replies, how: LookFault
    ) -> None:
        ann, _ = await _asked(provider, channel)
        await tell(provider, how)
        with pytest.raises(_LOOKS[how]):
            await with_replies.find_reply(ann, datetime.now(UTC))

    async def test_a_look_for_a_reply_that_is_forbidden_cannot_tell(
        self, provider: StandIn, channel: Channel, with_replies: Replies
    ) -> None:
        ann, _ = await _asked(provider, channel)
        await tell(provider, LookFault.FORBIDDEN)
        sighting = await with_replies.find_reply(ann, datetime.now(UTC))
        assert sighting.finding is Finding.CANNOT_TELL

    async def test_a_reply_that_cannot_go_out_is_found_when_it_is_rendered(
        self, provider: StandIn, channel: Channel, with_replies: Replies
    ) -> None:
        ann, _ = await _asked(provider, channel)
        limit = channel.capabilities.max_length or 10_000_000
        for words in (" ", "x" * (limit + 1), "Dear [[name]]"):
            with pytest.raises(CannotExpress):
                with_replies.render_reply(words, ann)

    async def test_a_thread_is_posts_that_each_answer_the_one_before(
        self, provider: StandIn, channel: Channel, with_replies: Replies
    ) -> None:
        if not isinstance(channel, PostChannel):
            pytest.skip("it does not publish to everybody")
        receipts = [await attempt(channel)]
        for part in ("Part 2", "Part 3"):
            before = mention_of(receipts[-1], channel.name)
            receipts.append(await _answer(with_replies, before, part))
        assert isinstance(provider, TakesReplies)
        answers = [await provider.answers_to(one.id) for one in receipts]
        assert answers == [["Part 2"], ["Part 3"], []]


async def _asked(provider: StandIn, channel: Channel) -> list[Mention]:
    """Two strangers' questions, as the channel reads them."""
    if not isinstance(channel, Listens):
        pytest.skip("it is told what people say by its webhook, and reads none of it")
    assert isinstance(provider, LetsPeopleSpeak), "give the stand-in a method `say`"
    ids = await provider.say(["is my password safe?", "is mine?"])
    pages, _ = await to_the_end(channel, Cursor())
    read = {one.id: one for one in said(pages)}
    return [read[one] for one in ids]


async def _answer(channel: Replies, to: Mention, words: str = ANSWER) -> Receipt:
    copy = channel.render_reply(words, to)
    return await channel.reply(Publication(f"{BROADCAST}.{to.id}.1", copy), to)


async def _answers(provider: StandIn, to: Mention) -> list[str]:
    assert isinstance(provider, TakesReplies), "give the stand-in a method `answers_to`"
    return await provider.answers_to(to.id)


async def _look(provider: StandIn, to: Mention, since: datetime) -> Sighting:
    """Look for an answer with a new channel, as after a restart."""
    channel = provider.channel()
    try:
        assert isinstance(channel, Replies)
        return await channel.find_reply(to, since)
    finally:
        await channel.close()
