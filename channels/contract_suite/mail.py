"""What each addressee of a direct channel gets: once, with the own values, and nobody else's."""

from __future__ import annotations

import pytest

from channels.batch import Addressee
from channels.contract import BadRecipient, Channel, ChannelKind, DirectChannel, Refused, Template
from channels.contract_suite.attempts import (
    ADDRESS,
    OTHER_ADDRESS,
    SPECIAL_WORDS,
    VOICE,
    WORDS,
    batch_of,
    rendered,
)
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.stand_in import CountsRequests, KeepsLetters, Letter, StandIn
from channels.mail_copy import UNSUBSCRIBE_VALUE, fill
from domain.message import Copy

ONE_CLICK = "List-Unsubscribe=One-Click"
"""RFC 8058: the value of ``List-Unsubscribe-Post``."""

PEOPLE = (
    Addressee(
        "0123456789abcdef.21",
        ADDRESS,
        {"code": "K7QF-2M9X", UNSUBSCRIBE_VALUE: "https://acme.example/unsubscribe/one"},
    ),
    Addressee(
        "0123456789abcdef.22",
        OTHER_ADDRESS,
        {"code": "ZZTOP-444", UNSUBSCRIBE_VALUE: "https://acme.example/unsubscribe/two"},
    ),
)


class MailContract(PromisesOfChannel):
    """The promises of ``send``."""

    @pytest.fixture
    def direct(self, channel: Channel) -> DirectChannel:
        """The channel, where it is one of mail."""
        if channel.capabilities.kind is not ChannelKind.DIRECT:
            pytest.skip("a post has no addressees")
        assert isinstance(channel, DirectChannel)
        return channel

    async def test_each_addressee_gets_one_mail_with_the_own_values_and_key(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        letters = await _sent(provider, direct)
        assert sorted(one.address for one in letters) == sorted((ADDRESS, OTHER_ADDRESS))
        for person, other in (PEOPLE, PEOPLE[::-1]):
            [letter] = [one for one in letters if one.address == person.address]
            assert person.delivery in letter.delivery
            for part in (letter.subject, letter.text, letter.html):
                assert person.values["code"] in part, "a [[field]] was not filled in"
                assert other.values["code"] not in part, "it holds somebody else's value"
                assert "[[" not in part
            assert other.delivery not in letter.delivery

    async def test_who_lacks_a_value_is_named_and_gets_nothing_half_filled_in(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        whole, half = PEOPLE[0], PEOPLE[1]._replace(values={})
        people = (whole, half) if direct.capabilities.batch_limit > 1 else (half,)
        with pytest.raises(BadRecipient) as caught:
            await direct.send(batch_of(*people, copy=_copy(direct)))
        assert [people[place] for place in caught.value.positions] == [half]
        assert await provider.accepted() == []

    async def test_no_addressee_sees_the_address_of_another(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        for letter in await _sent(provider, direct):
            assert letter.visible == (letter.address,)

    async def test_mail_arrives_with_words_sender_and_reply_address(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        for letter in await _sent(provider, direct):
            assert WORDS in letter.text
            assert f"<p>{WORDS}" in letter.html
            assert VOICE.address is not None
            assert VOICE.address in letter.sender
            assert VOICE.name in letter.sender
            assert VOICE.reply_to is not None
            assert VOICE.reply_to in letter.reply_to

    async def test_mail_says_exactly_what_was_signed(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        copy = _copy(direct, SPECIAL_WORDS)
        values = {one.address: one.values for one in PEOPLE}
        for letter in await _sent(provider, direct, copy):
            for part, signed in (
                (letter.subject, copy.subject),
                (letter.text, copy.text),
                (letter.html, copy.html),
            ):
                # Mail transport may fold lines; it adds and takes away no word.
                assert part.split() == fill(signed or "", values[letter.address]).split()

    async def test_mail_programs_are_offered_to_unsubscribe_with_one_click(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        links = {one.address: f"<{one.values[UNSUBSCRIBE_VALUE]}>" for one in PEOPLE}
        for letter in await _sent(provider, direct):
            assert letter.unsubscribe == links[letter.address]
            assert letter.unsubscribe_post == ONE_CLICK

    async def test_mail_without_a_link_to_unsubscribe_has_no_header_for_it(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        await direct.send(batch_of(Addressee("d.0", ADDRESS), copy=rendered(direct)))
        [letter] = await _letters(provider)
        assert (letter.unsubscribe, letter.unsubscribe_post) == ("", "")

    async def test_a_full_batch_is_taken(self, provider: StandIn, direct: DirectChannel) -> None:
        limit = direct.capabilities.batch_limit
        people = [Addressee(f"d.{n}", f"p{n}@customers.example") for n in range(limit)]
        await direct.send(batch_of(*people, copy=rendered(direct)))
        assert len({one.address for one in await _letters(provider)}) == limit

    async def test_a_batch_is_one_request(self, provider: StandIn, direct: DirectChannel) -> None:
        """With several, an answer that is lost leaves some of them behind."""
        people = PEOPLE[: direct.capabilities.batch_limit]
        await direct.send(batch_of(*people, copy=_copy(direct)))
        assert len(await _letters(provider)) == len(people)
        if isinstance(provider, CountsRequests):
            assert await provider.tried() == 1

    async def test_a_batch_over_the_limit_is_refused_whole(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        """A receipt is for all of a batch, so a channel never takes a part of one."""
        limit = direct.capabilities.batch_limit
        people = [Addressee(f"d.{n}", f"p{n}@customers.example") for n in range(limit + 1)]
        with pytest.raises(Refused):
            await direct.send(batch_of(*people, copy=rendered(direct)))
        assert await provider.accepted() == []

    async def test_a_batch_names_the_addressees_that_cannot_be_written_to(
        self, provider: StandIn, direct: DirectChannel
    ) -> None:
        people: tuple[Addressee, ...] = (
            Addressee("d.0", ADDRESS),
            Addressee("d.1", "no address at all"),
            Addressee("d.2", OTHER_ADDRESS),
        )
        if direct.capabilities.batch_limit < len(people):
            people = people[1:2]
        with pytest.raises(BadRecipient) as caught:
            await direct.send(batch_of(*people, copy=rendered(direct)))
        assert [people[place].delivery for place in caught.value.positions] == ["d.1"]
        assert "no address at all" not in str(caught.value)
        assert await provider.accepted() == []


def _copy(channel: Channel, words: str = WORDS) -> Copy:
    return channel.render(
        Template(
            text=f"{words}. Your code: [[code]]",
            subject=f"{words}. Your code: [[code]]",
            html=f"<p>{words}. Your code: [[code]]</p>",
            voice=VOICE,
        )
    )


async def _sent(
    provider: StandIn, channel: DirectChannel, copy: Copy | None = None
) -> list[Letter]:
    """What ``PEOPLE`` got, in as few batches as the channel allows."""
    step = min(channel.capabilities.batch_limit, len(PEOPLE))
    for place in range(0, len(PEOPLE), step):
        people = PEOPLE[place : place + step]
        key = f"0123456789abcdef.{21 + place}.1"
        await channel.send(batch_of(*people, copy=copy or _copy(channel), key=key))
    return await _letters(provider)


async def _letters(provider: StandIn) -> list[Letter]:
    assert isinstance(provider, KeepsLetters), "a stand-in for mail shows its letters()"
    return await provider.letters()
