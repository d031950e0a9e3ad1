"""Whoever reaches Temporal can send a lot; an incident bears it, and hears what counts."""

from __future__ import annotations

import asyncio
import uuid

import pytest

import workflows.ceilings
from domain.broadcasting import BroadcastAction
from domain.message_state import MessagePhase
from domain.model import Value
from domain.noise import PER_HOUR
from domain.playbook import BroadcastPlan
from domain.publication import Outcome, PublicationState
from domain.status import IncidentStatus, MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, person, state
from workflows.ceilings import Limits
from workflows.contract.lifecycle import Close, Join
from workflows.contract.publications import ChannelNews
from workflows.contract.signing import Decide
from workflows.contract.steering import Settle, SteerBroadcast, Withdraw
from workflows.contract.writing import RecordFacts

TWITTER = ("twitter",)


@pytest.fixture
def low_ceilings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run takes 60 signals and 30 updates before it continues as new."""
    monkeypatch.setattr(workflows.ceilings, "LIMITS", Limits(signals=60, updates=30))


async def run_of(response: Response) -> str:
    return str((await response.handle.describe()).run_id)


@pytest.mark.usefixtures("low_ceilings")
async def test_after_a_flood_of_signals_an_approval_counts(response: Response) -> None:
    """10,000 signals, and the server refused the approval that came after them."""
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    first = await run_of(response)

    await asyncio.gather(*(response.handle.signal("junk", number) for number in range(200)))
    await response.approve(message)

    assert state(await response.settled(), "twitter") is PublicationState.ACCEPTED
    await eventually(lambda: run_of(response), lambda now: now != first)
    assert len(await response.says("signal not understood")) == PER_HOUR


@pytest.mark.usefixtures("low_ceilings")
async def test_after_many_updates_a_withdrawal_is_taken(response: Response) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    await response.decide(message, "noor")
    await wire.taken()
    first = await run_of(response)

    for _ in range(40):
        await response.tell("join", Join(actor=person("lee")), IncidentStatus)
    asked = await response.ask_to_withdraw(message)
    wire.ends()

    assert asked.phase is MessagePhase.WITHDRAWN
    assert state(await response.withdraw(message), "twitter") is PublicationState.WITHDRAWN
    await eventually(lambda: run_of(response), lambda now: now != first)
    assert await response.says("joined") == ["lee: "]


@pytest.mark.usefixtures("low_ceilings")
async def test_a_broadcast_that_is_flooded_sends_every_batch_once(response: Response) -> None:
    response.world.mail.recipients = 300
    held = response.world.mail.holds()
    plan = BroadcastPlan(batch_size=10, in_flight=2)
    await response.open(a_plan(channels=("email",), broadcast=plan))
    await response.decide(await response.propose(), "noor")
    await response.world.mail.reached.wait()
    child = response.client.get_workflow_handle(response.child(1, "email"))

    flood = ["junk", "pause", "report", "resume"] * 40
    await asyncio.gather(*(child.signal(name) for name in flood))
    await child.signal("halt", args=["neither", "of these"])
    await child.signal("pause")
    held.set()
    await child.signal("resume")

    assert state(await response.settled(), "email") in (
        PublicationState.ACCEPTED,
        PublicationState.WITHDRAWN,
    )
    sent = response.world.mail.sent
    assert len(sent) == len(set(sent))


@pytest.mark.usefixtures("low_ceilings")
async def test_a_post_that_is_flooded_is_published_once(response: Response) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=TWITTER))
    await response.decide(await response.propose(), "noor")
    await wire.taken()
    child = response.client.get_workflow_handle(response.child(1, "twitter"))

    await asyncio.gather(*(child.signal("report") for _ in range(150)))
    wire.ends()

    assert state(await response.settled(), "twitter") is PublicationState.ACCEPTED
    assert response.world.public("twitter") == [1]


async def test_news_that_nobody_of_ours_sent_change_nothing(response: Response) -> None:
    """What has ended, and who was told, is read from the ledger."""
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    await response.decide(message, "noor")
    await wire.taken()

    lie = Outcome(channel="twitter", state=PublicationState.ACCEPTED)
    for start in (0, 1, 2):
        news = ChannelNews(message=1, outcome=lie, start=start, told=True)
        await response.handle.signal("channel_news", news)
    await asyncio.sleep(0.3)

    now = await response.message()
    assert (now.told, state(now, "twitter").settled) == (False, False)
    wire.ends()
    assert state(await response.settled(), "twitter") is PublicationState.ACCEPTED


async def test_who_is_not_in_the_roster_cannot_join(response: Response) -> None:
    await response.open()
    with pytest.raises(Refusal, match="not in this incident's roster"):
        await response.tell("join", Join(actor=person("mallory")), IncidentStatus)


async def test_a_decision_finds_a_place_while_the_ledger_does_not_answer(
    response: Response,
) -> None:
    """Ten updates in flight are all that the server bears."""
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    ledger = response.world.rendering_waits()
    waiting = [asyncio.create_task(response.propose()) for _ in range(12)]
    await eventually(lambda: _refused(waiting, 6))

    assert (await response.decide(message, "noor")).counted
    withdrawn = await response.ask_to_withdraw(message)

    assert withdrawn.phase is MessagePhase.WITHDRAWN
    ledger.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    busy = [one for one in ended if isinstance(one, Refusal) and "busy" in str(one)]
    assert len(busy) >= 6


LONG = "x" * 5_000
HIDDEN = "all is well\x1b[2J"


@pytest.mark.parametrize(
    ("update", "said", "words"),
    [
        (
            "withdraw",
            Withdraw(message=1, actor=person("maya"), reason=LONG),
            "The reason has 5,000",
        ),
        ("close", Close(actor=person("maya"), waive=LONG), "The waiver has 5,000"),
        ("decide", Decide(actor=person("noor"), digest="d", reason=LONG), "the most are 2,000"),
        (
            "settle",
            Settle(message=1, channel="twitter", actor=person("sam"), went_out=True, url=LONG),
            "The address has 5,000",
        ),
        (
            "facts",
            RecordFacts(
                actor=person("maya"), facts="f", filled=("x",) * 500, changed=(), based_on=None
            ),
            "There are 500 facts; the most are 100",
        ),
    ],
    ids=["withdraw", "close", "decide", "settle", "facts"],
)
async def test_a_text_that_is_too_long_is_refused_with_both_numbers(
    response: Response, update: str, said: object, words: str
) -> None:
    await response.open()
    await response.propose()
    with pytest.raises(Refusal, match=words):
        await response.tell(update, said, MessageStatus)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ("withdraw", Withdraw(message=1, actor=person("maya"), reason=HIDDEN)),
        ("close", Close(actor=person("maya"), waive=HIDDEN)),
        (
            "steer_broadcast",
            SteerBroadcast(
                message=1,
                channel="email",
                audience="customers",
                action=BroadcastAction.PAUSE,
                actor=person("sam"),
                reason=HIDDEN,
            ),
        ),
        (
            "settle",
            Settle(message=1, channel="twitter", actor=person("sam"), went_out=True, url=HIDDEN),
        ),
    ],
    ids=["withdraw", "close", "steer", "settle"],
)
async def test_a_text_that_would_change_a_screen_is_refused_where_it_arrives(
    response: Response, update: str, said: Value
) -> None:
    """No surface of ours would send it, but whoever reaches Temporal can."""
    await response.open()
    await response.propose()
    with pytest.raises(Refusal, match=r"has U\+001B"):
        await response.tell(update, said, MessageStatus)


async def test_an_unknown_update_id_of_a_stranger_stalls_nothing(response: Response) -> None:
    await response.open()
    for said in ([], [1, 2, 3], ["text"]):
        with pytest.raises(Exception):  # noqa: B017, PT011
            await response.handle.execute_update("withdraw", args=said, id=str(uuid.uuid4()))
    assert (await response.propose()).number == 1


async def _refused(waiting: list[asyncio.Task[MessageStatus]], many: int) -> bool:
    return sum(one.done() for one in waiting) >= many
