"""What the plan of an incident offers a form: kinds of messages, channels, components."""

from __future__ import annotations

from client.engine import Engine
from client.errors import explanation_of
from domain.message import MessageKind
from domain.model import Value
from domain.playbook import Playbook
from domain.playbook_files import examine_playbook
from domain.status import IncidentStatus
from store.record import playbooks


class Choices(Value):
    """What somebody can choose from; empty where the plan could not be read."""

    kinds: tuple[MessageKind, ...] = tuple(MessageKind)
    channels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()


async def choices_of(engine: Engine, status: IncidentStatus) -> Choices:
    """What the plan of an incident offers.

    From a snapshot of that playbook in the ledger, which need not be the one of this incident: a
    form is helped by it, and the incident itself has the last word.
    """
    try:
        files = await playbooks.snapshot_named(await engine.ledger(), status.playbook)
    except Exception as error:
        # A form with fewer choices is better than none.
        if explanation_of(error) is None:
            raise
        files = None
    plan = examine_playbook(files).plan if files is not None else None
    return Choices() if plan is None else _choices(plan)


def _choices(plan: Playbook) -> Choices:
    channels = dict.fromkeys(name for one in plan.messages.values() for name in one.channels)
    return Choices(
        kinds=tuple(plan.messages),
        channels=tuple(channels),
        components=tuple(one.name for one in plan.page.components),
    )
