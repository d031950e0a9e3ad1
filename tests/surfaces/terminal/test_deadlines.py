"""``deadlines``: a table that says what is late, recording that one was met, a sheet to file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from domain.fact_values import spell_moment
from domain.regulations.applying import RegulationsPlan
from settings import Settings
from store.kernel.database import Database
from store.migrate import upgrade
from store.record import drafts, incidents
from store.recovery import snapshots
from tests.terminal import Terminal
from tests.workflows.plan import a_plan

NOW = datetime.now(UTC)


async def _fill(url: str) -> None:
    database = Database.open(url)
    plan = a_plan().model_copy(
        update={"regulations": RegulationsPlan(apply=("gdpr33", "sec"), owner="legal")}
    )
    await incidents.register(database, "leak", "A leak", "plan", (), NOW)
    await snapshots.keep_plan(database, "leak", plan.model_dump_json())
    facts = {"aware_at": spell_moment(NOW - timedelta(days=4))}
    await drafts.save(database, "leak", "facts", facts, "maya", NOW)
    await database.close()


def test_what_is_late_is_listed_recorded_and_filed(terminal: Terminal) -> None:
    url = Settings().database()
    upgrade(url)
    asyncio.run(_fill(url))

    listed = terminal.type("deadlines leak").output
    assert "LATE, 24 h" in " ".join(listed.split())
    assert "material_at" in listed
    assert listed.count("Not legal advice") == 1
    states = [one["state"] for one in terminal.read("deadlines leak")["deadlines"]]
    assert states == ["late", "not_started"]

    told = "deadlines leak notified gdpr33 --as tomas"
    refused = terminal.type(told)
    assert (refused.exit_code, "reasons for the delay" in refused.output) == (3, True)
    assert "done late" in terminal.type(f"{told} --reason 'Unknown scope'").output
    sheet = terminal.type("deadlines leak sheet gdpr33").output
    assert "# GDPR, Article 33: fact sheet" in sheet
    assert terminal.type("deadlines leak told").exit_code == 2
