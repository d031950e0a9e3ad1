"""Follow-ups: the prevention that a resolution promised, on the day on which it was due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from domain.roster import Person, PersonId
from domain.times import show_day

ASKED_AT = time(9, 0, tzinfo=UTC)
"""When on that day its owner is asked."""

ABOUT = "follow-up/prevention"
"""Its name in notifications."""


def asked_at(due: date) -> datetime:
    """When the owner of a prevention that is due on ``due`` is asked."""
    return datetime.combine(due, ASKED_AT)


def owners_of(text: str, roster: Sequence[Person], otherwise: PersonId) -> tuple[PersonId, ...]:
    """The people of the roster whom ``prevention_owner`` means.

    It was written for the public: a handle, a role, or a name that nobody here has. Then it is
    ``otherwise``, who has to know whom to ask.
    """
    words = text.strip().lower().removeprefix("the ").replace(" ", "_")
    named = tuple(one.id for one in roster if one.id == words)
    holding = tuple(one.id for one in roster if words in one.roles)
    return named or holding or (otherwise,)


def we_did(prevention: str, said_on: date) -> str:
    """What could be published: that what was said was done."""
    return (
        f"On {show_day(said_on)} we said what we would do so that this cannot happen again: "
        f"{prevention.strip().rstrip('.')}. We said we would, and we did."
    )
