"""``desk coverage``: how much of what people said has an end, by channel and by agent."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from client.coverage import CoverageReport, Lately, coverage_report, coverage_sentences
from domain.coverage import RULES
from domain.printable import clean
from surfaces.terminal.options import Json, slug_of
from surfaces.terminal.printing import clock, how_long, plain_table, say, say_json, show
from surfaces.terminal.session import run


def coverage(
    incident: Annotated[str, typer.Option(metavar="SLUG", help="Only of this incident.")] = "",
    as_json: Json = False,
) -> None:
    """Show how much is answered or dismissed, by channel and by whoever did it.

    Example: frontfoot desk coverage --incident spam-saturday
    """
    slug = slug_of(incident) if incident else ""
    report = run(lambda engine: coverage_report(engine, slug))
    if as_json:
        say_json(report.model_dump(mode="json") | {"total": report.total.model_dump(mode="json")})
        return
    first, *others = coverage_sentences(report)
    say(first, "bold")
    for line in others:
        say(line)
    if report.oldest_open is not None:
        ago = how_long((report.at - report.oldest_open).total_seconds())
        say(f"The oldest open one was written {clock(report.oldest_open)}, {ago} ago.")
    if report.channels:
        show(_channels(report))
    if report.agents:
        say("")
        show(_agents(report))


def _channels(report: CoverageReport) -> Table:
    table = plain_table(
        "CHANNEL", "COVERED", "OPEN", "ANSWERED", "DISMISSED", "LAST HOUR", "OLDEST"
    )
    for one in report.channels:
        table.add_row(
            clean(one.channel),
            one.percent,
            f"{one.open:,}",
            f"{one.answered:,}",
            f"{one.dismissed:,}",
            f"{one.arrived.hour:,} in, {one.closed.hour:,} out",
            clock(one.oldest_open) if one.oldest_open else "-",
        )
    return table


def _agents(report: CoverageReport) -> Table:
    table = plain_table("BY", "ANSWERED", "DISMISSED", "LAST HOUR", "LAST 10 MIN")
    for one in report.agents:
        table.add_row(
            clean(one.agent) or RULES,
            f"{one.answered:,}",
            f"{one.dismissed:,}",
            *_counts(one.closed),
        )
    return table


def _counts(lately: Lately) -> tuple[str, str]:
    return f"{lately.hour:,}", f"{lately.ten_minutes:,}"


def add_to(app: typer.Typer) -> None:
    """Add this command to ``desk``."""
    app.command("coverage")(coverage)
