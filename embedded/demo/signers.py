"""The demo's approvers: each has a key in a file and a passkey on a device, which is the sandbox's.

They sign as people do: the key as the terminal uses it, the passkey as a browser does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from client import passkeys, proofs
from client.engine import Engine
from client.keys import create_key, find_key
from domain.gate import Requirement, Verdict
from domain.status import MessageStatus
from embedded.demo.story import INCIDENT

APPROVERS = ("noor", "ines", "lee", "ravi")


class Signers:
    """Everybody who signs, with what they sign with; passkeys are bound to ``origin``."""

    def __init__(self, engine: Engine, sandbox: httpx.AsyncClient, origin: str) -> None:
        self._engine = engine
        self._sandbox = sandbox
        self._origin = origin
        self._passkeys: dict[str, str] = {}

    async def enrol(self) -> None:
        """Make a key and a passkey for each of them."""
        for person in APPROVERS:
            await create_key(self._engine, person)
            asked = await passkeys.begin_enrolment(self._engine, person, person, self._origin)
            answer = await self._device("", asked.options)
            self._passkeys[person] = answer["id"]
            await passkeys.finish_enrolment(
                self._engine, person, asked.token, answer, by=person, origin=self._origin
            )

    async def prove(self, person: str, message: MessageStatus, incident: str = INCIDENT) -> str:
        """The id of a proof that this person approves, of the kind that the gate requires."""
        if message.requires is Requirement.PASSKEY:
            return await self._by_passkey(person, message, incident)
        key = await asyncio.to_thread(find_key, self._engine.settings, person)
        assert key is not None, f"{person} was enrolled"
        said = await proofs.begin(self._engine, incident, message, person, Verdict.APPROVE)
        return await proofs.hand_in(self._engine, key.sign(said))

    async def _by_passkey(self, person: str, message: MessageStatus, incident: str) -> str:
        asked = await passkeys.begin_signing(
            self._engine, incident, message, person, Verdict.APPROVE, self._origin
        )
        answer = await self._device(f"/{self._passkeys[person]}/signatures", asked.options)
        return await passkeys.finish_signing(self._engine, asked.token, answer)

    async def _device(self, path: str, options: Mapping[str, object]) -> dict[str, Any]:
        order = {"origin": self._origin, "options": options}
        answer = await self._sandbox.post(f"/_sandbox/passkeys{path}", json=order)
        answer.raise_for_status()
        signed: dict[str, Any] = answer.json()
        return signed
