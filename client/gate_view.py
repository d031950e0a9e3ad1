"""What is to be said of a message's gate beside its signatures: who is asked, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from domain.escalation import ENDS, Asked, Rung
from domain.explanation import Action, Explanation, NextStep, explained
from domain.message_state import MessagePhase
from domain.model import Value
from domain.notifications import NotificationState
from domain.promises import overdue
from domain.status import Asking, MessageStatus
from domain.times import show_moment

_RUNGS = {
    Rung.ASK: "first in line",
    Rung.REMIND: "reminded",
    Rung.DEPUTY: "deputy",
    Rung.NEXT_ROLE: "next in line",
}
_COMING = {
    Rung.ASK: "whoever is first in line is asked",
    Rung.REMIND: "they are reminded",
    Rung.DEPUTY: "deputies are asked",
    Rung.NEXT_ROLE: "everybody else whose role signs here is asked",
    Rung.HOLD: "it is held, and everybody is asked once more",
    Rung.RELEASE_PREAPPROVED: "what was approved beforehand goes out in its place",
}
_STATES = {
    NotificationState.ACKNOWLEDGED: ", acknowledged",
    NotificationState.UNREACHABLE: ", not reached",
}


_Step = Callable[[Action, str], NextStep]


class GateView(Value):
    """Sentences about a gate: ``alarms`` need somebody, ``lines`` are for whoever reads it."""

    alarms: tuple[Explanation, ...] = ()
    lines: tuple[str, ...] = ()


def gate_view(slug: str, message: MessageStatus) -> GateView:
    """What is to be said now."""
    return GateView(alarms=tuple(_alarms(slug, message)), lines=tuple(_lines(message)))


def _alarms(slug: str, message: MessageStatus) -> Iterator[Explanation]:
    def step(action: Action, advice: str) -> NextStep:
        return NextStep(
            action=action,
            incident=slug,
            message=message.number,
            about=message.digest[:8] if action is not Action.REVISE else "",
            advice=advice,
        )

    yield from _out_of_policy(message, step(Action.REVIEW, "Somebody else reviews it."), step)
    if message.phase is MessagePhase.EXPIRED:
        shown = f" at {show_moment(message.expires_at)}" if message.expires_at else ""
        what = f"Nobody decided on message {message.number}, and its gate expired{shown}."
        revise = step(Action.REVISE, "Revise it to have it signed anew.")
        yield explained(what, revise, means="Nothing of it goes out.")
    asking = message.asking
    if asking is None or message.phase is not MessagePhase.WAITING:
        return
    sign = step(Action.DECIDE, f"These people may sign: {', '.join(message.may_sign) or 'nobody'}.")
    late = overdue(message.next_update_by, datetime.now(UTC), step(Action.REVISE, ""))
    if late is not None:
        # Nobody could sign it as it is.
        sign = late.next_step
    means = "Nothing of it goes out until somebody signs."
    who = ", ".join(one.person for one in asking.asked) or "nobody was found"
    if asking.nobody:
        what = f"Nobody could be reached about message {message.number}: {who}."
        yield explained(what, sign, means=means)
    elif asking.rung in ENDS:
        what = f"Nobody has decided on message {message.number}, though all were asked: {who}."
        yield explained(what, sign, means=means)
    if asking.failed:
        what = f"The latest try to ask somebody about message {message.number} did not work."
        check = NextStep(action=Action.CHECK, advice="It is tried again; call somebody meanwhile.")
        yield explained(what, check)


def _out_of_policy(
    message: MessageStatus, reviewing: NextStep, step: _Step
) -> Iterator[Explanation]:
    who = " and ".join(one.actor.person for one in message.overrides)
    why = "; ".join(f"{one.actor.person}: {one.reason}" for one in message.overrides)
    if message.broken:
        said = message.review
        means = f"{why}." + (f" Reviewed by {said.actor.person}: {said.note}" if said else "")
        what = f"The gate of message {message.number} was opened out of policy by {who}."
        yield explained(what, reviewing if message.to_review else "", means=means)
    elif message.overrides and message.phase is MessagePhase.WAITING:
        what = f"{who} asks to open the gate of message {message.number} out of policy."
        agree = step(Action.BREAK_GLASS, "A second person may agree, if it cannot wait.")
        yield explained(what, agree, means=f"{why.rstrip('.')}.")


def _lines(message: MessageStatus) -> Iterator[str]:
    if message.phase is not MessagePhase.WAITING:
        return
    yield from message.reasons
    if message.turn_of:
        yield f"it is the turn of {' or '.join(message.turn_of)}"
    for person, holder in sorted(message.signs_for.items()):
        if person in message.may_sign:
            yield f"{person} signs for {holder}, who has delegated it"
    if message.expires_at is not None:
        yield f"expires undecided at {show_moment(message.expires_at)}"
    if message.asking is not None:
        yield from _asking_lines(message.asking)


def _asking_lines(asking: Asking) -> Iterator[str]:
    if asking.asked:
        yield f"asked: {'; '.join(_asked(one) for one in asking.asked)}"
    if asking.next_at is not None:
        coming = _COMING.get(asking.next_rung, "") if asking.next_rung else "all are reminded"
        yield f"next: {coming}, {show_moment(asking.next_at)}"


def _asked(one: Asked) -> str:
    return f"{one.person} ({_RUNGS.get(one.rung, one.rung)}, {show_moment(one.at)}" + (
        f"{_STATES.get(one.state, '')})"
    )
