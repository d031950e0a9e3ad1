"""A crowd speaks while workers are killed: everything is on the desk once, and answered once."""

from __future__ import annotations

from client import answering
from client.listening import start_listening
from domain.actor import Actor
from domain.ids import listening_workflow_id, reply_desk_workflow_id
from domain.mentions import MentionState
from domain.message import MessageKind
from domain.message_state import MessagePhase
from store.desk import entering, reading, sources
from store.desk.reading import MentionRow, Which
from tests.whole.response import Response
from tests.whole.world import World, eventually

CROWD = 950
"""More than X's list of mentions shows."""

ANSWERED = 60
LEA = Actor.at_terminal("lea")


async def test_what_a_crowd_says_while_the_worker_is_killed_is_on_the_desk_once(
    calm: World,
) -> None:
    await listen(calm)
    slow = await calm.fault("twitter", "list", "latency", seconds=0.3)
    made = await say(calm, CROWD // 2, "am I safe? zqxv")
    await listen(calm)
    await eventually(lambda: heard(calm, made), lambda seen: seen > 0)
    await calm.kill("worker")
    made |= await say(calm, CROWD - CROWD // 2, "and now? zqxv")
    await calm.lift(slow)
    await listen(calm)

    await eventually(lambda: heard(calm, made), lambda seen: seen == len(made))

    (source,) = [one for one in await sources.all_sources(calm.ledger) if one.channel == "twitter"]
    assert (source.gap, source.unreadable) == (None, 0)
    await words_are_in_no_history(calm, listening_workflow_id("twitter"))


async def test_each_is_answered_once_while_workers_die_and_answers_are_lost(calm: World) -> None:
    response = Response(calm, "answered")
    await response.open(mailed=[])
    rules = await response.propose(MessageKind.REPLY_RULES)
    await response.approve(rules)
    await eventually(
        lambda: response.message(rules.number), lambda one: one.phase is MessagePhase.IN_FORCE
    )
    made = await say(calm, ANSWERED, "am I safe? zqxv")
    await listen(calm)
    await eventually(lambda: heard(calm, made), lambda seen: seen == len(made))
    numbers = [row.number for row in await on_the_desk(calm, made)]
    await entering.draw_into(calm.ledger, numbers, response.slug)

    lost = await calm.fault("twitter", "post", "drop_after", probability=0.2)
    saved = (await answering.rules_for(calm.engine, (await on_the_desk(calm, made))[0])).saved
    planned = await answering.answer_many(
        calm.engine, numbers, actor=LEA, saved=next(one.name for one in saved if not one.why_not)
    )
    assert (len(planned.planned), planned.left) == (ANSWERED, {})
    await eventually(lambda: answered(calm, made), lambda seen: seen > 0)
    await calm.kill("worker")
    await eventually(lambda: answered(calm, made), lambda seen: seen == ANSWERED)
    await calm.lift(lost)

    books = (await calm.sandbox.get("/_sandbox/books/replies")).raise_for_status().json()
    under = {one["id"]: one["replies"] for one in books["mentions"] if one["id"] in made}
    assert set(under.values()) == {1}
    await words_are_in_no_history(calm, reply_desk_workflow_id("twitter"))


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
    return len(await on_the_desk(world, made))


async def answered(world: World, made: set[str]) -> int:
    """How much of it has the receipt of an answer."""
    return sum(row.state is MentionState.ANSWERED for row in await on_the_desk(world, made))


async def on_the_desk(world: World, made: set[str]) -> list[MentionRow]:
    rows = await reading.listed(world.ledger, Which(channel="twitter"), 5000)
    return [row for row in rows if row.mention.id in made]


async def words_are_in_no_history(world: World, workflow_id: str) -> None:
    history = (await world.client.get_workflow_handle(workflow_id).fetch_history()).to_json()
    assert "zqxv" not in history
