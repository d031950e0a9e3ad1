"""What a real worker logs of an incident: a line for each step, and nobody's address in any."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from client import incidents
from domain.publication import PublicationState
from tests.whole.response import FACTS, LEAD, Response, everywhere
from tests.whole.world import World, eventually


async def lines(world: World, slug: str) -> list[dict[str, Any]]:
    """What the worker's log has about an incident."""
    log = world.stack.parts["worker"].plan.log
    said = await asyncio.to_thread(log.read_text, encoding="utf-8")
    read = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return [line for line in read if line.get("incident") == slug]


async def test_each_step_of_an_incident_is_one_line(calm: World, response: Response) -> None:
    """Sixty thousand mails left no line at all."""
    await calm.fault("twitter", "post", "throttle", times=1, seconds=1)
    await response.announce()
    await response.settled()
    await incidents.close(calm.engine, response.slug, actor=LEAD)

    async def told() -> list[dict[str, Any]]:
        return await lines(calm, response.slug)

    found = await eventually(told, lambda all_: any(one.get("what") == "closed" for one in all_))
    steps = [one["what"] for one in found if one["event"] == "timeline"]
    assert (steps[0], steps.count("proposed"), steps[-1]) == ("opened", 1, "closed")
    [decision] = [one for one in found if one["event"] == "decision"]
    assert (decision["what"], decision["by"], decision["message"]) == ("approved", "noor", 1)
    outcomes = {one["channel"]: one["what"] for one in found if one["event"] == "outcome"}
    assert outcomes == everywhere(PublicationState.ACCEPTED)
    ranges = [one for one in found if one["event"] == "batches"]
    assert sum(one["accepted"] for one in ranges) == 300
    assert sum(one["last"] - one["first"] + 1 for one in ranges) == 30
    assert {one["channel"] for one in ranges} == {"email"}
    [failure] = [one for one in found if one["event"] == "failure"]
    assert (failure["kind"], failure["channel"], failure["attempt"]) == ("Throttled", "twitter", 1)
    everything = json.dumps(found)
    private = ("@", "feather.example", "Spam went out", str(FACTS["what_happened"]), "sandbox-")
    assert [words for words in private if words in everything] == []
