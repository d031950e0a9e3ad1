"""What travels is frozen, and outlives the code that wrote it."""

from __future__ import annotations

import inspect

import pytest
from pydantic import BaseModel, ValidationError

import domain.facts
import domain.gate
import domain.ids
import domain.incident
import domain.message
import domain.offer
import domain.playbook
import domain.publication
import domain.roster
import domain.templates
from domain.ids import MessageRef
from domain.model import Value
from domain.playbook import Playbook
from domain.roster import Person

TRAVELLING = {
    name: model
    for module in (
        domain.facts, domain.gate, domain.ids, domain.incident, domain.message, domain.offer,
        domain.playbook, domain.publication, domain.roster, domain.templates,
    )
    for name, model in inspect.getmembers(module, inspect.isclass)
    if issubclass(model, BaseModel)
}  # fmt: skip


@pytest.mark.parametrize("model", TRAVELLING.values(), ids=list(TRAVELLING))
def test_every_value_ignores_what_a_newer_worker_adds(model: type[BaseModel]) -> None:
    """A plan that forbade unknown fields would fail the start of every running incident."""
    assert model.model_config.get("extra", "ignore") == "ignore"


@pytest.mark.parametrize(
    "model", [one for one in TRAVELLING.values() if issubclass(one, Value)], ids=str
)
def test_every_value_is_frozen(model: type[BaseModel]) -> None:
    assert model.model_config["frozen"]


def test_a_field_that_nobody_knows_is_dropped_on_the_wire() -> None:
    wire = '{"incident": "site-down", "number": 1, "revision": 2, "from_the_future": true}'
    assert MessageRef.model_validate_json(wire) == MessageRef(
        incident="site-down", number=1, revision=2
    )


def test_a_frozen_value_cannot_be_changed_behind_anybodys_back() -> None:
    ref = MessageRef(incident="site-down", number=1, revision=2)
    with pytest.raises(ValidationError):
        ref.number = 2  # type: ignore[misc]


def test_a_plan_from_a_newer_worker_is_still_a_plan() -> None:
    wire = {"id": "maya", "roles": ["comms_lead"], "pager": "+1 555 0100"}
    assert Person.model_validate(wire) == Person(id="maya", roles=("comms_lead",))


def test_a_whole_plan_survives_the_journey_through_a_history(
    shipped_playbook: Playbook,
) -> None:
    assert Playbook.model_validate_json(shipped_playbook.model_dump_json()) == shipped_playbook
