"""The demo shows its scorecard whatever becomes of a batch, and says which one it is."""

from __future__ import annotations

import io
import re

import httpx
from rich.console import Console

from client.engine import Engine
from domain.publication import PublicationState
from embedded.demo.scenario import Scenario
from embedded.demo.scorecard import add_up
from embedded.demo.scorecard_view import show
from embedded.demo.story import INCIDENT, Story
from tests.whole.response import Response, states
from tests.whole.world import World


class Host:
    """What the scenario needs of the demo around it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    async def take_subscribers(self) -> list[str]:
        return []

    async def kill_worker(self) -> None:
        raise AssertionError("nobody is to be killed in this story")


async def test_a_batch_that_stays_unknown_is_named_in_the_scorecard(calm: World) -> None:
    """A goodwill batch whose answer and events were lost ended the demo with a traceback."""
    response = Response(calm, INCIDENT)
    offer = await response.come_to_the_offer()
    await calm.fault("sendgrid", "send", "drop_after", times=1, after=3)
    await calm.fault("sendgrid", "events", "events_lose")
    await response.approve(offer, "noor", "lee")
    settled = await response.settled(offer.number)
    assert states(settled)["email"] is PublicationState.UNKNOWN

    story = Story()
    host = Host(calm.engine)
    status = await Ending(host, story).play({}, "")
    async with httpx.AsyncClient(base_url=calm.stack.addresses["webhooks"]) as website:
        score = await add_up(calm.engine, calm.sandbox, website, status, story)
    printed = io.StringIO()
    show(Console(file=printed, width=200), score, story)

    said = printed.getvalue()
    where = rf"message {offer.number} on email to {INCIDENT}, batch \d+"
    assert re.search(rf"not right: {where}: nobody knows", said)
    assert "the story did not come to its end: Nobody knows whether this went out" in said
    assert (len(score.unknown), "Nothing lost" in said) == (1, False)
    # These gates took people at their word, which is no pass for a demo either.
    assert f"not right: message {offer.number}: nothing proves the decision by noor" in said


class Ending(Scenario):
    """The scenario when everything was said, and the incident is to be closed."""

    async def _prepare(self, files: dict[str, str]) -> None: ...

    async def _open(self, files: dict[str, str], audience: str) -> None: ...

    async def _respond(self) -> None: ...
