"""Requests that their senders may repeat: one effect and one answer, whoever dies meanwhile.

A request is entered in the ledger before anything is done for it, and its answer afterwards. What
lies between may be cut off. Then a repeat does the same again, and that is why it may: an incident
is asked under the same id, which Temporal carries out once, and whatever is asked of the ledger
alone is the same done twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from client import drafting
from client.engine import Engine, Request
from client.errors import ClientError, NotAllowed, ServerRefused, WrongInput
from client.patience import NotSoon
from store.kernel.errors import StoreUnavailable
from store.requests import requests
from store.requests.requests import Answer, KnownRequest
from wiring import TemporalUnreachable

__all__ = ["Answer", "KeyReused", "Requests", "UnderWay"]

KEPT_FOR = timedelta(hours=24)
WAITS_FOR = timedelta(seconds=10)
"""How long a repeat waits for the answer of the first."""

LOOKS_EVERY = timedelta(milliseconds=250)

ABANDONED_AFTER = timedelta(seconds=30)
"""After so long without an answer somebody else may carry a request out; see the module's text."""

NOTHING_WAS_DONE = (
    *drafting.NOTHING_WAS_DONE,
    NotAllowed,
    NotSoon,
    ServerRefused,
    TemporalUnreachable,
)
"""What proves that the first try of a request has changed nothing."""

Work = Callable[[Engine], Awaitable[Answer]]
Name = tuple[str, str]
"""The id of a token, and the hash of a key."""

CarryingOut = asyncio.Task[tuple[Answer | None, bool]]


class UnderWay(ClientError):
    """The first request of this key has no answer yet."""

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is being carried out, and has no answer yet.",
            "Send the same again in a moment.",
            means="Nothing is done a second time.",
        )


class KeyReused(WrongInput):
    """The key is that of another request."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request, less than a day ago.",
            "Use a new key for each thing that you want done, and the same one to repeat it.",
            means="Nothing was done.",
        )


class Requests:
    """All requests of one process; ``unread`` are errors of a surface that could not read one."""

    def __init__(self, engine: Engine, unread: tuple[type[Exception], ...] = ()) -> None:
        self._engine = engine
        self._nothing_done = NOTHING_WAS_DONE + unread
        self._running: dict[Name, tuple[str, CarryingOut]] = {}

    async def rest(self) -> None:
        """Wait for what nobody waits for any more, before the engine is closed."""
        running = [task for _, task in self._running.values()]
        await asyncio.gather(*running, return_exceptions=True)

    async def once(self, token: str, key: str, fingerprint: str, work: Work) -> tuple[Answer, bool]:
        """The answer to a request, and whether it is a repeated one; ``work`` is done once.

        Raises what ``work`` raises, ``KeyReused`` and ``UnderWay``. After ``NOTHING_WAS_DONE`` the
        key is free again; after anything else the next repeat finds out what became of it.
        """
        name = (token, hashlib.sha256(key.encode()).hexdigest())
        deadline = asyncio.get_running_loop().time() + WAITS_FOR.total_seconds()
        while True:
            if name not in self._running:
                # Entered here before anybody is waited for, so that a hundred at once ask the
                # ledger once.
                task = asyncio.create_task(self._carry_out(name, fingerprint, work))
                self._running[name] = (fingerprint, task)
                task.add_done_callback(partial(self._has_ended, name))
                answer, replayed = await asyncio.shield(task)
            else:
                first, task = self._running[name]
                if first != fingerprint:
                    raise KeyReused
                left = deadline - asyncio.get_running_loop().time()
                await asyncio.wait([task], timeout=max(left, 0))
                if not task.done():
                    raise UnderWay
                answer, replayed = task.result()[0], True
            if answer is not None:
                return answer, replayed
            # Another process has it.
            if asyncio.get_running_loop().time() > deadline:
                raise UnderWay
            await asyncio.sleep(LOOKS_EVERY.total_seconds())

    async def _carry_out(
        self, name: Name, fingerprint: str, work: Work
    ) -> tuple[Answer | None, bool]:
        """The answer, and whether it was given before; None while another process has it."""
        ledger, now = await self._engine.ledger(), datetime.now(UTC)
        forget = now - KEPT_FOR
        known = await requests.find(ledger, *name)
        if known is None or known.began_at < forget:
            known = await requests.begin(ledger, *name, fingerprint, now, forget=forget)
        if known is not None:
            if known.fingerprint != fingerprint:
                raise KeyReused
            if known.answer is not None:
                return known.answer, True
            if not await self._taken_over(name, known, now):
                return None, True
        # After a day the key names another request, of which Temporal must not answer the first.
        began = now if known is None else known.began_at
        named = "/".join((*name, began.isoformat(timespec="microseconds")))
        request = Request(
            id=hashlib.sha256(named.encode()).hexdigest()[:32],
            since=known.began_at if known is not None else None,
        )
        try:
            answer = await work(self._engine.repeatable(request))
        except Exception as error:
            with suppress(StoreUnavailable):
                if known is None and isinstance(error, self._nothing_done):
                    await requests.give_back(ledger, *name)
                else:
                    await requests.let_go(ledger, *name, now - ABANDONED_AFTER)
            raise
        # It is done, whether its answer can be kept or not; a repeat would ask for it again.
        with suppress(StoreUnavailable):
            await requests.answer(ledger, *name, answer)
        return answer, False

    async def _taken_over(self, name: Name, known: KnownRequest, now: datetime) -> bool:
        """Whether this process carries a request out that another has left without an answer."""
        if now - known.tried_at < ABANDONED_AFTER:
            return False
        return await requests.take_over(await self._engine.ledger(), *name, known.tried_at, now)

    def _has_ended(self, name: Name, task: CarryingOut) -> None:
        del self._running[name]
        if not task.cancelled():
            # Whoever asked may have gone.
            task.exception()
