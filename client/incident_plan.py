"""What the plan of an incident offers a form: kinds of messages, channels, components, people."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import from_json

from client.engine import Engine
from client.errors import explanation_of
from domain.errors import DomainError
from domain.message import MessageKind
from domain.model import Value
from domain.playbook import Playbook
from domain.playbook_files import examine_playbook
from domain.status import IncidentStatus
from store.record import playbooks
from store.recovery import snapshots


class Choices(Value):
    """What somebody can choose from; empty where the plan could not be read."""

    kinds: tuple[MessageKind, ...] = tuple(MessageKind)
    channels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


async def plan_of(
    engine: Engine, status: IncidentStatus
) -> tuple[Playbook, Mapping[str, str]] | None:
    """The plan of an incident and the files that it came from; None if they cannot be read.

    The incident's own, as the ledger has them since its first entry; before that the newest of
    that playbook.
    """
    ledger = await engine.ledger()
    kept = await snapshots.load(ledger, status.incident)
    if kept is not None and kept.state:
        try:
            plan = Playbook.model_validate(from_json(kept.plan))
            return plan, await playbooks.load_snapshot(ledger, from_json(kept.state)["templates"])
        except (ValidationError, DomainError, KeyError):
            # Another version wrote it.
            return None
    files = await playbooks.snapshot_named(ledger, status.playbook)
    newest = examine_playbook(files).plan if files is not None else None
    return None if files is None or newest is None else (newest, files)


async def choices_of(engine: Engine, status: IncidentStatus) -> Choices:
    """What the plan of an incident offers; the incident itself has the last word."""
    try:
        found = await plan_of(engine, status)
    except Exception as error:
        # A form with fewer choices is better than none.
        if explanation_of(error) is None:
            raise
        found = None
    return Choices() if found is None else _choices(found[0])


def _choices(plan: Playbook) -> Choices:
    channels = dict.fromkeys(name for one in plan.messages.values() for name in one.channels)
    return Choices(
        kinds=plan.kinds,
        channels=tuple(channels),
        components=tuple(one.name for one in plan.page.components),
        people=tuple(one.id for one in plan.roster),
    )
