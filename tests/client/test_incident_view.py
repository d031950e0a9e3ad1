"""Views of incidents, shared for a moment by all who ask."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from client import incident_view
from client.engine import Engine
from client.errors import UnknownIncident
from client.incident_view import IncidentView, Views


class Looks:
    """Counts the looks; each takes a turn of the loop, and is as old as is said."""

    def __init__(self) -> None:
        self.many = 0
        self.age = timedelta()
        self.known = True

    async def __call__(self, *_: Any) -> IncidentView:
        self.many += 1
        await asyncio.sleep(0)
        if not self.known:
            raise UnknownIncident("down")
        return IncidentView(at=datetime.now(UTC) - self.age)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    counted = Looks()
    monkeypatch.setattr(incident_view, "view", counted)
    return counted


@pytest.fixture
def views(looks: Looks) -> Views:
    return Views(Engine())


async def test_all_who_ask_within_a_moment_share_one_look(views: Views, looks: Looks) -> None:
    first = await asyncio.gather(*(views.of("down") for _ in range(10)))
    assert (looks.many, {id(one) for one in first}) == (1, {id(await views.of("down"))})


async def test_the_next_look_begins_while_the_last_is_shown(views: Views, looks: Looks) -> None:
    looks.age = incident_view.FRESH * 3 / 4
    shown = await views.of("down")
    assert (await views.of("down") is shown, looks.many) == (True, 1)
    await views.rest()
    assert (await views.of("down") is shown, looks.many) == (False, 2)


async def test_what_is_old_is_not_shown(views: Views, looks: Looks) -> None:
    looks.age = incident_view.FRESH * 2
    assert await views.of("down") is not await views.of("down")


async def test_after_a_change_nothing_is_shown_that_was_seen_before(
    views: Views, looks: Looks
) -> None:
    before = asyncio.create_task(views.of("down"))
    await asyncio.sleep(0)
    views.changed("down")
    after = await views.of("down")
    assert (await before is after, await views.of("down") is after, looks.many) == (False, True, 2)


async def test_a_failure_is_not_kept(views: Views, looks: Looks) -> None:
    looks.known = False
    with pytest.raises(UnknownIncident):
        await views.of("down")
    looks.known = True
    assert await views.of("down")
