"""What a message says on the status page beside its words.

The words are those of the Statuspage format, version 2, because the programs that read status pages
know no others and take what they do not know for "all is well".
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import field_validator

from domain.model import Value, Written
from domain.public_text import PublicLine


class ComponentState(StrEnum):
    """The state of a part of the product, best first."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"


class PageStatus(StrEnum):
    """How far the response to an incident is, in the page's words."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"

    @property
    def over(self) -> bool:
        """Whether an incident of this status is over."""
        return self in (PageStatus.RESOLVED, PageStatus.POSTMORTEM)


class Impact(StrEnum):
    """How bad an incident is, least first."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """How bad it is, for comparing."""
        return list(Impact).index(self)


IMPACT_OF: dict[ComponentState, Impact] = {
    ComponentState.OPERATIONAL: Impact.NONE,
    ComponentState.UNDER_MAINTENANCE: Impact.NONE,
    ComponentState.DEGRADED_PERFORMANCE: Impact.MINOR,
    ComponentState.PARTIAL_OUTAGE: Impact.MAJOR,
    ComponentState.MAJOR_OUTAGE: Impact.CRITICAL,
}
"""How bad an incident is at least while a component is in that state."""


class ComponentPlan(Written):
    """A part of the product as the playbook names it; ``group`` gathers several under a heading."""

    name: PublicLine
    description: PublicLine | None = None
    group: PublicLine | None = None


class PagePlan(Written):
    """The playbook's part of the status page: the parts of the product, in their order there.

    ``impact`` is how bad an incident of this playbook is at least, until it is over. ``answered``:
    whether each incident says how many of the messages from people were answered.
    """

    components: tuple[ComponentPlan, ...] = ()
    impact: Impact = Impact.MINOR
    answered: bool = False

    @field_validator("components")
    @classmethod
    def _each_name_once(cls, components: tuple[ComponentPlan, ...]) -> tuple[ComponentPlan, ...]:
        names = [one.name for one in components]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"names {name!r} twice")
        return components


class ComponentCut(ComponentPlan):
    """A component as a message shows it; ``state`` is None where the message sets none."""

    state: ComponentState | None = None


class PageEntry(Value):
    """What a message says on the status page beside its words; signed with them.

    ``components`` are all that the playbook has. An *article* has its own address and ``headline``.
    """

    status: PageStatus
    impact: Impact
    components: tuple[ComponentCut, ...] = ()
    article: bool = False
    headline: PublicLine | None = None
