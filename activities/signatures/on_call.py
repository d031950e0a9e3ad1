"""Who can be asked now: the roster, the on-call schedules, and who can be reached at all."""

from __future__ import annotations

from activities.signatures.signature import Signature
from domain.ids import Slug
from domain.model import Value
from domain.roster import PersonId, Role
from domain.severity import Severity


class FindPeople(Value):
    """Who of an incident's roster can be asked now to act as one of ``roles``, in which order.

    ``besides`` are people who are not to be asked: the author, or who has decided already. At
    ``severity`` 2 and 3 whoever has quiet hours now counts as unreachable; without one nobody does.
    """

    incident: Slug
    roles: tuple[Role, ...]
    besides: tuple[PersonId, ...] = ()
    severity: Severity | None = None


class FoundPeople(Value):
    """Whom to ask, in this order: on call, then their deputies, then everybody else with a role.

    Nobody is in two of them. ``unreachable`` are among them, but have no contact method that could
    be used now. Whoever was removed from the file of people is in none.
    """

    on_call: tuple[PersonId, ...] = ()
    deputies: tuple[PersonId, ...] = ()
    others: tuple[PersonId, ...] = ()
    unreachable: tuple[PersonId, ...] = ()


FIND_PEOPLE = Signature("find_people", FindPeople, FoundPeople)
