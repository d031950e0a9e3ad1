"""What is open, and what waits for somebody: the first thing that people on duty look at."""

from __future__ import annotations

import asyncio

from client.asking import incident_status
from client.engine import Engine
from client.errors import explanation_of
from client.incidents import MOST_ASKED, ListedIncident, list_incidents
from domain.explanation import Explanation
from domain.message_state import MessagePhase
from domain.model import Value
from domain.status import IncidentStatus, MessageStatus


class Waiting(Value):
    """A message that waits to be signed; ``mine``: this person's signature would count."""

    incident: str
    title: str
    message: MessageStatus
    mine: bool


class OpenIncident(Value):
    """An open incident; no status if it did not answer."""

    listed: ListedIncident
    status: IncidentStatus | None


class Overview(Value):
    """Every incident, and what waits for one person, that which is theirs first.

    ``notices`` say why something could not be asked.
    """

    waiting: tuple[Waiting, ...] = ()
    open: tuple[OpenIncident, ...] = ()
    closed: tuple[ListedIncident, ...] = ()
    notices: tuple[Explanation, ...] = ()


async def overview(engine: Engine, person: str) -> Overview:
    """The overview for ``person``; what Temporal does not answer is a notice."""
    every = await list_incidents(engine)
    running = [one for one in every if one.open]
    notices: dict[str, Explanation] = {}

    async def status_of(one: ListedIncident) -> IncidentStatus | None:
        try:
            return await incident_status(engine, one.slug)
        except Exception as error:
            said = explanation_of(error)
            if said is None:
                raise
            notices[said.what] = said
            return None

    found = await asyncio.gather(*(status_of(one) for one in running[:MOST_ASKED]))
    answers = dict(zip((one.slug for one in running), found, strict=False))
    shown = tuple(OpenIncident(listed=one, status=answers.get(one.slug)) for one in running)
    return Overview(
        waiting=tuple(sorted(_waiting(shown, person), key=lambda one: not one.mine)),
        open=shown,
        closed=tuple(one for one in every if not one.open),
        notices=tuple(notices.values()),
    )


def _waiting(shown: tuple[OpenIncident, ...], person: str) -> list[Waiting]:
    return [
        Waiting(
            incident=one.listed.slug,
            title=one.listed.title,
            message=message,
            mine=person in message.may_sign,
        )
        for one in shown
        if one.status is not None
        for message in one.status.messages
        if message.phase is MessagePhase.WAITING
    ]
