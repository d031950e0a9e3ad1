"""Watching an incident through an outage."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from client.engine import Engine
from client.status import Look, Watcher
from domain.actor import Actor
from domain.stage import Stage
from domain.status import IncidentStatus
from wiring import TemporalUnreachable

LAST = Look(
    status=IncidentStatus(
        incident="site-down",
        title="Down",
        stage=Stage.ACKNOWLEDGE,
        opened_by=Actor.at_terminal("maya"),
        opened_at=datetime(2026, 10, 26, 13, 5, tzinfo=UTC),
        closed_at=None,
        audiences=(),
        playbook="plan",
        facts=None,
        facts_filled=(),
        messages=(),
    )
)


async def test_the_first_look_says_that_nobody_answers(away: Engine) -> None:
    with pytest.raises(TemporalUnreachable):
        await Watcher(away, "site-down").look()


async def test_a_later_look_keeps_what_was_seen_and_says_that_it_is_old(away: Engine) -> None:
    look = await Watcher(away, "site-down").look_again(LAST)
    assert (look.status, look.stale, look.over) == (LAST.status, True, False)
    assert "No Temporal server answers" in look.notices[0].what
