"""What an incident looks like on a screen of 80 columns, in every state it can be in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from client.mail_progress import MailProgress
from client.next_steps import next_steps
from domain.actor import Actor, Surface
from domain.explanation import Explanation, explained
from domain.gate import Decision, GateState, Verdict
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.publication import Outcome, PublicationState, Receipt
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus
from store.broadcasts.progress import BroadcastProgress
from surfaces.terminal.status_view import incident_view
from surfaces.terminal.wording import next_lines

AT = datetime(2013, 10, 26, 13, 5, tzinfo=UTC)
REFUSED = Outcome(
    channel="twitter",
    state=PublicationState.REFUSED,
    explanation=explained("X refused the account's credits.", "Buy credits, then retry."),
)
UNKNOWN = Outcome(
    channel="facebook",
    state=PublicationState.UNKNOWN,
    explanation=explained("The Page cannot be read."),
)
ACCEPTED = Outcome(
    channel="facebook",
    state=PublicationState.ACCEPTED,
    receipt=Receipt(
        id="1", url=f"https://www.facebook.com/{'1' * 15}_{'2' * 40}", at=AT + timedelta(minutes=2)
    ),
)


def message(number: int = 1, **changes: object) -> MessageStatus:
    fields: dict[str, object] = {
        "number": number,
        "kind": MessageKind.ANNOUNCEMENT,
        "revision": 1,
        "author": "maya",
        "proposed_at": AT,
        "digest": "3f2a91bc" * 8,
        "phase": MessagePhase.WAITING,
        "gate": GateState.WAITING,
        "missing": "1 more of founder or legal",
        "decisions": (),
        "approved_at": None,
        "told": False,
        "audience_count": 0,
        "codes_worth": None,
        "outcomes": (),
    }
    return MessageStatus.model_validate({**fields, **changes})


def settled(*outcomes: Outcome, number: int = 1) -> MessageStatus:
    return message(
        number,
        phase=MessagePhase.SETTLED,
        gate=GateState.OPEN,
        missing="",
        approved_at=AT,
        told=True,
        outcomes=outcomes,
    )


def incident(*messages: MessageStatus, stage: Stage = Stage.ACKNOWLEDGE) -> IncidentStatus:
    return IncidentStatus(
        incident="site-down",
        title="Sign-in is down",
        stage=stage,
        opened_by=Actor.at_terminal("maya"),
        opened_at=AT,
        closed_at=None,
        audiences=("customers",),
        playbook="site-compromised",
        facts=None,
        facts_filled=(),
        messages=messages,
    )


def sending(accepted: int) -> MailProgress:
    counts = BroadcastProgress(
        planned=1_000_000 - accepted,
        accepted=accepted,
        suppressed=12,
        batches={PublicationState.SENDING: 8, PublicationState.ACCEPTED: accepted // 1000},
    )
    return MailProgress(
        message=1,
        channel="email",
        audience="customers",
        counts=counts,
        per_second=9_200.0,
        seconds_left=64.0,
    )


def shown(
    status: IncidentStatus,
    *mails: MailProgress,
    preview: str = "",
    brief: bool = False,
) -> str:
    console = Console(width=80, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(incident_view(status, mails, {1: preview}, brief=brief), crop=False)
    return captured.get()


@pytest.mark.parametrize("stage", list(Stage))
def test_the_stage_stands_out_without_colour(stage: Stage) -> None:
    assert f"[{stage.value.replace('_', ' ')}]" in shown(incident(stage=stage))


def test_a_waiting_message_shows_its_words_its_digest_and_who_is_missing() -> None:
    page = shown(incident(message()), preview="We are sorry.")
    wanted = ("“We are sorry.”", "3f2a91bc", "missing: 1 more of founder or legal")
    assert [words for words in wanted if words not in page] == []


def test_signatures_show_person_role_time_and_surface() -> None:
    decision = Decision(
        actor=Actor(person="noor", surface=Surface.SIGNAL),
        verdict=Verdict.APPROVE,
        digest="3f",
        roles=("founder",),
        at=AT,
    )
    page = shown(incident(message(decisions=(decision,))))
    assert "approved by noor (founder), 26 Oct 13:05 UTC, signal" in page


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        (MessagePhase.REJECTED, "no, it was rejected"),
        (MessagePhase.WITHDRAWN, "no, it was withdrawn"),
        (MessagePhase.SUPERSEDED, "no, something newer overtook it"),
        (MessagePhase.PUBLISHING, "not yet, too few channels have it"),
        (MessagePhase.SETTLED, "not yet, too few channels have it"),
    ],
)
def test_not_yet_is_said_only_while_people_may_still_be_told(
    phase: MessagePhase, said: str
) -> None:
    lines = shown(incident(message(phase=phase))).splitlines()
    assert f"people have been told: {said}" in [line.strip() for line in lines]


def test_what_reached_people_before_it_was_withdrawn_has_told_them() -> None:
    page = shown(incident(message(phase=MessagePhase.WITHDRAWN, told=True)))
    assert "people have been told: yes" in page


def test_a_broadcast_under_way_shows_count_rate_and_time_left() -> None:
    going = Outcome(channel="email", audience="customers", state=PublicationState.SENDING)
    page = shown(incident(settled(going)), sending(412_999))
    wanted = ("412,999 of 1,000,000 accepted, 41 %", "9,200 per second, 64 s left", "12 not to be")
    assert [words for words in wanted if words not in page] == []


def test_a_broadcast_is_not_complete_before_the_last_recipient() -> None:
    going = Outcome(channel="email", audience="customers", state=PublicationState.SENDING)
    page = shown(incident(settled(going)), sending(999_999))
    assert ("99 %" in page, "100 %" in page) == (True, False)


def test_a_broadcast_that_its_provider_stopped_shows_who_got_it_and_how_to_go_on() -> None:
    stopped = Outcome(
        channel="email",
        audience="customers",
        state=PublicationState.PARTLY_ACCEPTED,
        explanation=explained("The account is blocked.", "Have it opened, then retry."),
    )
    page = shown(incident(settled(stopped)), sending(412_999))
    wanted = (
        "partly_accepted 412,999 of 1,000,000 accepted, 41 %",
        "587,001 not sent",
        "The account is blocked.",
        "Have it opened, then retry.",
        "frontfoot retry site-down 1 email",
    )
    assert [words for words in wanted if words not in page] == []
    assert "per second" not in page


def test_a_broadcast_that_waits_for_the_providers_limit_says_until_when() -> None:
    waiting = Outcome(
        channel="email",
        audience="customers",
        state=PublicationState.SENDING,
        explanation=Explanation(what="Waits, next attempt about 26 Oct 14:05 UTC."),
    )
    page = shown(incident(settled(waiting)), sending(412_999))
    assert "next attempt about 26 Oct 14:05 UTC." in page


def test_a_refusal_shows_its_reason_and_how_to_go_on() -> None:
    page = shown(incident(settled(REFUSED)))
    wanted = (
        REFUSED.explanation.what,
        "Buy credits, then retry.",
        "frontfoot retry site-down 1 twitter",
    )
    assert [words for words in wanted if words not in page] == []


def test_an_unknown_outcome_asks_a_person_for_either_answer() -> None:
    page = shown(incident(settled(UNKNOWN)))
    wanted = (
        UNKNOWN.explanation.what,
        "settle site-down 1 facebook --went-out",
        "--did-not-go-out",
    )
    assert [words for words in wanted if words not in page] == []


def test_a_link_stays_in_one_piece_however_long_it_is() -> None:
    assert ACCEPTED.receipt is not None
    assert str(ACCEPTED.receipt.url) in shown(incident(settled(ACCEPTED)))


def test_words_of_others_cannot_paint_the_screen() -> None:
    hostile = UNKNOWN.model_copy(update={"explanation": explained("gone\x1b[2J\u202e")})
    page = shown(incident(settled(hostile)), preview="x")
    assert ("\x1b" in page, "\u202e" in page, "gone\\u001b[2J\\u202e" in page) == (
        False,
        False,
        True,
    )


def test_a_long_incident_keeps_one_line_for_what_is_over_and_all_of_what_is_not() -> None:
    page = shown(
        incident(settled(ACCEPTED), settled(REFUSED, number=2), settled(ACCEPTED, number=3)),
        brief=True,
    )
    assert (page.count("facebook.com"), REFUSED.explanation.what in page) == (1, True)


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (incident(stage=Stage.IDENTIFY), "propose site-down announcement"),
        (incident(message()), "approve site-down 1 --digest 3f2a91bc --as PERSON"),
        (incident(message(phase=MessagePhase.REJECTED)), "revise site-down 1"),
        (incident(settled(ACCEPTED)), "propose site-down progress_update"),
        (incident(stage=Stage.RESOLVE), "propose site-down goodwill_offer"),
        (incident(stage=Stage.MAKE_GOOD), "close site-down"),
        (incident(stage=Stage.CLOSED), "timeline site-down --verify"),
    ],
)
def test_the_next_command_fits_how_the_incident_stands(
    status: IncidentStatus, command: str
) -> None:
    assert any(command in line for line in next_lines(status))


def test_while_a_message_is_going_out_nothing_is_urged() -> None:
    going = Outcome(channel="email", audience="customers", state=PublicationState.SENDING)
    publishing = settled(going).model_copy(update={"phase": MessagePhase.PUBLISHING})
    assert next_steps(incident(publishing)) == []
