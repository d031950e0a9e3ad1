"""A channel in hostile hands: nothing of ours goes out on it until two people say that it is ours.

Unlike a stop, which holds one incident, a quarantine holds one channel of every incident.
"""

from __future__ import annotations

from datetime import datetime

from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.ids import ChannelName
from domain.model import Value
from domain.times import show_moment


class Quarantine(Value):
    """Since when a channel is in quarantine, by whom and why; ``ended_at`` is None while it is.

    ``lift_asked_by`` says that it is ours again; it ends once somebody else has said so too.
    """

    id: str
    channel: ChannelName
    at: datetime
    by: Actor
    reason: str = ""
    lift_asked_at: datetime | None = None
    lift_asked_by: Actor | None = None
    ended_at: datetime | None = None
    ended_by: Actor | None = None

    @property
    def in_force(self) -> bool:
        """Whether it still keeps everything back."""
        return self.ended_at is None

    def explanation(self) -> Explanation:
        """What is told wherever something does not go out because of it."""
        why = f": {self.reason.rstrip('.')}." if self.reason else "."
        advice = "If the account is ours again, two people have to lift the quarantine."
        if self.lift_asked_by is not None:
            advice = (
                f"{self.lift_asked_by.person} says that the account is ours again. Somebody else "
                "has to confirm it."
            )
        return Explanation(
            what=f"{self.channel} was put in quarantine by {self.by.person}, "
            f"{show_moment(self.at)}{why}",
            means="The account may be in hostile hands. Nothing goes out on it, and no message "
            "needs it to count as told. What people say there is still read.",
            next_step=NextStep(action=Action.LIFT_QUARANTINE, channel=self.channel, advice=advice),
        )

    def refuse_lift(self, actor: Actor) -> None:
        """Raise ``DomainError`` if ``actor`` has said already that the channel is ours again."""
        asked = self.lift_asked_by
        if asked is not None and asked.person == actor.person:
            raise DomainError(
                f"{actor.person} has said already that {self.channel} is ours again.",
                "Somebody else has to confirm it.",
                means="The quarantine stays: one person alone cannot lift it.",
            )
