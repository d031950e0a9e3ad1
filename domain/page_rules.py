"""What a message says on the status page, from its kind and from what is known.

A component keeps its state until a message sets another: nothing here changes one by itself. The
resolution proposes that what the incident had set is operational again, and approvers see that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from domain.errors import DomainError
from domain.message import MessageKind
from domain.page_entry import (
    IMPACT_OF,
    ComponentCut,
    ComponentState,
    Impact,
    PageEntry,
    PagePlan,
    PageStatus,
)
from domain.suggest import did_you_mean

States = Mapping[str, ComponentState]


def page_entry(
    kind: MessageKind,
    plan: PagePlan,
    *,
    known: Collection[str],
    before: Sequence[PageEntry],
    chosen: States,
    headline: str,
) -> PageEntry:
    """What a message of ``kind`` says on the page.

    ``known`` are the names of the facts that are filled in, ``before`` what earlier messages of the
    incident said there, oldest first, and ``chosen`` the states that its author gives. Raises
    ``DomainError`` for a component that the playbook does not have.
    """
    refuse_unknown_components(chosen, plan)
    status = status_after(kind, known, before)
    standing = _standing(before)
    states = {**_ended(standing, status), **chosen}
    article = status is PageStatus.POSTMORTEM
    return PageEntry(
        status=status,
        impact=_impact(plan, before, {**standing, **states}),
        components=tuple(
            ComponentCut(**one.model_dump(), state=states.get(one.name)) for one in plan.components
        ),
        article=article,
        headline=headline if article else None,
    )


def status_after(
    kind: MessageKind, known: Collection[str], before: Sequence[PageEntry]
) -> PageStatus:
    """The page's word for how far the response is, once this message is out."""
    match kind:
        case MessageKind.RESOLUTION_NOTE:
            return PageStatus.RESOLVED
        case MessageKind.GOODWILL_OFFER:
            return PageStatus.POSTMORTEM
        case MessageKind.CORRECTION if before:
            return before[-1].status
        case MessageKind.PROGRESS_UPDATE if "fix" in known:
            return PageStatus.MONITORING
        case MessageKind.PROGRESS_UPDATE if "cause" in known:
            return PageStatus.IDENTIFIED
    return PageStatus.INVESTIGATING


def refuse_unknown_components(chosen: States, plan: PagePlan) -> None:
    """Raise ``DomainError`` unless the playbook has every component that is set."""
    names = [one.name for one in plan.components]
    for name in chosen:
        if not names:
            raise DomainError(
                f"There is no component {name[:60]!r}: the playbook has none.",
                "Add `components` under `page` in the playbook before the next incident.",
            )
        if name not in names:
            raise DomainError(
                f"There is no component {name[:60]!r}.", did_you_mean(name, names, "{}")
            )


def _standing(before: Sequence[PageEntry]) -> dict[str, ComponentState]:
    """The state of each component that the incident has set."""
    return {
        one.name: one.state for entry in before for one in entry.components if one.state is not None
    }


def _ended(standing: States, status: PageStatus) -> dict[str, ComponentState]:
    if status is not PageStatus.RESOLVED:
        return {}
    fine = ComponentState.OPERATIONAL
    return {name: fine for name, state in standing.items() if state is not fine}


def _impact(plan: PagePlan, before: Sequence[PageEntry], states: States) -> Impact:
    """How bad the incident was at its worst; one that is public is never without any."""
    told = [entry.impact for entry in before]
    now = [IMPACT_OF[state] for state in states.values()]
    return max([Impact.MINOR, plan.impact, *told, *now], key=lambda one: one.rank)
