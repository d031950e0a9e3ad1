"""What is open, and what waits for somebody: the first thing that people on duty look at."""

from __future__ import annotations

import asyncio

from client.asking import live_status
from client.channel_health import Health, health
from client.engine import Engine
from client.errors import EndedUnclosed, explanation_of
from client.incidents import MOST_ASKED, ListedIncident, recorded_incidents
from client.patience import soon
from client.quarantine import quarantine_notices
from client.surges import current_surges
from client.webhooks import list_endpoints, pressing
from domain.explanation import Explanation
from domain.message_state import MessagePhase
from domain.model import Value
from domain.status import IncidentStatus, MessageStatus
from domain.stopping import Stop
from store.stops import stops


class Waiting(Value):
    """A message that waits to be signed; ``mine``: this person's signature would count."""

    incident: str
    title: str
    message: MessageStatus
    mine: bool


class OpenIncident(Value):
    """An open incident; no status if it did not answer. ``stopped``: everything of it is."""

    listed: ListedIncident
    status: IncidentStatus | None
    stopped: Stop | None = None


class Overview(Value):
    """Every incident, and what waits for one person, that which is theirs first.

    ``notices`` say which channel is in quarantine, where far more is said than usual, why something
    could not be asked, and which other system does not take what it is told.
    """

    waiting: tuple[Waiting, ...] = ()
    open: tuple[OpenIncident, ...] = ()
    closed: tuple[ListedIncident, ...] = ()
    notices: tuple[Explanation, ...] = ()
    health: Health = Health()


async def overview(engine: Engine, person: str) -> Overview:
    """The overview for ``person``: the list from the ledger, and what the incidents answer soon."""
    every = await recorded_incidents(engine)
    stopped = await stops.all_in_force(await engine.ledger())
    notices: dict[str, Explanation] = {}

    async def asked(one: ListedIncident) -> OpenIncident:
        try:
            status = await soon(live_status(engine, one.slug))
        except EndedUnclosed as ended:
            return OpenIncident(listed=one.model_copy(update={"ended": ended.how}), status=None)
        except Exception as error:
            said = explanation_of(error)
            if said is None:
                raise
            notices[said.what] = said
            return OpenIncident(listed=one, status=None)
        listed = one.model_copy(update={"stage": status.stage})
        return OpenIncident(listed=listed, status=status)

    running = [one for one in every if one.open]
    answers, doing = await asyncio.gather(
        asyncio.gather(*(asked(one) for one in running[:MOST_ASKED])), health(engine)
    )
    unasked = (OpenIncident(listed=one, status=None) for one in running[MOST_ASKED:])
    shown = tuple(
        one.model_copy(update={"stopped": stopped.get(one.listed.slug)})
        for one in (*answers, *unasked)
        if one.listed.open
    )
    ended = (one.listed for one in answers if not one.listed.open)
    return Overview(
        waiting=tuple(sorted(_waiting(shown, person), key=lambda one: not one.mine)),
        open=shown,
        closed=(*ended, *(one for one in every if not one.open)),
        notices=(
            *await quarantine_notices(engine),
            *(one.told for one in await current_surges(engine)),
            *notices.values(),
            *pressing(await list_endpoints(engine)),
        ),
        health=doing,
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
