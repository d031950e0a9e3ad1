"""The contract suite catches a wrong attempt, a wrong look and an impure rendering, by name."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import webhook_provider
from channels.contract_suite.rendering import _ODD
from channels.contract_suite.stand_in import LookFault, Misbehaviour
from channels.contract_suite.webhook_channel import WebhookChannel
from tests.channels import broken_attempts as broken
from tests.channels.flaws import CAUGHT, Flaw, keep

SUITE = ChannelContract()
EXACTLY = SUITE.test_a_post_says_exactly_what_was_signed
ONE_REQUEST = SUITE.test_a_publication_is_one_request
NO_RETRY = SUITE.test_one_attempt_is_one_request_and_never_tries_again
UNKNOWN = SUITE.test_no_clear_answer_is_unknown_and_nothing_is_sent_again
PLANNED = SUITE.test_whatever_fails_is_an_error_of_a_channel_and_prints_nothing_secret
GOOD_DAY = SUITE.test_nothing_secret_is_shown_on_a_good_day
OWN_ID = SUITE.test_every_receipt_has_an_id_of_its_own
PURE = SUITE.test_rendering_asks_no_clock_no_chance_and_no_network
ANY_TEMPLATE = SUITE.test_any_template_is_rendered_or_cannot_be_expressed
CANNOT_SEE = SUITE.test_a_look_that_cannot_see_never_says_absent
A_PART = SUITE.test_a_look_that_sees_only_a_part_never_says_absent
SAME_WORDS = SUITE.test_a_look_does_not_take_the_same_words_under_another_mark_for_ours
OTHER_MARK = {"mark": "Update 6, 20 Nov 13:05 UTC", "key": "0123456789abcdef.11.1"}
CHECK = SUITE.test_check_never_raises_and_publishes_nothing
REFUSAL = SUITE.test_a_refusal_is_for_a_person_to_decide

CASES: list[tuple[Any, Any, dict[str, object]]] = [
    (EXACTLY, broken.AddsAWordOfItsOwn, {}),
    (EXACTLY, broken.ChangesTheSpaces, {}),
    (EXACTLY, broken.KnowsAsciiOnly, {}),
    (EXACTLY, broken.EscapesForAPage, {}),
    (ONE_REQUEST, broken.SplitsThePost, {}),
    *(
        (NO_RETRY, broken.TriesTwice, {"how": how})
        for how in (
            Misbehaviour.THROTTLES,
            Misbehaviour.FAILS_BEFORE,
            Misbehaviour.CREDENTIALS_DEAD,
            Misbehaviour.UNREACHED,
        )
    ),
    (
        SUITE.test_one_attempt_without_a_connection_is_one_request,
        broken.TriesAConnectionTwice,
        {},
    ),
    (NO_RETRY, broken.TriesLater, {"how": Misbehaviour.SILENT_BEFORE}),
    (SUITE.test_an_attempt_can_be_cancelled, broken.SwallowsACancellation, {}),
    (UNKNOWN, broken.NotSentWhenBrokenOff, {"how": Misbehaviour.BREAKS_OFF_AFTER}),
    (UNKNOWN, broken.NotSentAfter408, {"how": Misbehaviour.GIVES_UP_AFTER}),
    (UNKNOWN, broken.NotSentAfter502, {"how": Misbehaviour.GATEWAY_FAILS_AFTER}),
    (UNKNOWN, broken.NotSentAfter504, {"how": Misbehaviour.GATEWAY_TIMES_OUT_AFTER}),
    (UNKNOWN, broken.ThrottledAfter503, {"how": Misbehaviour.BUSY_AFTER}),
    (UNKNOWN, broken.NotSentWithoutAnId, {"how": Misbehaviour.WITHOUT_ID_AFTER}),
    (UNKNOWN, broken.NotSentWithoutAnId, {"how": Misbehaviour.EMPTY_AFTER}),
    (
        SUITE.test_no_connection_in_time_means_that_nothing_went_out,
        broken.UnknownWithoutAConnection,
        {},
    ),
    (REFUSAL, broken.UnknownAfterARefusal, {"how": Misbehaviour.KNOWS_NO_SUCH_PLACE}),
    (REFUSAL, broken.UnknownAfterARefusal, {"how": Misbehaviour.CALLS_TOO_LARGE}),
    *(
        (PLANNED, broken.RaisesWhatItGets, {"how": how})
        for how in (
            Misbehaviour.REFUSES,
            Misbehaviour.SILENT_AFTER,
            Misbehaviour.UNREADABLE_AFTER,
            Misbehaviour.WITHOUT_ID_AFTER,
        )
    ),
    (PLANNED, broken.QuotesTheProvider, {"how": Misbehaviour.REFUSES}),
    (
        SUITE.test_errors_and_logs_hold_no_address_token_body_or_words_of_the_provider,
        broken.KeepsTheContext,
        {"how": Misbehaviour.REFUSES},
    ),
    (PLANNED, broken.PrintsItsToken, {"how": Misbehaviour.REFUSES}),
    (GOOD_DAY, broken.PrintsItsToken, {}),
    (GOOD_DAY, broken.ShowsItsToken, {}),
    (OWN_ID, broken.ReceiptWithoutId, {}),
    (OWN_ID, broken.OneIdForAll, {}),
    (SUITE.test_a_receipt_bears_the_time_in_utc, broken.ReceiptOfLongAgo, {}),
    (PURE, broken.RendersTheTime, {}),
    (PURE, broken.RendersByChance, {}),
    (
        SUITE.test_rendering_does_not_depend_on_what_was_published,
        broken.RendersWhatWasPublished,
        {},
    ),
    (ANY_TEMPLATE, broken.FailsWithoutAVoice, {"template": _ODD[0]}),
    (ANY_TEMPLATE, broken.RendersPersonalFields, {"template": _ODD[4]}),
    (
        SUITE.test_what_can_be_rendered_is_taken_by_the_provider,
        broken.FindsItTooLongAtTheWire,
        {"letter": "x"},
    ),
    (SAME_WORDS, broken.MatchesTheWords, OTHER_MARK),
    (SAME_WORDS, broken.MatchesAnyPost, OTHER_MARK),
    (
        SUITE.test_a_look_finds_ours_among_others_by_its_own_id,
        broken.FindsTheNewest,
        {},
    ),
    (A_PART, broken.AbsentAfterOnePage, {"how": LookFault.FORBIDDEN_LATER}),
    (CANNOT_SEE, broken.AbsentWhenNull, {"how": LookFault.NULL}),
    (CANNOT_SEE, broken.AbsentWhenNull, {"how": LookFault.EMPTY}),
    (CANNOT_SEE, broken.AbsentWhenGone, {"how": LookFault.GONE}),
    (SUITE.test_a_look_does_not_change_anything, broken.PublishesWhileLooking, {}),
    (CHECK, broken.ChecksByPublishing, {"how": LookFault.FAILS}),
    (CHECK, broken.ChecksUnplanned, {"how": LookFault.UNREADABLE}),
    (SUITE.test_others_can_work_while_it_checks, broken.BlocksWhileChecking, {}),
    (SUITE.test_others_can_work_while_it_publishes, broken.BlocksAtTheEnd, {}),
]
FLAWS = [
    Flaw(f"{kind.__name__}, {given.get('how', '')}", promise, kind, given)
    for promise, kind, given in CASES
]


@pytest.mark.parametrize("flaw", FLAWS, ids=str)
async def test_the_suite_catches(
    flaw: Flaw, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = {"caplog": caplog, "capsys": capsys}
    await keep(flaw.promise, webhook_provider(WebhookChannel), **seen, **flaw.given)
    caplog.clear()
    with pytest.raises(CAUGHT):
        await keep(flaw.promise, webhook_provider(flaw.broken), **seen, **flaw.given)


async def test_words_in_another_field_are_caught_without_posts_to_read() -> None:
    """A stand-in that does not say what everybody sees is judged by what travelled."""
    for kind in (WebhookChannel, broken.SendsATitleBesides, broken.AddsAWordOfItsOwn):
        provider = webhook_provider(kind)
        provider._posts = None
        if kind is WebhookChannel:
            await keep(EXACTLY, provider)
        else:
            with pytest.raises(CAUGHT):
                await keep(EXACTLY, provider)
