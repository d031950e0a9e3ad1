"""The record of a living incident: what is done to it is found, and it always goes on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from sqlalchemy import delete, update

from client.incidents import close
from client.record_file import export_record, verify_file
from client.timeline import verify_timeline
from domain.ids import incident_workflow_id
from domain.timeline import BRANCHED, RESTORED
from store.record import timeline
from store.tables import timeline as rows
from tests.whole.response import LEAD, Response
from tests.whole.world import eventually


async def found(response: Response) -> str:
    """What verifying says now, with the incident."""
    verified = await verify_timeline(response.world.engine, response.slug)
    assert verified.confirmed
    return " ".join(str(one) for one in verified.found)


async def recorded(response: Response, entries: int) -> None:
    """Wait until the ledger has so many entries, and the incident knows it."""

    async def head() -> int:
        return (await response.status()).record.entries

    await eventually(head, lambda count: count >= entries)


async def quiet(response: Response) -> None:
    """Wait until nothing more is recorded: people are asked to sign, and cannot be reached."""
    before, now = -1, 0
    while before != now:
        before = now
        await asyncio.sleep(2)
        now = (await response.status()).record.entries


async def test_what_is_done_to_the_record_of_a_living_incident_is_found(
    response: Response,
) -> None:
    """Cutting off the end was told as "more are on their way"."""
    await response.open(recipients=30)
    await response.propose()
    await recorded(response, 3)
    await quiet(response)
    assert await found(response) == ""
    ledger = response.world.ledger

    async with ledger.write() as connection:
        await connection.execute(
            delete(rows).where(rows.c.incident == response.slug, rows.c.link > 1)
        )
    assert "The end of the record is missing" in await found(response)

    # With its next entry the incident notices, says so, and enters again what it still has.
    await response.record_facts()
    await eventually(lambda: response.timeline(RESTORED))
    await recorded(response, 6)
    assert await found(response) == ""

    async with ledger.write() as connection:
        await connection.execute(
            update(rows).where(rows.c.incident == response.slug).values(who="nobody")
        )
    assert "entry 1 does not fit" in await found(response)


async def test_after_a_reset_the_record_goes_on_in_another_branch(
    response: Response, tmp_path: Path
) -> None:
    """The recorder died on "exists with other content", and the incident never ended."""
    await response.open(recipients=30)
    await response.propose()
    await recorded(response, 3)
    history = json.loads(
        await response.world.temporal(
            "workflow", "show", "-w", incident_workflow_id(response.slug), "--output", "json"
        )
    )
    tasks = [
        int(one["eventId"])
        for one in history["events"]
        if one["eventType"] == "EVENT_TYPE_WORKFLOW_TASK_COMPLETED"
    ]
    await response.world.temporal(
        "workflow", "reset", "-w", incident_workflow_id(response.slug),
        "--event-id", str(tasks[1]), "--reason", "repair", "--reapply-exclude", "All",
    )  # fmt: skip
    await response.record_facts()
    await eventually(lambda: response.timeline(BRANCHED))
    await close(response.world.engine, response.slug, actor=LEAD, waive="a drill")

    async def over() -> bool:
        return (await response.handle.describe()).close_time is not None

    await eventually(over)
    entries = await timeline.read(response.world.ledger, response.slug)
    assert [one.what for one in entries if one.branch == 1][:1] == ["opened"]
    assert "proposed" in [one.what for one in entries if one.branch == 1]
    assert [one.what for one in entries if one.branch == 2][:1] == [BRANCHED]
    assert entries[-1].what == "closed"
    verified = await verify_timeline(response.world.engine, response.slug)
    assert (verified.branches, verified.found) == (2, ())

    path = tmp_path / "record.json"
    await export_record(response.world.engine, response.slug, path)
    record, checked = verify_file(path, verified.key)
    assert (len(record.entries), checked.found) == (len(entries), ())
