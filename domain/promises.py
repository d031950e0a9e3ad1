"""Promises: when people were told that they will hear from us again."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.errors import DomainError
from domain.explanation import Explanation, NextStep, explained
from domain.times import in_utc, show_on_its_day

LONGEST = timedelta(days=30)
"""The furthest that the next update may be promised ahead."""

MARGIN = timedelta(minutes=1)
"""What is signed later than this before its promised time would hardly be out in time."""

NEW_PROMISE = "next_update_by"
"""``about`` of a step to revise a message whose promised time has to change."""


def whole_minute(at: datetime) -> datetime:
    """``at`` in UTC without its seconds: the time that people read."""
    return in_utc(at).replace(second=0, microsecond=0)


def refuse_promise(at: datetime | None, now: datetime) -> None:
    """Raise ``DomainError`` if the next update cannot be promised by ``at``."""
    if at is None:
        return
    shown = show_on_its_day(at, now)
    if at <= now:
        raise DomainError(
            f"The next update cannot be promised by {shown}: that is not in the future.",
            "Give a time that is still to come, such as 45m, or promise none.",
        )
    if at - now > LONGEST:
        raise DomainError(
            f"The next update cannot be promised by {shown}: that is more than "
            f"{LONGEST.days} days away.",
            "Give a time that people can wait for, such as 45m or 2h.",
        )


def overdue(at: datetime | None, now: datetime, step: NextStep) -> Explanation | None:
    """Why copy that promises the next update by ``at`` is not signed at ``now``, if it is not.

    ``step`` is how the message is revised.
    """
    if at is None or at - now > MARGIN:
        return None
    shown = show_on_its_day(at, now)
    when = "has passed" if at <= now else "is less than a minute away"
    return explained(
        f"The promised time {shown} {when}.",
        step.model_copy(
            update={"about": NEW_PROMISE, "advice": "Revise the message with a new time."}
        ),
        means="The message would go out with a promise that is broken already.",
    )
