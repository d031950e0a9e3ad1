"""The people of a round: they propose, edit, sign, try what they may not, and withdraw.

They use what real people use (the functions behind the terminal's commands and the public
signals), and when no answer comes they do as people do: look, and try again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from temporalio.client import Client

from chaos.insisting import AGAIN_AFTER, GaveUp, Insisting, Result
from chaos.plan import Fault, MessageScript, Revising, RoundPlan, Signer, Wrong
from chaos.record import Record
from chaos.signers import LEAD, Signers
from client import incidents, messages
from client.asking import incident_status
from client.broadcasts import steer_broadcast
from client.engine import Engine
from client.facts import record_facts
from client.publications import withdraw, withdrawn
from domain.broadcasting import BroadcastAction
from domain.errors import DomainError
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.status import IncidentStatus, MessageStatus
from store.kernel.database import Database

_TAKEN_BACK_WITHIN = timedelta(minutes=2)

AUDIENCE = "customers"
_TOLD_WITHIN = 45.0
FACTS: dict[str, object] = {
    "summary": "somebody posted spam through our customers' accounts",
    "what_happened": "Somebody has been posting spam through connected accounts.",
    "scope": "Some of the accounts that were connected to us; we are counting them.",
    "doing": "we have stopped all posting and are revoking every token",
    "cause": "Access tokens were kept unencrypted, and an attacker read them.",
    "fix": "every token was revoked and issued anew",
    "wrong": "We said that no account had been used.",
    "right": "Some accounts had been used.",
    "prevention": "tokens are encrypted",
    "prevention_owner": "Ines, head of security",
    "prevention_due": date(2030, 12, 11),
}


_RULES = MessageScript(
    kind=MessageKind.REPLY_RULES, signers=(Signer("noor", by_signal=False),), wrong=(Wrong.NO_ROLE,)
)
"""What people who ask are answered; publishes nothing."""


class StartsFaults(Protocol):
    """What starts a message's faults."""

    def start(self, faults: tuple[Fault, ...]) -> None: ...


