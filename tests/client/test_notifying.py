"""Starting who notifies our own people, however many ask for it at once."""

from __future__ import annotations

from client.notifying import GatheredStarts
from tests.deadline import eventually


async def test_five_hundred_who_are_entered_in_a_moment_are_one_start() -> None:
    """Each was a signal of its own to the same workflow, and its tasks held up everybody's."""
    entered, starts = list[int](), list[int]()

    async def start() -> bool:
        starts.append(len(entered))
        return True

    async def look() -> list[int]:
        return starts

    gathered = GatheredStarts(start)
    for number in range(500):
        entered.append(number)
        assert await gathered()
    await eventually(look)
    # It began after the last of them was entered, so it finds all.
    assert starts == [500]
    entered.append(500)
    await gathered()
    await eventually(look, lambda seen: len(seen) == 2)
    assert starts == [500, 501]
