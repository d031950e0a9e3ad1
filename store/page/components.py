"""The components of the status page: those of the newest plan, as messages have set them."""

from __future__ import annotations

from collections.abc import Iterable

from domain.page_entry import ComponentPlan, ComponentState
from domain.status_page import Component, PageIncident, PageUpdate, component_id
from domain.times import UtcTime


def components_of(
    plan: Iterable[ComponentPlan], since: UtcTime, page: Iterable[PageIncident]
) -> tuple[Component, ...]:
    """Every component in the playbook's order, then those of other playbooks; each as it stands."""
    updates = sorted((one for incident in page for one in incident.updates), key=lambda one: one.at)
    known: dict[str, Component] = {}
    for one in plan:
        known[one.name] = _new(one, since)
    for update in updates:
        _enter(known, update)
    return tuple(known.values())


def _enter(known: dict[str, Component], update: PageUpdate) -> None:
    for cut in update.entry.components:
        before = known.get(cut.name) or _new(cut, update.at)
        changes: dict[str, object] = {"since": min(before.since, update.at)}
        if cut.state is not None and cut.state is not before.state:
            changes |= {"state": cut.state, "updated_at": update.at}
        known[cut.name] = before.model_copy(update=changes)


def _new(plan: ComponentPlan, at: UtcTime) -> Component:
    return Component(
        id=component_id(plan.name),
        name=plan.name,
        description=plan.description,
        group=plan.group,
        state=ComponentState.OPERATIONAL,
        since=at,
        updated_at=at,
    )
