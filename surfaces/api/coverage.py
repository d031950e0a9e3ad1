"""Coverage: how much of what people said is answered or dismissed, by channel and by agent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from client.coverage import Coverage, CoverageReport, Lately, coverage_report
from surfaces.api.access import BASE, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Shown, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["mentions"])

_Incident = Annotated[
    str, Query(description="Count only its mentions.", max_length=48, pattern=r"^[a-z0-9-]*$")
]


class LatelyShown(Shown):
    """How many in the last hour, and in its last ten minutes, without what machines wrote."""

    hour: int
    ten_minutes: int

    @classmethod
    def of(cls, lately: Lately) -> LatelyShown:
        """The same for the wire."""
        return cls(**lately.model_dump())


class Counted(Shown):
    """How many mentions are in each state; deleted ones are left out. `all` is their sum."""

    all: int
    open: int
    answered: int
    dismissed: int

    @classmethod
    def of(cls, coverage: Coverage) -> Counted:
        """The same for the wire."""
        counts = coverage.model_dump(include={"open", "answered", "dismissed"})
        return cls(all=coverage.all, **counts)


class ChannelCounted(Counted):
    """The same of one channel, with when its oldest open mention was written; null for none.

    `closed` are those that were answered or dismissed.
    """

    channel: str
    oldest_open: Time | None
    arrived: LatelyShown
    closed: LatelyShown


class AgentCounted(Shown):
    """What one person answered and dismissed. `agent` is null for the rules, and for what was found
    answered on the platform."""

    agent: str | None
    answered: int
    dismissed: int
    closed: LatelyShown


class CoverageShown(Counted):
    """Coverage is `answered + dismissed` of `all`, as it was at `at`."""

    at: Time
    oldest_open: Time | None
    arrived: LatelyShown
    closed: LatelyShown
    channels: list[ChannelCounted]
    agents: list[AgentCounted]

    @classmethod
    def report(cls, report: CoverageReport) -> CoverageShown:
        """The same for the wire."""
        channels = [
            ChannelCounted(
                **Counted.of(one).model_dump(),
                channel=one.channel,
                oldest_open=one.oldest_open,
                arrived=LatelyShown.of(one.arrived),
                closed=LatelyShown.of(one.closed),
            )
            for one in report.channels
        ]
        agents = [
            AgentCounted(
                agent=one.agent or None,
                answered=one.answered,
                dismissed=one.dismissed,
                closed=LatelyShown.of(one.closed),
            )
            for one in report.agents
        ]
        return cls(
            **Counted.of(report.total).model_dump(),
            at=report.at,
            oldest_open=report.oldest_open,
            arrived=LatelyShown.of(report.arrived),
            closed=LatelyShown.of(report.closed),
            channels=channels,
            agents=agents,
        )


@router.get("/mentions/coverage")
async def read_coverage(request: Request, incident: _Incident = "") -> CoverageShown:
    """How much is answered or dismissed, how fast, and by whom: of an incident, or of all."""
    return CoverageShown.report(await coverage_report(engine_of(request), incident))
