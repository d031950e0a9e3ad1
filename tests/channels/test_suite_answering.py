"""Every promise of a channel that replies catches an adapter that breaks it."""

from __future__ import annotations

from datetime import datetime

import pytest

from channels.contract import (
    Capabilities,
    ChannelKind,
    OutcomeUnknown,
    Publication,
    Refused,
    Unreachable,
)
from channels.contract import Throttled as Throttle
from channels.contract_suite.board_channel import BoardChannel
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import board_provider
from channels.contract_suite.stand_in import LookFault, Misbehaviour
from channels.looking import look_back
from channels.replying import MentionGone
from domain.mentions import Mention
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting
from tests.channels.flaws import CAUGHT, Flaw, keep


class HasNoTerms(BoardChannel):
    capabilities = Capabilities(kind=ChannelKind.POST, listens=True)


class PostsInsteadOfReplying(BoardChannel):
    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        return await self.publish(publication)


class RepliesToTheFirst(BoardChannel):
    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        return await super().reply(publication, to.model_copy(update={"id": "0"}))


class FindsByWords(BoardChannel):
    words: Copy | None = None

    def render_reply(self, text: str, to: Mention) -> Copy:
        FindsByWords.words = super().render_reply(text, to)
        return FindsByWords.words

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        assert FindsByWords.words is not None
        read = self._reader(since)
        return await look_back(read, FindsByWords.words, since, provider="Board", most_pages=9)


class TriesAgain(BoardChannel):
    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        try:
            return await super().reply(publication, to)
        except OutcomeUnknown:
            return await super().reply(publication, to)


class TakesSilenceForRefusal(BoardChannel):
    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        try:
            return await super().reply(publication, to)
        except OutcomeUnknown:
            raise Refused("Board: no.", "Look.") from None


class KnowsNoGone(BoardChannel):
    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        try:
            return await super().reply(publication, to)
        except MentionGone:
            raise Refused("Board: no.", "Look.") from None


class CallsEveryRefusalGone(BoardChannel):
    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        try:
            return await super().reply(publication, to)
        except Refused:
            raise MentionGone("Board: gone.") from None


class HearsItself(BoardChannel):
    def _is_ours(self, by: str) -> bool:
        return False


class FindsNothingInSilence(BoardChannel):
    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        try:
            found = await super().find_reply(to, since)
        except (Unreachable, Throttle):
            return Sighting(finding=Finding.ABSENT)
        told = found.finding is Finding.FOUND
        return found if told else Sighting(finding=Finding.ABSENT)


class RendersAnything(BoardChannel):
    def render_reply(self, text: str, to: Mention) -> Copy:
        return Copy(channel=self.name, text=text)


SUITE = ChannelContract()
MEANT = SUITE.test_a_reply_answers_the_mention_that_it_was_meant_for_and_is_found_there
LOST = SUITE.test_a_reply_without_a_clear_answer_is_unknown_and_not_sent_again
GONE = SUITE.test_a_mention_that_is_gone_is_told_from_other_refusals
AFTER = {"how": Misbehaviour.DROPS_AFTER}
FLAWS = [
    Flaw("no terms", SUITE.test_the_capabilities_have_the_terms_of_replies, HasNoTerms),
    Flaw("a post", MEANT, PostsInsteadOfReplying),
    Flaw("another", MEANT, RepliesToTheFirst),
    Flaw("a fan", SUITE.test_a_thread_is_posts_that_each_answer_the_one_before, RepliesToTheFirst),
    Flaw(
        "by words",
        SUITE.test_what_is_said_to_others_in_the_same_words_is_no_answer,
        FindsByWords,
    ),
    Flaw("twice", LOST, TriesAgain, AFTER),
    Flaw("refused", LOST, TakesSilenceForRefusal, AFTER),
    Flaw("no gone", GONE, KnowsNoGone),
    Flaw(
        "always gone",
        SUITE.test_a_reply_that_is_not_taken_says_why,
        CallsEveryRefusalGone,
        {"how": Misbehaviour.KNOWS_NO_SUCH_PLACE},
    ),
    Flaw("ourselves", SUITE.test_our_replies_do_not_come_back_as_mentions, HearsItself),
    Flaw(
        "absent",
        SUITE.test_a_look_for_a_reply_that_fails_is_no_absence,
        FindsNothingInSilence,
        {"how": LookFault.FAILS},
    ),
    Flaw(
        "forbidden",
        SUITE.test_a_look_for_a_reply_that_is_forbidden_cannot_tell,
        FindsNothingInSilence,
    ),
    Flaw(
        "anything",
        SUITE.test_a_reply_that_cannot_go_out_is_found_when_it_is_rendered,
        RendersAnything,
    ),
]


@pytest.mark.parametrize("flaw", FLAWS, ids=str)
async def test_the_suite_catches(flaw: Flaw) -> None:
    await keep(flaw.promise, board_provider(), **flaw.given)
    with pytest.raises(CAUGHT):
        await keep(flaw.promise, board_provider(flaw.broken), **flaw.given)
