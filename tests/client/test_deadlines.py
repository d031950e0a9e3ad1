"""Deadlines as people see them, recording that one was met, and the fact sheet that they file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities.deadlines import DeadlineActivities
from activities.signatures.deadlines import ReadDeadlines, WatchDeadlines
from client.deadlines import read_deadlines, read_fact_sheet, record_notified
from client.engine import Engine
from client.errors import UnknownIncident, WrongInput
from domain.actor import Actor
from domain.errors import DomainError
from domain.fact_sheet import in_markdown
from domain.fact_values import spell_moment
from domain.regulations.applying import RegulationsPlan
from store.kernel.database import Database
from store.record import drafts, incidents
from store.recovery import snapshots
from tests.workflows.plan import a_plan

HERE = "leak"
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
TOMAS = Actor.at_terminal("tomas")


@pytest.fixture
async def leak(away: Engine, ledger: Database) -> Engine:
    """An incident of four days ago, of which nothing is known but when they became aware."""
    regulations = RegulationsPlan(apply=("gdpr", "nis2"), owner="legal", zone="Europe/Berlin")
    plan = a_plan().model_copy(update={"regulations": regulations})
    await incidents.register(ledger, HERE, "A <leak>", "plan", (), NOW)
    await snapshots.keep_plan(ledger, HERE, plan.model_dump_json())
    await snapshots.keep_state(ledger, HERE, 1, '{"severity": 1}')
    facts = {
        "aware_at": spell_moment(NOW - timedelta(days=4)),
        "what_happened": "Addresses could be *read*.\n# Not a heading",
        "people_count": "1200",
    }
    await drafts.save(ledger, HERE, "facts", facts, "maya", NOW)
    return away


async def states(engine: Engine) -> dict[str, str]:
    return {one.step: one.state for one in (await read_deadlines(engine, HERE)).deadlines}


async def test_they_are_counted_from_the_ledger_while_temporal_is_down(leak: Engine) -> None:
    assert await states(leak) == {
        "gdpr33": "late",
        "gdpr34": "open",
        "nis2_warning": "late",
        "nis2_notification": "late",
        "nis2_final": "not_started",
    }
    assert (await read_deadlines(leak, HERE)).owner == "legal"
    with pytest.raises(UnknownIncident):
        await read_deadlines(leak, "another")


async def test_late_is_recorded_only_with_its_reasons_and_starts_what_follows(
    leak: Engine,
) -> None:
    with pytest.raises(DomainError, match="reasons for the delay") as refused:
        await record_notified(leak, HERE, "gdpr33", actor=TOMAS, at="")
    assert refused.value.explanation.means == "Nothing was recorded."
    assert (await states(leak))["gdpr33"] == "late"

    said = await record_notified(leak, HERE, "gdpr33", actor=TOMAS, at="", reason="Late scope.")
    assert said.deadline.state == "done_late"
    # Temporal is down: it is recorded, and says what it could not do.
    assert said.untold is not None
    assert "recorded" in said.untold.what
    in_time = spell_moment(NOW - timedelta(days=3))
    await record_notified(leak, HERE, "nis2_notification", actor=TOMAS, at=in_time)
    now = await states(leak)
    assert (now["gdpr33"], now["nis2_notification"], now["nis2_final"]) == (
        "done_late",
        "done",
        "open",
    )


async def test_what_cannot_have_been_notified_is_refused(leak: Engine) -> None:
    ahead = spell_moment(datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(WrongInput, match="still to come"):
        await record_notified(leak, HERE, "nis2_warning", actor=TOMAS, at=ahead)
    with pytest.raises(WrongInput, match="zone"):
        await record_notified(leak, HERE, "nis2_warning", actor=TOMAS, at="noon")
    with pytest.raises(DomainError, match="roster"):
        stranger = Actor.at_terminal("stranger")
        await record_notified(leak, HERE, "nis2_warning", actor=stranger, at="")
    with pytest.raises(DomainError, match="nis2_warning"):
        await record_notified(leak, HERE, "nis2_warnin", actor=TOMAS, at="")


async def test_a_fact_sheet_says_what_is_known_what_is_not_and_that_it_is_no_advice(
    leak: Engine,
) -> None:
    await record_notified(leak, HERE, "gdpr33", actor=TOMAS, at="", reason="Late scope.")
    sheet = await read_fact_sheet(leak, HERE, "gdpr33")
    text = in_markdown(sheet)
    assert "Example Co, A \\<leak\\> (leak)" in text
    assert "the approximate number of people concerned (people count): 1,200" in text
    assert "Addresses could be \\*read\\*. \\# Not a heading" in text
    assert "Reason for the delay: Late scope." in text
    unknown = text.partition("## What is not known yet")[2]
    assert "- the likely consequences" in unknown
    assert "- the nature of what happened" not in unknown
    assert text.count("Not legal advice") == 1
    assert "Europe/Berlin" in text


async def test_the_watcher_reads_rungs_and_what_has_ended_and_no_fact(
    leak: Engine, ledger: Database
) -> None:
    async def start(order: WatchDeadlines) -> bool:
        return True

    made = DeadlineActivities(ledger, start, lambda: NOW)
    found = await made.read_deadlines(ReadDeadlines(incident=HERE))
    assert found.owner == "legal"
    assert [(one.about, one.share) for one in found.reached] == [
        ("deadline/gdpr33", 100),
        ("deadline/nis2_warning", 100),
        ("deadline/nis2_notification", 100),
    ]
    assert found.again_in is None
    await record_notified(leak, HERE, "nis2_notification", actor=TOMAS, at=spell_moment(NOW))
    after = await made.read_deadlines(ReadDeadlines(incident=HERE))
    assert [(one.about, one.by) for one in after.ended] == [("deadline/nis2_notification", "tomas")]
    # The final report's first rung is about half a month away.
    assert after.again_in is not None
    assert after.again_in > timedelta(days=14).total_seconds()
