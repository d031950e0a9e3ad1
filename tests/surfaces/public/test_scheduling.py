"""In which order connections are served, and how many at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from surfaces.public.scheduling import AT_ONCE, Scheduler


@dataclass(eq=False)
class Visitor:
    """A connection that writes down its turn."""

    name: str
    turns: list[str] = field(repr=False)
    level: int = 1
    address: str = "203.0.113.1"
    genuine: bool = False

    def serve(self) -> None:
        self.turns.append(self.name)


async def order_of(*visitors: Visitor) -> list[str]:
    scheduler = Scheduler()
    for one in visitors:
        scheduler.add(one)
    turns = visitors[0].turns
    async with asyncio.timeout(10):
        while len(turns) < len(visitors):
            await asyncio.sleep(0.001)
    return turns


async def test_who_delivered_something_genuine_is_first() -> None:
    turns: list[str] = []
    strangers = [Visitor(f"stranger {n}", turns) for n in range(20)]
    provider = Visitor("provider", turns, genuine=True)
    assert (await order_of(*strangers, provider))[0] == "provider"


async def test_a_newcomer_does_not_wait_behind_those_who_ask_again_and_again() -> None:
    """With 300 of them, an honest delivery was answered after four seconds."""
    turns: list[str] = []
    strangers = [Visitor(f"stranger {n}", turns) for n in range(300)]
    newcomer = Visitor("newcomer", turns, level=0)
    assert (await order_of(*strangers, newcomer)).index("newcomer") == 0


async def test_newcomers_do_not_starve_the_others_either() -> None:
    turns: list[str] = []
    known = [Visitor(f"known {n}", turns) for n in range(10)]
    newcomers = [Visitor(f"newcomer {n}", turns, level=0) for n in range(100)]
    assert "known 9" in (await order_of(*known, *newcomers))[: 4 * len(known)]


async def test_a_short_request_does_not_wait_behind_long_ones() -> None:
    turns: list[str] = []
    costly = [Visitor(f"costly {n}", turns, level=2) for n in range(50)]
    short = Visitor("short", turns)
    assert (await order_of(*costly, short)).index("short") < 2


async def test_each_address_has_its_turn() -> None:
    turns: list[str] = []
    crowd = [Visitor(f"crowd {n}", turns) for n in range(50)]
    lonely = Visitor("lonely", turns, address="198.51.100.7")
    assert (await order_of(*crowd, lonely)).index("lonely") == 1


async def test_a_pass_ends_so_that_other_work_gets_its_turn() -> None:
    turns: list[str] = []
    scheduler = Scheduler()
    for number in range(10 * AT_ONCE):
        scheduler.add(Visitor(str(number), turns))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 0 < len(turns) <= AT_ONCE
