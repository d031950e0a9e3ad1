"""Who signs a message of a round, and who tries to and may not."""

from __future__ import annotations

import asyncio

from temporalio.client import Client

from chaos.insisting import GaveUp, Insisting
from chaos.plan import MessageScript, Signer, Wrong
from chaos.record import Record
from client import messages
from client.asking import incident_status
from client.engine import Engine
from domain.actor import Actor
from domain.errors import DomainError
from domain.gate import GateState
from domain.ids import incident_workflow_id
from domain.message_state import MessagePhase
from domain.status import MessageStatus
from workflows.contract.signing import SignalledDecision

LEAD = Actor.at_terminal("maya")


class Signers:
    """Those who decide about the messages of one incident."""

    def __init__(
        self, client: Client, engine: Engine, slug: str, record: Record, insist: Insisting
    ) -> None:
        self._engine = engine
        self._slug = slug
        self._record = record
        self._insist = insist
        self._handle = client.get_workflow_handle(incident_workflow_id(slug))

    async def sign(self, number: int, script: MessageScript) -> None:
        """Have a message signed as it is now, whatever became of earlier signatures."""
        while not self._insist.over:
            status = await self._insist.on(lambda: incident_status(self._engine, self._slug))
            message = messages.message_of(status, number)
            if message.gate is not GateState.WAITING or message.phase is not MessagePhase.WAITING:
                return
            await self.sign_once(message, script)
        raise GaveUp(f"message {number} could not be signed")

    async def sign_once(self, message: MessageStatus, script: MessageScript) -> None:
        """Let everybody sign who has not, one after another; refused is refused."""
        done = {one.actor.person for one in message.decisions}
        for signer in script.signers:
            if signer.who in done:
                continue
            # The first one waits, too: somebody has to read it.
            await asyncio.sleep(script.apart)
            self._record.signed[message.digest].add(signer.who)
            try:
                await self._approve(message, signer)
            except DomainError:
                # It was edited meanwhile, or the first try had counted: the next look tells.
                continue

    async def _approve(self, message: MessageStatus, signer: Signer) -> None:
        digest = message.digest[:12]
        said = SignalledDecision(by=signer.who, digest=digest, message=message.number)

        async def approve() -> None:
            if signer.by_signal:
                await self._handle.signal("approve", said)
            else:
                await messages.decide(
                    self._engine,
                    self._slug,
                    actor=Actor.at_terminal(signer.who),
                    digest=digest,
                    message=message.number,
                )

        await self._insist.on(approve)

    async def try_wrong(self, wrong: Wrong, script: MessageScript, message: MessageStatus) -> None:
        """Try what must not count, and note it if it did."""
        who = script.signers[0].who
        match wrong:
            case Wrong.MALFORMED:
                await self._insist.on(lambda: self._handle.signal("approve", "yes, go ahead"))
                return
            case Wrong.TWO_VALUES:
                said = SignalledDecision(by=who, digest=message.digest, message=message.number)
                await self._insist.on(lambda: self._handle.signal("approve", args=[said, said]))
                return
            case Wrong.AUTHOR:
                tried = (LEAD.person, message.digest)
            case Wrong.NO_ROLE:
                tried = ("sam", message.digest)
            case Wrong.STRANGER:
                tried = ("mallory", message.digest)
            case Wrong.OTHER_DIGEST:
                tried = (who, message.digest[::-1])
            case Wrong.TOO_SHORT:
                tried = (who, message.digest[:4])
        try:
            await self._insist.on(
                lambda: messages.decide(
                    self._engine,
                    self._slug,
                    actor=Actor.at_terminal(tried[0]),
                    digest=tried[1],
                    message=message.number,
                )
            )
        except DomainError:
            self._record.refused += 1
            return
        self._record.counted.append(f"an approval {wrong} of message {message.number} counted")
