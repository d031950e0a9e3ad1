"""How much of what people said has an end, by the ledger."""

from __future__ import annotations

from datetime import UTC, datetime

from client.engine import Engine
from client.errors import UnknownIncident
from domain.coverage import AgentCoverage, ChannelCoverage, Coverage, CoverageReport, Lately
from domain.desk_picture import DeskPicture
from domain.mentions import MentionState
from store.desk import reading
from store.desk.coverage import read_coverage
from store.desk.picture import read_picture
from store.record import incidents

__all__ = [
    "AgentCoverage",
    "ChannelCoverage",
    "Coverage",
    "CoverageReport",
    "DeskPicture",
    "Lately",
    "coverage_of",
    "coverage_report",
    "coverage_sentences",
    "desk_picture",
]


async def coverage_of(engine: Engine, incident: str) -> Coverage:
    """The coverage of one incident: of the mentions that belong to it."""
    counts = await reading.counts(await engine.ledger(), incident)
    return Coverage(
        open=counts[MentionState.OPEN],
        answered=counts[MentionState.ANSWERED],
        dismissed=counts[MentionState.DISMISSED],
    )


async def coverage_report(engine: Engine, incident: str = "") -> CoverageReport:
    """The coverage by channel and by agent, with what came and ended lately.

    Of an incident, or of all. Raises ``UnknownIncident``.
    """
    ledger = await engine.ledger()
    if incident and await incidents.find(ledger, incident) is None:
        raise UnknownIncident(incident)
    return await read_coverage(ledger, incident, datetime.now(UTC))


def coverage_sentences(report: CoverageReport) -> list[str]:
    """The same for people, the most important first. Times are left to whoever shows them."""
    if not report.total.all:
        return ["Nobody has said anything yet."]
    hour = f"{report.arrived.hour:,} came and {report.closed.hour:,} were answered or dismissed"
    last = f"{report.arrived.ten_minutes:,} and {report.closed.ten_minutes:,}"
    return [
        f"{report.total.percent}: {report.total.in_words}.",
        f"In the last hour {hour}, in the last ten minutes {last}.",
    ]


async def desk_picture(engine: Engine, incident: str = "") -> DeskPicture:
    """What came and ended by ten minutes, and how old is what is open: of an incident, or all."""
    return await read_picture(await engine.ledger(), incident, datetime.now(UTC))
