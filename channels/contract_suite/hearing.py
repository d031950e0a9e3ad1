"""What people say to us is read whole, once and as it was said; skipped where it is not declared.

Needs a stand-in that can let strangers speak: ``LetsPeopleSpeak``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import (
    BadCredentials,
    Channel,
    ChannelError,
    PostChannel,
    Throttled,
    Unreachable,
)
from channels.contract_suite.attempts import attempt, tell
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.stand_in import LetsPeopleSpeak, LookFault, StandIn
from channels.contract_suite.watching import assert_discreet, everything_of
from channels.listening import (
    Listens,
)
from domain.listening import Cursor, MentionPage
from domain.mentions import Mention

MANY = 130
"""More than any of the known providers shows on one page."""

HOSTILE = (
    "\u202egnp.exe\u202c and back",
    "<script>alert(1)</script> & <b>why</b>?",
    "=HYPERLINK(0)",
    "\x1b[2J\x07 gone",
    "x" * 30_000,
    "\U0001f6a8\u200d\u2764 caf\u00e9 \u969c\u5bb3",
)
_NO_ANSWER = [
    LookFault.FAILS,
    LookFault.SILENT,
    LookFault.DROPS,
    LookFault.UNREADABLE,
    LookFault.EMPTY,
    LookFault.NULL,
    LookFault.WITHOUT_LIST,
]
_LEEWAY = timedelta(minutes=5)
_MOST_PAGES = 200


async def to_the_end(channel: Listens, cursor: Cursor) -> tuple[list[MentionPage], Cursor]:
    """Every page of the chain at ``cursor``, and of those that follow at once."""
    pages: list[MentionPage] = []
    for _ in range(_MOST_PAGES):
        page = await channel.mentions(cursor)
        pages.append(page)
        cursor = page.cursor
        if not cursor.token and not page.more:
            return pages, cursor
    raise AssertionError("the chain does not end")


def said(pages: list[MentionPage]) -> list[Mention]:
    """The mentions on all of these pages."""
    return [one for page in pages for one in page.mentions]


class HearingContract(PromisesOfChannel):
    """The promises of a channel that listens."""

    @pytest.fixture
    def listens(self, channel: Channel) -> Listens:
        if not isinstance(channel, Listens):
            pytest.skip("this channel does not declare Listens")
        return channel

    @pytest.fixture
    def people(self, listens: Listens, provider: StandIn) -> LetsPeopleSpeak:
        assert isinstance(provider, LetsPeopleSpeak), "give the stand-in a method `say`"
        return provider

    async def test_the_capabilities_say_whether_it_listens(self, channel: Channel) -> None:
        assert channel.capabilities.listens == isinstance(channel, Listens)

    async def test_everything_that_is_said_is_read_and_then_there_is_nothing_new(
        self, listens: Listens, people: LetsPeopleSpeak
    ) -> None:
        await people.say(["the first"])
        _, cursor = await to_the_end(listens, Cursor())
        ids = await people.say([f"question {n}" for n in range(MANY)])

        pages, cursor = await to_the_end(listens, cursor)
        again, after = await to_the_end(listens, Cursor(since=cursor.since))

        assert after == cursor, "what is known is forgotten when nothing new was said"
        read = said(pages)
        assert set(ids) <= {one.id for one in read}, "some of what was said was not read"
        known = {(one.id, one.version) for one in read}
        assert {(one.id, one.version) for one in said(again)} <= known
        assert not any(page.gap or page.unreadable or page.lacks for page in pages)

    async def test_what_is_said_while_a_chain_is_read_is_in_it_or_in_the_next(
        self, listens: Listens, people: LetsPeopleSpeak
    ) -> None:
        await people.say(["the first"])
        _, cursor = await to_the_end(listens, Cursor())
        ids = await people.say([f"question {n}" for n in range(MANY)])

        pages = [await listens.mentions(cursor)]
        ids += await people.say(["and now?", "and now?"])
        more, cursor = await to_the_end(listens, pages[0].cursor)
        ids += await people.say(["hello?"])
        last, _ = await to_the_end(listens, cursor)

        assert set(ids) <= {one.id for one in said([*pages, *more, *last])}

    async def test_a_page_that_is_read_again_shows_the_same(
        self, listens: Listens, people: LetsPeopleSpeak
    ) -> None:
        await people.say([f"question {n}" for n in range(MANY)])
        pages, _ = await to_the_end(listens, Cursor())
        cursor = Cursor()
        for page in pages:
            again = await listens.mentions(cursor)
            assert {one.id for one in page.mentions} <= {one.id for one in again.mentions}
            assert again.cursor == page.cursor
            cursor = page.cursor

    async def test_what_we_say_ourselves_is_no_mention(
        self, channel: Channel, listens: Listens, people: LetsPeopleSpeak
    ) -> None:
        if not isinstance(channel, PostChannel):
            pytest.skip("it does not publish to everybody")
        receipt = await attempt(channel)
        ids = await people.say(["is this you?"])
        pages, _ = await to_the_end(listens, Cursor())
        assert {one.id for one in said(pages)} == set(ids)
        assert receipt.id not in ids

    async def test_a_mention_says_where_and_when_and_whatever_was_said(
        self, channel: Channel, listens: Listens, people: LetsPeopleSpeak
    ) -> None:
        begun = datetime.now(UTC)
        ids = await people.say(HOSTILE)
        pages, _ = await to_the_end(listens, Cursor())
        read = {one.id: one for one in said(pages)}
        for number, words in zip(ids, HOSTILE, strict=True):
            mention = read[number]
            assert words in mention.text, "the words are not those that were said"
            assert (mention.channel, mention.cut) == (channel.name, False)
            assert mention.author.id or mention.author.handle or mention.author.name
            assert begun - _LEEWAY <= mention.written_at <= datetime.now(UTC) + _LEEWAY
            assert mention.changed_at >= mention.written_at

    async def test_dead_credentials_are_told_from_a_bad_connection(
        self, provider: StandIn, listens: Listens
    ) -> None:
        await tell(provider, LookFault.CREDENTIALS_DEAD)
        with pytest.raises(BadCredentials) as caught:
            await listens.mentions(Cursor())
        assert caught.value.next_step
        assert_discreet(everything_of(caught.value), provider)

    async def test_a_limit_says_until_when(self, provider: StandIn, listens: Listens) -> None:
        await tell(provider, LookFault.THROTTLES)
        begun = datetime.now(UTC)
        with pytest.raises(Throttled) as caught:
            await listens.mentions(Cursor())
        assert caught.value.until >= begun + provider.wait - _LEEWAY

    @pytest.mark.parametrize("how", _NO_ANSWER, ids=lambda how: how.name.lower())
    async def test_no_answer_is_not_silence_of_the_people(
        self, provider: StandIn, listens: Listens, how: LookFault
    ) -> None:
        await tell(provider, how)
        with pytest.raises(Unreachable) as caught:
            await listens.mentions(Cursor())
        assert_discreet(everything_of(caught.value), provider)

    async def test_a_forbidden_list_is_not_an_empty_one(
        self, provider: StandIn, listens: Listens
    ) -> None:
        await tell(provider, LookFault.FORBIDDEN)
        with pytest.raises(ChannelError):
            await listens.mentions(Cursor())