class People:
    """Everybody in one incident."""

    def __init__(
        self,
        client: Client,
        database: Database,
        plan: RoundPlan,
        record: Record,
        deadline: float,
    ) -> None:
        self._engine = Engine(temporal=client, ledger=database)
        self._plan = plan
        self._record = record
        self._insisting = Insisting(deadline)
        self._slug = plan.incident
        self._signers = Signers(client, self._engine, self._slug, record, self._insisting)
        self._meanwhile: list[asyncio.Task[None]] = []

    async def play(self, files: dict[str, str], faults: StartsFaults) -> None:
        """Play the whole script; returns when nobody has anything left to do."""
        await self._insisting.on(
            lambda: incidents.open_incident(
                self._engine,
                slug=self._slug,
                title="Spam went out through customers' accounts",
                files=files,
                actor=LEAD,
                audiences=[AUDIENCE],
            )
        )
        await self._insisting.on(
            lambda: record_facts(self._engine, self._slug, actor=LEAD, facts=FACTS)
        )
        if self._plan.crowd is not None:
            await self._message(_RULES, faults, self._plan.crowd.faults)
        for script in self._plan.messages:
            told = await self._message(script, faults)
            if not told and script.kind in (
                MessageKind.ANNOUNCEMENT,
                MessageKind.RESOLUTION_NOTE,
            ):
                # It was withdrawn in time: people still have to be told.
                repeat = MessageScript(kind=script.kind, signers=script.signers)
                await self._message(repeat, faults)
        await asyncio.gather(*self._meanwhile)

    async def status(self) -> IncidentStatus:
        """The incident's status, however often one has to ask."""
        return await self._insisting.on(lambda: incident_status(self._engine, self._slug))

    async def insist(self, act: Callable[[], Awaitable[Result]]) -> Result:
        """Do something until an answer comes; ``DomainError`` is an answer."""
        return await self._insisting.on(act)

    def be_patient_until(self, deadline: float) -> None:
        """Wait for answers until then, in monotonic seconds."""
        self._insisting.deadline = deadline

    # --- one message --------------------------------------------------------------------------

    async def _message(
        self, script: MessageScript, faults: StartsFaults, more: tuple[Fault, ...] = ()
    ) -> bool:
        message = await self._propose(script.kind)
        if message is None:
            return False
        for wrong in script.wrong:
            await self._signers.try_wrong(wrong, script, message)
        if script.revising is Revising.BEFORE:
            message = await self._revise(message.number) or message
        faults.start((*script.faults, *more))
        try:
            return await self._publish(message, script)
        except DomainError as error:
            # Temporal was lost in the second after the proposal, and the message with it.
            self._record.said.append(f"message {message.number} was lost: {error.what}")
            return False

    async def _publish(self, message: MessageStatus, script: MessageScript) -> bool:
        if script.revising is Revising.RACING:
            await asyncio.gather(
                self._revise(message.number), self._signers.sign_once(message, script)
            )
        await self._signers.sign(message.number, script)
        if script.withdrawn_after is not None:
            withdrawal = self._withdraw(message.number, script.withdrawn_after)
            self._meanwhile.append(asyncio.create_task(withdrawal))
        if script.paused_for is not None:
            pausing = self._pause(message.number, script.paused_for)
            self._meanwhile.append(asyncio.create_task(pausing))
        if script.overtaken:
            return True
        return await self._told(message.number)

    async def _propose(self, kind: MessageKind) -> MessageStatus | None:
        before = len((await self.status()).messages)

        async def once() -> MessageStatus:
            proposed = (await self.status()).messages
            if len(proposed) > before:
                # The answer was lost, and it had counted.
                return proposed[before]
            return await messages.propose(
                self._engine,
                self._slug,
                kind,
                actor=LEAD,
                next_update_by=None if kind is MessageKind.REPLY_RULES else _soon(),
            )

        try:
            return await self._insisting.on(once)
        except DomainError as refusal:
            self._record.said.append(f"{kind} was refused: {refusal.what}")
            return None

    async def _revise(self, number: int) -> MessageStatus | None:
        try:
            return await self._insisting.on(
                lambda: messages.revise(
                    self._engine,
                    self._slug,
                    number,
                    actor=LEAD,
                    next_update_by=_soon(minutes=110),
                )
            )
        except DomainError:
            # An approval was faster, or an earlier try had counted.
            return None

    async def _withdraw(self, number: int, after: float) -> None:
        await asyncio.sleep(after)
        try:
            await self._insisting.on(
                lambda: withdraw(
                    self._engine, self._slug, number, actor=LEAD, reason="it was a mistake"
                ),
                patience=90.0,
            )
            await self._insisting.on(
                lambda: withdrawn(self._engine, self._slug, number, _TAKEN_BACK_WITHIN),
                patience=90.0,
            )
            await self._halted(number)
        except DomainError as refusal:
            self._record.said.append(f"withdrawing {number} was refused: {refusal.what}")
            return
        self._record.withdrawn[number] = time.time()

    async def _halted(self, number: int) -> None:
        """Wait until nothing of a withdrawn message is under way any more."""
        while not self._insisting.over:
            message = messages.message_of(await self.status(), number)
            if all(outcome.state.settled for outcome in message.outcomes):
                return
            await asyncio.sleep(AGAIN_AFTER)
        raise GaveUp(f"message {number} was withdrawn, and something of it is still under way")

    async def _pause(self, number: int, seconds: float) -> None:
        for action in (BroadcastAction.PAUSE, BroadcastAction.RESUME):
            try:
                await self.steer(number, action)
            except DomainError:
                # Its mail has not begun, or is through.
                return
            await asyncio.sleep(seconds)

    async def steer(
        self, number: int, action: BroadcastAction, *, audience: str | None = AUDIENCE
    ) -> MessageStatus:
        """Pause or resume a message's mail; ``DomainError`` if there is none under way."""
        return await self._insisting.on(
            lambda: steer_broadcast(
                self._engine, self._slug, number, action, actor=LEAD, audience=audience
            )
        )

    async def _told(self, number: int) -> bool:
        """Whether people have been told by it, before long."""
        until = time.monotonic() + _TOLD_WITHIN
        while time.monotonic() < until and not self._insisting.over:
            message = messages.message_of(await self.status(), number)
            if message.told:
                return True
            if message.phase is not MessagePhase.PUBLISHING:
                return False
            await asyncio.sleep(0.2)
        return False


def _soon(minutes: int = 120) -> datetime:
    """When the next update is promised: later than any worker's clock jumps, or it is too old."""
    return datetime.now(UTC) + timedelta(minutes=minutes)
