"""The recording goes on whatever the ledger says, and an incident can always close."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio.exceptions import ApplicationError

from activities.signatures.record import TimelineRecorded
from domain.explanation import explained
from domain.stage import Stage
from domain.timeline import BRANCHED, RESTORED, RecordHead
from tests.deadline import eventually
from tests.workflows.response import Response


async def recordings(response: Response, count: int) -> None:
    """Wait until the ledger was asked so often."""

    async def asked() -> int:
        return len(response.world.recordings)

    await eventually(asked, lambda many: many >= count)


async def opened(response: Response) -> None:
    """Open the incident, and wait until its first entry is recorded."""
    await response.open()
    await eventually(lambda: _entries(response), lambda many: many == 1)


async def test_the_confirmed_end_is_in_the_status_and_goes_along_with_the_next_entries(
    response: Response,
) -> None:
    await opened(response)
    head = (await response.status()).record
    assert head == RecordHead(entries=1, hash="hash 1")
    await response.know("summary")
    await eventually(lambda: _entries(response), lambda many: many == 2)
    assert [one.known.record for one in response.world.recordings] == [RecordHead(), head]


async def test_other_content_under_a_number_begins_another_branch(response: Response) -> None:
    """The recorder died, and the incident never ended."""
    await opened(response)
    there = RecordHead(entries=7, hash="another")
    response.world.ledger_says.append(TimelineRecorded(head=there, diverges_at=2, next_branch=3))
    await response.know("summary")
    await eventually(lambda: response.entries(BRANCHED))
    await recordings(response, 3)

    again = response.world.recordings[2]
    assert again.known.record == there
    assert [(one.branch, one.seq, one.what) for one in again.entries] == [
        (3, 2, BRANCHED),
        (3, 3, "facts recorded"),
    ]
    assert (await response.status()).record_branch == 3
    await response.close("a drill")
    assert (await response.result()).stage is Stage.CLOSED


async def test_an_entry_is_kept_as_the_ledger_has_it(response: Response) -> None:
    """A run that was gone through again gave one another time, and its record seemed forged."""
    await opened(response)
    [first] = await response.entries("opened")
    sent = first.model_copy(
        update={"seq": 2, "what": "facts recorded", "at": first.at + timedelta(seconds=3)}
    )
    head = RecordHead(entries=2, hash="hash 2")
    response.world.ledger_says.append(TimelineRecorded(head=head, entries=(sent,)))
    await response.know("summary")
    await recordings(response, 2)

    async def kept() -> list[datetime]:
        return [one.at for one in await response.entries("facts recorded")]

    await eventually(kept, lambda times: times == [sent.at])
    assert await response.entries("opened") == [first]


async def test_a_ledger_that_is_behind_gets_the_entries_again_and_it_is_told(
    response: Response,
) -> None:
    await opened(response)
    await response.know("summary")
    await eventually(lambda: _entries(response), lambda many: many == 2)
    response.world.timeline.clear()
    response.world.ledger_says.append(TimelineRecorded(behind=True))
    await response.know("scope")
    [said] = await eventually(lambda: response.says(RESTORED))
    assert "lacked 2 entries of 2" in said

    async def kept() -> list[str]:
        return [one.what for one in response.world.timeline.values()]

    await eventually(
        kept, lambda what: what == ["opened", "facts recorded", "facts recorded", RESTORED]
    )


async def test_an_incident_closes_although_the_ledger_refuses_its_entries(
    response: Response,
) -> None:
    await opened(response)
    why = explained("Something in the ledger cannot be read.")
    response.world.ledger_says.extend(
        [ApplicationError(why.what, why, type="Unreadable", non_retryable=True)] * 5
    )
    await response.close("a drill")
    assert (await response.result()).stage is Stage.CLOSED


async def test_what_was_refused_once_is_tried_again_before_the_incident_ends(
    response: Response,
) -> None:
    await opened(response)
    why = explained("Something in the ledger cannot be read.")
    response.world.ledger_says.append(
        ApplicationError(why.what, why, type="Unreadable", non_retryable=True)
    )
    await response.know("summary")
    await recordings(response, 2)
    await response.close("a drill")
    await response.result()
    assert [one.what for one in response.world.timeline.values()][-1] == "closed"


async def test_a_refused_entry_is_recorded_later(response: Response) -> None:
    await opened(response)
    why = explained("Something in the ledger cannot be read.")
    response.world.ledger_says.append(
        ApplicationError(why.what, why, type="Unreadable", non_retryable=True)
    )
    await response.know("summary")
    await recordings(response, 2)
    await response.time_passes(timedelta(minutes=2))
    await eventually(lambda: _entries(response), lambda many: many == 2)


async def _entries(response: Response) -> int:
    return (await response.status()).record.entries
