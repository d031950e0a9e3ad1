"""What each message changed about the components of the page."""

from __future__ import annotations

from typing import NamedTuple

from domain.page_entry import ComponentState
from domain.status_page import Component, PageIncident, StatusPage


class Change(NamedTuple):
    """A component's state before a message and with it; both may be the same."""

    component: Component
    old: ComponentState
    new: ComponentState


def changes_in(page: StatusPage) -> dict[str, tuple[Change, ...]]:
    """For each update that sets states, by its id: the components of the page that it sets.

    Updates of all incidents count in the order of their publication, because they speak of the
    same components. One that the page no longer has is left out.
    """
    components = {one.name: one for one in page.components}
    now = dict.fromkeys(components, ComponentState.OPERATIONAL)
    changes: dict[str, tuple[Change, ...]] = {}
    updates = [update for incident in page.incidents for update in incident.updates]
    for update in sorted(updates, key=lambda one: (one.at, one.id)):
        set_here = {
            cut.name: cut.state
            for cut in update.entry.components
            if cut.state is not None and cut.name in components
        }
        if set_here:
            changes[update.id] = tuple(
                Change(components[name], now[name], state) for name, state in set_here.items()
            )
        now |= set_here
    return changes


def affected_by(
    incident: PageIncident, changes: dict[str, tuple[Change, ...]]
) -> tuple[Component, ...]:
    """The components that an incident has spoken of, in the order in which it did."""
    found = {
        change.component.id: change.component
        for update in incident.updates
        for change in changes.get(update.id, ())
    }
    return tuple(found.values())
