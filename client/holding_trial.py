"""Trying the holding statements of a plan: whether they could be signed, and fit their channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from channels.contract import Channel, ChannelError
from channels.holding import holding_forms_of
from domain.errors import DomainError, Problem
from domain.playbook import Playbook
from domain.playbook_faults import at_its_place, problem_at
from domain.playbook_holding import HoldingPlan, wording_problems
from domain.yaml_places import PlacedYaml


def holding_trial(
    plan: Playbook, holding: HoldingPlan, placed: PlacedYaml, channels: Mapping[str, Channel]
) -> Iterator[Problem]:
    """What keeps the statements from being signed, with its place in the file.

    ``channels`` are those of the plan that could be built; one that could not is told already.
    """
    components = [one.name for one in plan.page.components]
    wrong = list(wording_problems(holding, components, plan.messages))
    yield from (at_its_place(placed, one) for one in wrong)
    if wrong:
        return
    for place, one in enumerate(holding.statements):
        if not set(one.channels) <= set(channels):
            continue
        alone = holding.model_copy(update={"statements": (one,)})
        try:
            holding_forms_of(plan, alone, channels, datetime.now(UTC))
        except (DomainError, ChannelError) as error:
            at = ("holding", "statements", place, "text")
            yield problem_at(placed, at, error.explanation.what, "Say it in fewer words.")
