"""Whether one person may sign one message now, and if not, why."""

from __future__ import annotations

from datetime import datetime

from domain.explanation import Action, Explanation, NextStep, explained
from domain.gate import Requirement, Verdict
from domain.message import SHORT_DIGEST
from domain.message_state import MessagePhase
from domain.model import Value
from domain.promises import overdue
from domain.status import MessageStatus
from domain.times import show_moment

_OVER = {
    MessagePhase.WITHDRAWN: "was withdrawn",
    MessagePhase.SUPERSEDED: "was overtaken by something newer",
}


class MaySign(Value):
    """What somebody may do at a gate; ``why_not`` explains a missing approval.

    ``proven``: their decision is signed with a passkey. ``required``: it does not count otherwise.
    """

    approve: bool = False
    reject: bool = False
    proven: bool = False
    required: bool = False
    why_not: Explanation | None = None


def may_sign(
    slug: str,
    message: MessageStatus,
    person: str,
    roles: tuple[str, ...],
    now: datetime,
    *,
    proves: bool = False,
    unusable: Explanation | None = None,
) -> MaySign:
    """What ``person`` may do; the incident itself judges again when they do it.

    ``proves`` says whether the surface has a passkey of theirs, ``unusable`` why it uses none.
    """
    if message.phase is not MessagePhase.WAITING:
        return MaySign(why_not=_decided(slug, message))
    signers = ", ".join(message.may_sign) or "nobody in the roster"
    may = f"These people may: {signers}."
    if any(one.actor.person == person for one in message.decisions):
        return MaySign(why_not=explained("You have signed this already.", may))
    if person == message.author:
        return MaySign(
            why_not=explained(
                "You wrote this, and nobody approves their own words.",
                may,
            )
        )
    if person not in message.may_sign and person in message.signs_as:
        return _not_now(message, person, may)
    if person not in message.may_sign:
        held = " or ".join(roles) or "no role"
        what = f"You are {held} here, and this gate does not take that signature."
        return MaySign(why_not=explained(what, may))
    required = message.requires is not Requirement.NONE
    if required and not proves:
        return MaySign(why_not=_unproven(message, unusable))
    revising = NextStep(action=Action.REVISE, incident=slug, message=message.number)
    late = overdue(message.next_update_by, now, revising)
    return MaySign(
        approve=late is None, reject=True, proven=proves, required=required, why_not=late
    )


def _not_now(message: MessageStatus, person: str, may: str) -> MaySign:
    """Whoever has a role here and cannot approve: others come first, or theirs is given already."""
    holder = message.signs_for.get(person, "")
    if message.turn_of and not set(message.signs_as[person]) & set(message.turn_of):
        first = " or ".join(message.turn_of)
        why = explained(f"It is not your turn yet: {first} sign first.", may)
        return MaySign(reject=True, why_not=why)
    whose = f"of {holder}, for whom you stand in," if holder else "that you could give"
    return MaySign(why_not=explained(f"The signature {whose} was given already.", may))


def _unproven(message: MessageStatus, unusable: Explanation | None) -> Explanation:
    """What is missing for a decision that has to be signed with something."""
    if message.requires is Requirement.PASSKEY:
        what = "This has to be signed with a passkey, and you have none here."
        enrol = NextStep(action=Action.ENROL_PASSKEY, advice="Add one, then sign here.")
        return unusable or explained(what, enrol)
    return explained(
        "This has to be signed with a key or a passkey, and you have no passkey here.",
        NextStep(
            action=Action.ENROL_PASSKEY,
            advice="Sign it in the terminal, with your key, on digest "
            f"{message.digest[:SHORT_DIGEST]}; or add a passkey, and sign here.",
        ),
    )


def _decided(slug: str, message: MessageStatus) -> Explanation:
    status = NextStep(action=Action.SHOW_STATUS, incident=slug)
    if message.phase in _OVER:
        return explained(f"This message {_OVER[message.phase]}; nobody can sign it.", status)
    if not message.decisions:
        return explained("This message is not waiting for a signature.", status)
    last = message.decisions[-1]
    word = "approved" if last.verdict is Verdict.APPROVE else "rejected"
    where = f" in the {last.actor.surface}" if last.actor.surface else ""
    return explained(
        f"{last.actor.person} {word} this at {show_moment(last.at)}{where}.",
        status,
        means="It is decided, and your signature is not needed any more.",
    )
