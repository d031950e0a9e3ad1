"""A crowd speaks while the worker is killed: everything that it said is on the desk, once."""

from __future__ import annotations

from client.listening import start_listening
from domain.ids import listening_workflow_id
from store.desk import reading, sources
from store.desk.reading import Which
from tests.whole.world import World, eventually

CROWD = 950
"""More than X's list of mentions shows."""


async def test_what_a_crowd_says_while_the_worker_is_killed_is_on_the_desk_once(
    calm: World,
) -> None:
    await listen(calm)
    slow = await calm.fault("twitter", "list", "latency", seconds=0.3)
    made = await say(calm, CROWD // 2, "am I safe? 5f1c")
    await listen(calm)
    await eventually(lambda: heard(calm, made), lambda seen: seen > 0)
    await calm.kill("worker")
    made |= await say(calm, CROWD - CROWD // 2, "and now? 5f1c")
    await calm.lift(slow)
    await listen(calm)

    await eventually(lambda: heard(calm, made), lambda seen: seen == len(made))

    (source,) = [one for one in await sources.all_sources(calm.ledger) if one.channel == "twitter"]
    assert (source.gap, source.unreadable) == (None, 0)
    history = await calm.client.get_workflow_handle(
        listening_workflow_id("twitter")
    ).fetch_history()
    assert "5f1c" not in history.to_json()


async def say(world: World, many: int, text: str) -> set[str]:
    """Let so many strangers say that; the ids in the sandbox's own book."""
    order = {"provider": "twitter", "count": many, "texts": [text]}
    answer = await world.sandbox.post("/_sandbox/crowd", json=order)
    return set(answer.raise_for_status().json()["ids"])


async def listen(world: World) -> None:
    """Have it read now, and not in a minute."""
    assert await start_listening(world.client, "twitter", now=True)


async def heard(world: World, made: set[str]) -> int:
    """How much of what was said is on the desk, counted twice if it is there twice."""
    rows = await reading.listed(world.ledger, Which(channel="twitter"), 5000)
    return sum(row.mention.id in made for row in rows)
