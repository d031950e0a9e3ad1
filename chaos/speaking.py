"""The crowd of a round: strangers who speak on X and Facebook, edit what they said, or delete it.

What they said is in the sandbox's own book, so an answer of the sandbox that is lost here does not
matter: whatever it took counts.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import BaseModel

from chaos.plan import CrowdScript

CHANNELS = ("facebook", "twitter")
TEXTS = (
    "why do I read about this on the news and not from you?",
    "why do I read about this on the news, and not from you??",
    "I cannot sign in any more",
    "what happened, and when will it be fixed?",
    "something odd was posted from my account",
    "won an iPhone? click here",
)
"""The first two are one cluster."""

_OTHERWISE = "and is my data safe?"
_AGAIN_AFTER = 0.3


class SaidRow(BaseModel):
    """One mention in the sandbox's book: how many answers it has, and whether it was deleted."""

    channel: str
    id: str
    replies: int
    deleted: bool


class _Book(BaseModel):
    mentions: list[SaidRow]


class Crowd:
    """Everybody who says something to the accounts in one round."""

    def __init__(self, sandbox: httpx.AsyncClient, script: CrowdScript, seed: int) -> None:
        self._sandbox = sandbox
        self._script = script
        self._left = script.waves
        self._dice = random.Random(f"crowd {seed}")
        self._change_left = {"edit": script.edited, "delete": script.deleted}

    @property
    def done(self) -> bool:
        """Whether everybody has said all that they will."""
        return not self._left and not any(self._change_left.values())

    async def speak(self) -> None:
        """Let the next wave speak; under the Page's newest post, where there is one."""
        if not self._left:
            return
        self._left -= 1
        under_post = self._left % 2 == 0
        for channel in CHANNELS:
            order: dict[str, Any] = {
                "provider": channel,
                "count": self._script.each,
                "texts": list(TEXTS),
            }
            # Nobody can comment before there is a post.
            if channel == "facebook" and not (under_post and await self._said(order)):
                order["tagging"] = True
            if channel != "facebook" or "tagging" in order:
                await self._said(order)

    async def change_minds(self) -> None:
        """Let somebody edit what they said, and somebody else delete it."""
        known = [one for one in await said(self._sandbox) if not one.deleted]
        self._dice.shuffle(known)
        for one, what in zip(known, ("edit", "delete"), strict=False):
            if self._change_left[what]:
                self._change_left[what] -= 1
                text = _OTHERWISE if what == "edit" else None
                await self._post("/_sandbox/crowd/change", {"id": one.id, "text": text})

    async def _said(self, order: Mapping[str, Any]) -> bool:
        return (await self._post("/_sandbox/crowd", order)).is_success

    async def _post(self, path: str, order: Mapping[str, Any]) -> httpx.Response:
        while True:
            try:
                return await self._sandbox.post(path, json=order)
            except httpx.HTTPError:
                # It has just been killed, or stopped.
                await asyncio.sleep(_AGAIN_AFTER)


async def said(sandbox: httpx.AsyncClient) -> list[SaidRow]:
    """What was said on the channels of the crowd, by the sandbox's own book."""
    while True:
        try:
            answer = await sandbox.get("/_sandbox/books/replies", timeout=30)
            rows = _Book.model_validate_json(answer.raise_for_status().content).mentions
        except httpx.HTTPError:
            await asyncio.sleep(_AGAIN_AFTER)
            continue
        return [one for one in rows if one.channel in CHANNELS]
