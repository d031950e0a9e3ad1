"""Work of the same kind that waits at the same moment is done together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Gathering(Generic[Asked, Answer]):
    """Answers whoever asks, up to ``most`` of them by one call of ``work``.

    One call is under way at a time. Whoever comes meanwhile goes with the next one, so nobody waits
    for others who may never come, and the busier the process is, the more go together.
    """

    def __init__(
        self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]], most: int
    ) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """The answer of ``work`` to ``asked``, or what it raised for all who went together."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._answer_all())
        return await answer

    @property
    def idle(self) -> bool:
        """Whether nobody waits."""
        return self._working is None

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                # Whoever is about to ask at this very moment comes along.
                await asyncio.sleep(0)
                together, self._waiting = (
                    self._waiting[: self._most],
                    self._waiting[self._most :],
                )
                # Not for those who have given up.
                await self._answer([one for one in together if not one[1].done()])
        finally:
            self._working = None
            for _, answer in self._waiting:
                answer.cancel()

    async def _answer(self, together: list[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        if not together:
            return
        try:
            answers = await self._work([asked for asked, _ in together])
        except asyncio.CancelledError:
            for _, answer in together:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is theirs, and raised where they wait
            for _, answer in together:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), given in zip(together, answers, strict=True):
            if not answer.done():
                answer.set_result(given)
