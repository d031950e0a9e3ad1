"""Work that waits at the same moment goes together, and nobody pays for others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from store.kernel.gathering import Gathering


class Clerk:
    """Doubles numbers, as many at once as it is given, each time once it is told to go on."""

    def __init__(self) -> None:
        self.handed: list[list[int]] = []
        self.goes_on = asyncio.Event()

    async def double(self, numbers: Sequence[int]) -> list[int]:
        self.handed.append(list(numbers))
        await self.goes_on.wait()
        if 13 in numbers:
            raise ValueError("no thirteen")
        return [2 * number for number in numbers]


@pytest.fixture
def clerk() -> Clerk:
    return Clerk()


async def until_handed(clerk: Clerk, times: int) -> None:
    async with asyncio.timeout(5):
        while len(clerk.handed) < times:
            await asyncio.sleep(0)


async def test_who_comes_meanwhile_goes_together_and_gets_the_own_answer(clerk: Clerk) -> None:
    gathering = Gathering(clerk.double, 3)
    first = asyncio.create_task(gathering.ask(1))
    await until_handed(clerk, 1)
    others = [asyncio.create_task(gathering.ask(number)) for number in (2, 3, 4, 5)]
    await asyncio.sleep(0)
    clerk.goes_on.set()

    assert await first == 2
    assert [await other for other in others] == [4, 6, 8, 10]
    assert clerk.handed == [[1], [2, 3, 4], [5]]
    assert gathering.idle


async def test_a_failure_is_told_to_those_who_went_together_and_to_nobody_else(
    clerk: Clerk,
) -> None:
    gathering = Gathering(clerk.double, 2)
    clerk.goes_on.set()

    told = await asyncio.gather(
        *(gathering.ask(number) for number in (13, 2, 3)), return_exceptions=True
    )

    assert [type(one) for one in told] == [ValueError, ValueError, int]
    assert await gathering.ask(4) == 8


async def test_who_gave_up_before_their_turn_is_left_out(clerk: Clerk) -> None:
    gathering = Gathering(clerk.double, 3)
    first = asyncio.create_task(gathering.ask(1))
    await until_handed(clerk, 1)
    gone, stays = (asyncio.create_task(gathering.ask(number)) for number in (2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    clerk.goes_on.set()

    assert (await first, await stays) == (2, 6)
    assert clerk.handed == [[1], [3]]
