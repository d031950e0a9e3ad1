"""Every promise of a channel that listens catches an adapter that breaks it."""

from __future__ import annotations

import pytest

from channels.contract import Capabilities, ChannelKind, Unreachable
from channels.contract_suite.board_channel import BoardChannel
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import board_provider
from channels.contract_suite.stand_in import LookFault
from domain.listening import Cursor, MentionPage, complete
from tests.channels.flaws import CAUGHT, Flaw, keep


class SaysNothingOfIt(BoardChannel):
    capabilities = Capabilities(kind=ChannelKind.POST)


class ReadsOnePage(BoardChannel):
    async def mentions(self, cursor: Cursor) -> MentionPage:
        page = await super().mentions(cursor)
        return page.model_copy(update={"cursor": complete(page.cursor.newest)})


class ForgetsWhatItKnows(BoardChannel):
    async def mentions(self, cursor: Cursor) -> MentionPage:
        page = await super().mentions(cursor)
        return page if page.mentions else page.model_copy(update={"cursor": complete("")})


class ReadsFromTheNewestOfTheLastPage(BoardChannel):
    async def mentions(self, cursor: Cursor) -> MentionPage:
        page = await super().mentions(cursor)
        if page.cursor.token:
            return page
        return page.model_copy(update={"cursor": complete(str(int(page.cursor.newest) + 2))})


class ForgetsWhatItHasShown(BoardChannel):
    shown: frozenset[str] = frozenset()

    async def mentions(self, cursor: Cursor) -> MentionPage:
        page = await super().mentions(cursor)
        new = tuple(one for one in page.mentions if one.id not in self.shown)
        self.shown |= {one.id for one in new}
        return page.model_copy(update={"mentions": new})


class HearsItself(BoardChannel):
    def _is_ours(self, by: str) -> bool:
        return False


class CutsWords(BoardChannel):
    async def mentions(self, cursor: Cursor) -> MentionPage:
        page = await super().mentions(cursor)
        short = tuple(one.model_copy(update={"text": one.text[:280]}) for one in page.mentions)
        return page.model_copy(update={"mentions": short})


class TakesNoAnswerForSilence(BoardChannel):
    async def mentions(self, cursor: Cursor) -> MentionPage:
        try:
            return await super().mentions(cursor)
        except Unreachable:
            return MentionPage(cursor=complete(cursor.newest))


SUITE = ChannelContract()
ALL = SUITE.test_everything_that_is_said_is_read_and_then_there_is_nothing_new
MEANWHILE = SUITE.test_what_is_said_while_a_chain_is_read_is_in_it_or_in_the_next
FLAWS = [
    Flaw("undeclared", SUITE.test_the_capabilities_say_whether_it_listens, SaysNothingOfIt),
    Flaw("one page", ALL, ReadsOnePage),
    Flaw("forgets", ALL, ForgetsWhatItKnows),
    Flaw("too far", MEANWHILE, ReadsFromTheNewestOfTheLastPage),
    Flaw("once", SUITE.test_a_page_that_is_read_again_shows_the_same, ForgetsWhatItHasShown),
    Flaw("ourselves", SUITE.test_what_we_say_ourselves_is_no_mention, HearsItself),
    Flaw("cut", SUITE.test_a_mention_says_where_and_when_and_whatever_was_said, CutsWords),
    Flaw(
        "silence",
        SUITE.test_no_answer_is_not_silence_of_the_people,
        TakesNoAnswerForSilence,
        {"how": LookFault.FAILS},
    ),
]


@pytest.mark.parametrize("flaw", FLAWS, ids=str)
async def test_the_suite_catches(flaw: Flaw) -> None:
    await keep(flaw.promise, board_provider(), **flaw.given)
    with pytest.raises(CAUGHT):
        await keep(flaw.promise, board_provider(flaw.broken), **flaw.given)
