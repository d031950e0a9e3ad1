"""The contract suite catches what a stranger gets wrong about a post channel."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import webhook_provider
from channels.contract_suite.stand_in import LookFault, Misbehaviour
from channels.contract_suite.webhook_channel import WebhookChannel
from tests.channels import broken_posts as broken
from tests.channels.flaws import CAUGHT, Flaw, keep

SUITE = ChannelContract()
CANNOT_SEE = SUITE.test_a_look_that_cannot_see_never_says_absent
READS_ON = SUITE.test_a_look_reads_on_until_it_has_seen_everything
UNKNOWN = SUITE.test_no_clear_answer_is_unknown_and_nothing_is_sent_again
KEEPS = SUITE.test_the_copy_of_a_post_keeps_mark_link_and_sign_off
MEASURED = SUITE.test_a_post_is_measured_with_its_mark_and_its_link
SHOWS = SUITE.test_a_post_shows_all_that_was_signed_and_no_key_of_ours
REFUSAL = SUITE.test_a_refusal_is_for_a_person_to_decide
CHECKED = SUITE.test_check_of_an_account_that_does_not_work_says_so_and_does_not_raise
DISCREET = SUITE.test_errors_and_logs_hold_no_address_token_body_or_words_of_the_provider

FLAWS = [
    *(
        Flaw(f"absent when a look {how}", CANNOT_SEE, broken.AbsentWhenRefused, {"how": how})
        for how in (LookFault.FORBIDDEN, LookFault.CREDENTIALS_DEAD)
    ),
    *(
        Flaw(f"absent when a look {how}", CANNOT_SEE, broken.AbsentWhenNothingWasSeen, {"how": how})
        for how in (
            LookFault.THROTTLES,
            LookFault.FAILS,
            LookFault.SILENT,
            LookFault.WITHOUT_LIST,
            LookFault.UNREADABLE,
        )
    ),
    Flaw("logs what it sees", CANNOT_SEE, broken.LogsWhatItSees, {"how": LookFault.FORBIDDEN}),
    Flaw("reads the first page only", READS_ON, broken.ReadsOnePage),
    Flaw(
        "absent when a look breaks off",
        SUITE.test_a_look_that_breaks_off_halfway_never_says_absent,
        broken.AbsentWhenBrokenOff,
    ),
    Flaw(
        "allows no slack",
        SUITE.test_a_look_allows_for_a_clock_that_lags_behind_ours,
        broken.AllowsNoSlack,
    ),
    Flaw(
        "refused when the answer is unreadable",
        UNKNOWN,
        broken.RefusedWhenUnreadable,
        {"how": Misbehaviour.UNREADABLE_AFTER},
    ),
    Flaw("forgets copy.mark", KEEPS, broken.ForgetsTheMark),
    Flaw("measures without mark", MEASURED, broken.MeasuresTheTextAlone),
    Flaw("measures without link", MEASURED, broken.MeasuresBeforeTheLink),
    Flaw("drops the link", KEEPS, broken.DropsTheLink),
    Flaw("drops the sign-off", KEEPS, broken.DropsTheSignOff),
    Flaw("publishes less than was signed", SHOWS, broken.CutsThePost),
    Flaw("publishes the key", SHOWS, broken.PublishesTheKey),
    Flaw(
        "blocks while publishing",
        SUITE.test_others_can_work_while_it_waits_for_the_provider,
        broken.BlocksWhilePublishing,
    ),
    Flaw(
        "blocks while looking", SUITE.test_others_can_work_while_it_looks, broken.BlocksWhileLooking
    ),
    Flaw(
        "asks again too early",
        SUITE.test_a_throttled_channel_says_until_when,
        broken.AsksAgainTooEarly,
    ),
    *(
        Flaw(f"{kind.__name__}, {how}", REFUSAL, kind, {"how": how})
        for kind in (broken.StopsTheChannelAtEveryNo, broken.TakesA400ForUnknown)
        for how in (Misbehaviour.CALLS_INVALID, Misbehaviour.FORBIDS)
    ),
    *(
        Flaw(kind.__name__, CHECKED, kind, {"how": LookFault.CREDENTIALS_DEAD})
        for kind in (
            broken.ChecksByRaising,
            broken.AlwaysHealthy,
            broken.ChecksAloud,
            broken.LogsTheAnswer,
        )
    ),
    Flaw("logs its token", DISCREET, broken.LogsItsToken, {"how": Misbehaviour.REFUSES}),
]


@pytest.mark.parametrize("flaw", FLAWS, ids=str)
async def test_the_suite_catches(flaw: Flaw, caplog: pytest.LogCaptureFixture) -> None:
    await _kept(flaw, WebhookChannel, caplog)
    caplog.clear()
    with pytest.raises(CAUGHT):
        await _kept(flaw, flaw.broken, caplog)


async def _kept(flaw: Flaw, kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    await keep(flaw.promise, webhook_provider(kind), caplog=caplog, **flaw.given)
