"""What the status page says about an incident and as a whole, derived from what was published."""

from __future__ import annotations

from datetime import datetime

from domain.page_entry import IMPACT_OF, ComponentState, Impact, PageStatus
from domain.status_page import Component, PageIncident, PageUpdate, StatusPage

_STATES = tuple(ComponentState)
_IMPACTS = tuple(Impact)
_INDICATOR_OF = {
    **IMPACT_OF,
    # The format has no fifth indicator that its readers know, and this is not "all is well".
    ComponentState.UNDER_MAINTENANCE: Impact.MINOR,
}
"""What a component makes of the page as a whole, beside the incidents."""


def newest_status(incident: PageIncident) -> PageStatus:
    """How far the response is: what the newest update says."""
    return incident.newest.entry.status


def is_over(incident: PageIncident) -> bool:
    """Whether the incident is resolved."""
    return newest_status(incident).over


def impact_of(incident: PageIncident) -> Impact:
    """How bad the incident is, or was while it lasted; an unresolved one is never ``none``."""
    if not is_over(incident):
        return worst_impact([incident.newest.entry.impact, Impact.MINOR])
    lasting = [one for one in incident.updates if not one.entry.status.over]
    return (lasting or incident.updates)[-1].entry.impact


def resolved_at(incident: PageIncident) -> datetime | None:
    """When it was resolved for good; None while it is open.

    Several updates may follow a resolution: the article of a make-good, or a correction.
    """
    at = None
    for update in reversed(incident.updates):
        if not update.entry.status.over:
            break
        at = update.at
    return at


def monitoring_at(incident: PageIncident) -> datetime | None:
    """When the fix was first said to be in place; None if it never was."""
    statuses = ((one.entry.status, one.at) for one in incident.updates)
    return next((at for status, at in statuses if status is PageStatus.MONITORING), None)


def indicator_of(page: StatusPage) -> Impact:
    """The worst of all unresolved incidents and of all components."""
    incidents = [impact_of(one) for one in page.incidents if not is_over(one)]
    return worst_impact([*incidents, *(_INDICATOR_OF[one.state] for one in page.components)])


def only_maintenance(page: StatusPage) -> bool:
    """Whether planned work on components is all that there is to say."""
    calm = (ComponentState.OPERATIONAL, ComponentState.UNDER_MAINTENANCE)
    return (
        all(is_over(one) for one in page.incidents)
        and all(one.state in calm for one in page.components)
        and any(one.state is ComponentState.UNDER_MAINTENANCE for one in page.components)
    )


def worst_impact(impacts: list[Impact]) -> Impact:
    """The worst of several; ``none`` of none."""
    return max(impacts, key=_IMPACTS.index, default=Impact.NONE)


def worst_state(components: list[Component]) -> ComponentState:
    """The worst state of several components; ``operational`` of none."""
    states = [one.state for one in components]
    return max(states, key=_STATES.index, default=ComponentState.OPERATIONAL)


def newest_article(page: StatusPage) -> tuple[PageIncident, PageUpdate] | None:
    """The article that was published last, with its incident; None without any."""
    articles = [
        (one.at, incident, one)
        for incident in page.incidents
        for one in incident.updates
        if one.entry.article
    ]
    if not articles:
        return None
    _, incident, update = max(articles, key=lambda article: article[0])
    return incident, update
