"""How a broadcast ended, in words a person can act on."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.explanation import Action, Explanation, explained
    from domain.ids import SUBSCRIBERS
    from domain.plural import plural
    from domain.publication import Outcome, PublicationState
    from workflows.broadcast_control import BroadcastControl
    from workflows.contract.publications import BroadcastRun, PublishMessage

_S = PublicationState
_SEND_THE_REST = "A retry sends it to the rest, and to nobody twice."


def broadcast_outcome(
    order: PublishMessage, control: BroadcastControl, kept_back: Explanation | None
) -> Outcome:
    """The outcome of a broadcast that has ended.

    ``kept_back`` is why what is unknown was not sent again, if some is.
    """
    state, why = _ending(order, control, kept_back)
    outcome = Outcome.at(order.destination, state, why, attempts=1)
    return outcome.model_copy(update={"begun": control.task().known.newest})


def _ending(
    order: PublishMessage, control: BroadcastControl, kept_back: Explanation | None
) -> tuple[PublicationState, Explanation]:
    run, told, unknown = control.run, _told(control.run), control.run.unknown_batches
    if control.behind and control.refusal is not None:
        begun = control.task().known.newest is not None or order.progress is not None
        return (_S.UNKNOWN if begun or control.planned else _S.REFUSED), control.refusal
    if control.halted is not None:
        note = f" {_batches(unknown)} got no answer." if unknown else ""
        return control.halted, explained(f"Stopped with {told}.{note}", "Mail cannot be recalled.")
    if unknown:
        why = f" {control.refusal.what}" if control.refusal else ""
        return _S.UNKNOWN, _nobody_knows(
            order, f"{_batches(unknown)} got no answer and no event; {told}.{why}", kept_back
        )
    if control.refusal is not None or run.not_sent:
        return _stopped(order, run, control.refusal or run.explanation)
    if not run.recipients:
        return _nobody_to_write_to(order, run)
    if not run.accepted:
        return _S.REFUSED, run.explanation or Explanation(what=f"{told}.")
    if run.refused and run.explanation is not None:
        return _S.ACCEPTED, _behind(f"{told}. {run.refused:,} refused:", run.explanation)
    return _S.ACCEPTED, Explanation(what=f"{told}.")


def _stopped(
    order: PublishMessage, run: BroadcastRun, why: Explanation | None
) -> tuple[PublicationState, Explanation]:
    """The provider took none of it, or not all: what is left can be sent by a retry."""
    why = why or Explanation(what="The rest was called off.")
    state = _S.PARTLY_ACCEPTED if run.accepted else _S.REFUSED
    step = why.next_step
    if step.action is None:
        step = order.destination.step(Action.RETRY, order.message, step.advice or _SEND_THE_REST)
    return state, _behind(f"{_told(run)}.", why).model_copy(update={"next_step": step})


def _told(run: BroadcastRun) -> str:
    not_sent = f", {run.not_sent:,} not sent" if run.not_sent else ""
    return f"{run.accepted:,} of {plural(run.recipients, 'recipient')} accepted{not_sent}"


def _batches(many: int) -> str:
    return plural(many, "batch", "batches")


def _behind(first: str, why: Explanation) -> Explanation:
    return why.model_copy(update={"what": f"{first} {why.what}"})


def _nobody_knows(order: PublishMessage, first: str, kept_back: Explanation | None) -> Explanation:
    advice = kept_back.next_step.advice if kept_back else "Look in the provider's activity."
    return Explanation(
        what=first,
        means=kept_back.means if kept_back else "They may have gone out.",
        next_step=order.destination.step(Action.LIST_UNKNOWN, order.message, advice),
    )


def _nobody_to_write_to(
    order: PublishMessage, run: BroadcastRun
) -> tuple[PublicationState, Explanation]:
    if run.elsewhere and not run.suppressed:
        return _S.ACCEPTED, Explanation(
            what=f"Everybody in it, {run.elsewhere:,}, gets this message in another audience, or "
            "subscribed to other components."
            if order.destination.audience == SUBSCRIBERS
            else f"Everybody in it, {run.elsewhere:,}, is in another audience of this message too."
        )
    return _S.REFUSED, explained(
        f"Nobody in the audience may be written to: {run.suppressed:,} suppressed.",
        "Nothing went out. Look at the suppressions, or tell people in another way.",
    )
