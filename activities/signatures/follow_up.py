"""Follow-ups: what a resolution said would be done, and by when."""

from __future__ import annotations

from datetime import date

from activities.signatures.signature import Signature
from domain.ids import Slug
from domain.model import Value
from domain.roster import Person, PersonId


class ReadFollowUp(Value):
    """Read what the facts of an incident say of its prevention now.

    ``roster`` is the incident's, and ``otherwise`` who is asked if they name nobody in it.
    """

    incident: Slug
    roster: tuple[Person, ...]
    otherwise: PersonId


class FollowUpRead(Value):
    """By which day the prevention is due, None without one, and who is asked then.

    The words of it stay in the ledger.
    """

    due: date | None = None
    people: tuple[PersonId, ...] = ()


READ_FOLLOW_UP = Signature("read_follow_up", ReadFollowUp, FollowUpRead)
