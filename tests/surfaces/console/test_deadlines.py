"""Deadlines to authorities in the console and over the API, from the ledger alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from domain.fact_values import spell_moment
from domain.regulations.applying import RegulationsPlan
from domain.tokens import Scope
from store.record import drafts, incidents
from store.recovery import snapshots
from surfaces.console.app import served
from tests.surfaces.api.conftest import Api
from tests.surfaces.console.conftest import OURS, URL, Console
from tests.workflows.plan import a_plan

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
HERE = "/incidents/leak/deadlines"


async def leak(console: Console) -> None:
    """An incident whose authority should have been told a day ago."""
    ledger = await console.engine.ledger()
    regulations = RegulationsPlan(apply=("gdpr", "sec"), owner="legal", zone="Europe/Berlin")
    plan = a_plan().model_copy(update={"regulations": regulations})
    await incidents.register(ledger, "leak", "A <leak>", "plan", (), NOW)
    await snapshots.keep_plan(ledger, "leak", plan.model_dump_json())
    aware = spell_moment(NOW - timedelta(days=4))
    facts = {"aware_at": aware, "consequences": "Letters from <strangers>"}
    await drafts.save(ledger, "leak", "facts", facts, "maya", NOW)


async def test_a_late_deadline_is_seen_recorded_with_its_reason_and_filed(console: Console) -> None:
    await leak(console)
    await console.sign_in()
    page = (await console.browser.get(HERE)).text
    for words in (
        'data-state="late"', "passed 24 h", "Not known yet: material at", "Legal is reminded",
        "without undue delay", "in Europe/Berlin", "on no public page", "Not legal advice",
    ):  # fmt: skip
        assert words in page, words

    assert "1 late" in (await console.browser.get("/incidents/leak")).text

    form = {"step": "gdpr33", "at": spell_moment(NOW), "reason": ""}
    answer = await console.browser.post(f"{HERE}/notifications", data=form, headers=OURS)
    assert answer.status_code == 409
    assert "the reasons for the delay" in answer.text
    assert f'value="{form["at"]}"' in answer.text
    form["reason"] = "The scope was not known"
    answer = await console.browser.post(f"{HERE}/notifications", data=form, headers=OURS)
    # Temporal is down: it is recorded, and the page says what could not be done.
    assert answer.status_code == 200
    assert "It is recorded" in answer.text
    assert "done late" in answer.text
    assert "“The scope was not known”" in answer.text

    sheet = (await console.browser.get(f"{HERE}/gdpr33")).text
    assert "Letters from &lt;strangers&gt;" in sheet
    assert "incomplete rather than late" in sheet
    assert (await console.browser.get(f"{HERE}/gdpr3")).status_code == 409
    files = f"{HERE}/gdpr33/files"
    made = await console.browser.post(files, data={"form": "md"}, headers=OURS)
    assert made.headers["content-type"].startswith("text/markdown")
    assert "# GDPR, Article 33: fact sheet" in made.text
    made = await console.browser.post(files, data={"form": "json"}, headers=OURS)
    assert made.json()["incident"] == "leak"


async def test_another_system_reads_them_and_records_that_one_was_met(console: Console) -> None:
    await leak(console)
    transport = httpx.ASGITransport(app=served(console.engine))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
        api = Api(console.engine, http)
        await api.has_token(Scope.INCIDENTS_READ, Scope.INCIDENTS_WRITE)
        shown = (await api.get(HERE)).json()
        late = shown["deadlines"][0]
        assert (late["step"], late["state"], late["zone"]) == ("gdpr33", "late", "Europe/Berlin")
        assert shown["owner"] == "legal"
        body = {"step": "gdpr33", "at": NOW.isoformat()}
        answer = await api.post(f"{HERE}/notifications", body)
        assert answer.status_code == 409
        assert "reasons" in answer.json()["title"] + answer.json().get("detail", "")
        answer = await api.post(f"{HERE}/notifications", body | {"reason": "Scope."})
        assert answer.status_code == 201, answer.text
        assert answer.json()["deadline"]["state"] == "done_late"
        sheet = (await api.get(f"{HERE}/gdpr33")).json()
        assert {"asks": "a contact point", "known": {}} in sheet["answers"]
