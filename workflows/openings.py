"""Openings: what the ledger has to know before the wire sends anything."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.openings import OPEN_GATE, REVOKE_OPENING, OpenGate, RevokeOpening
    from domain.incident import IncidentState
    from domain.message import MessageKind
    from domain.message_state import MessagePhase, MessageState
    from domain.opening import OpeningKind
    from domain.publication import Destination
    from workflows.calls import call, explanation_of
    from workflows.policies import LEDGER, RECORD_AGAIN, URGENT
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline


class Openings:
    """Enters in the ledger that a gate has opened, and then lets the message out.

    What is left to do is read from the messages themselves, so that an incident that goes on as new
    in between does it again; the ledger takes the same opening as often as it comes.
    """

    def __init__(self, state: IncidentState, timeline: Timeline, publishing: Publishing) -> None:
        self._state = state
        self._timeline = timeline
        self._publishing = publishing
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def quiet(self) -> bool:
        """Whether the ledger knows of every gate what it has to."""
        return not any(_to_open(one) or _to_revoke(one) for one in self._state.messages)

    async def keep(self) -> None:
        """Enter openings for as long as the incident lives, those of several messages at once."""
        while True:
            await workflow.wait_condition(lambda: bool(self._waiting()))
            for message in self._waiting():
                self._under_way[message.number] = asyncio.create_task(self._enter(message))

    def enter_again(self) -> None:
        """Enter every opening once more: the ledger may be a copy from before some of them."""
        for message in self._state.messages:
            if not message.revoked:
                message.opened = False

    def _waiting(self) -> list[MessageState]:
        return [
            one
            for one in self._state.messages
            if (_to_open(one) or _to_revoke(one)) and one.number not in self._under_way
        ]

    async def _enter(self, message: MessageState) -> None:
        try:
            if _to_open(message):
                await self._open(message)
            else:
                await self._revoke(message)
        except ActivityError as error:
            why = explanation_of(error).what
            about = f"message {message.number}: {why}"
            if message.opened:
                # Its publications have been stopped anyway.
                message.revoked = True
                self._timeline.add("opening not revoked", "frontfoot", about)
                return
            self._timeline.add("opening not entered", "frontfoot", about)
            await workflow.sleep(RECORD_AGAIN)
        finally:
            del self._under_way[message.number]

    async def _open(self, message: MessageState) -> None:
        order = OpenGate(
            message=self._state.ref(message),
            digest=message.digest,
            destinations=message.destinations
            or tuple(Destination(channel=one) for one in message.reply_channels),
            kind=_kind_of(message),
            decisions=(*message.gate.decisions, *message.gate.overrides),
            at=message.approved_at or workflow.now(),
        )
        await call(OPEN_GATE, order, LEDGER, priority=URGENT)
        message.opened = True
        # It may have been withdrawn or overtaken meanwhile, or be out since long ago: an opening
        # that a restored ledger lacks is entered again.
        if message.phase is MessagePhase.PUBLISHING and not message.starts:
            self._publishing.start(message, message.destinations)

    async def _revoke(self, message: MessageState) -> None:
        order = RevokeOpening(message=self._state.ref(message), at=workflow.now())
        await call(REVOKE_OPENING, order, LEDGER)
        message.revoked = True


def _kind_of(message: MessageState) -> OpeningKind:
    if message.released:
        return OpeningKind.RELEASED
    if message.kind is MessageKind.HOLDING_STATEMENTS:
        return OpeningKind.HOLDING
    return OpeningKind.MESSAGE if message.kind.published else OpeningKind.FORM


def _to_open(message: MessageState) -> bool:
    out = message.phase in (MessagePhase.PUBLISHING, MessagePhase.SETTLED, MessagePhase.IN_FORCE)
    return out and not message.opened


def _to_revoke(message: MessageState) -> bool:
    # What is on the wire still ends in the way that its own workflow was told.
    called_off = message.phase.called_off and not message.busy()
    return called_off and message.opened and not message.revoked
