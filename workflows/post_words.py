"""What people are told of a post whose outcome is not a plain yes or no."""

from __future__ import annotations

from activities.signatures.posts import PublicationStatus
from domain.explanation import Action, Explanation, NextStep
from workflows.contract.publications import PublishMessage


def looked_for(status: PublicationStatus) -> Explanation:
    """Nobody knows yet: the platform is being read."""
    what = status.explanation.what if status.explanation else "No clear answer came back."
    return Explanation(what=what, means="It may have gone out, and is being looked for.")


def absent_after(refused: Explanation) -> Explanation:
    """The last attempt was refused, and looking found nothing of those before it."""
    seen = "An earlier attempt may have gone out; it was looked for and not found."
    means = f"{seen} {refused.means}"
    return Explanation(what=refused.what, means=means, next_step=refused.next_step)


def given_up(order: PublishMessage, lost: int) -> Explanation:
    """No attempt of ``lost`` got a clear answer, and none was found."""
    return Explanation(
        what=f"{order.destination.channel} gave no clear answer in {lost} attempts.",
        means="It was looked for after each of them and not found.",
        next_step=_then(order, Action.RETRY, "Check whether the platform is up."),
    )


def cannot_tell(order: PublishMessage, what: str) -> Explanation:
    """Nothing that a machine can read tells whether it is public."""
    return Explanation(
        what=what,
        means="It may be public.",
        next_step=_then(order, Action.SETTLE, "Look at the platform yourself."),
    )


def _then(order: PublishMessage, action: Action, advice: str) -> NextStep:
    return order.destination.step(action, order.message, advice)
