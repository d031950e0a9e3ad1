"""What is wrong with people, schedules and gates, before anybody has to be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

from client.engine import Engine
from client.houses import House, houses
from domain.finding import Finding
from domain.gate_hours import check_gates
from domain.people_check import (
    check_calendars,
    check_members,
    check_schedules,
)


async def check_people(engine: Engine, at: datetime | None = None) -> list[Finding]:
    """What was found, the serious first; nothing if everybody could be reached at every hour.

    Raises ``PlaybookInvalid`` for a file of people that cannot be used.
    """
    moment = at or datetime.now(UTC)
    found = await houses(engine)
    findings = await asyncio.to_thread(
        lambda: [one for house in found for one in _findings(house, moment)]
    )
    return sorted(dict.fromkeys(findings), key=lambda one: not one.serious)


def _findings(house: House, at: datetime) -> Iterator[Finding]:
    calendars = house.calendars()
    yield from check_members(house.people)
    yield from check_calendars(house.people, house.kept, at)
    yield from check_schedules(house.people, at, calendars)
    for plan in house.plans:
        yield from check_gates(house.people, plan, at, calendars)
