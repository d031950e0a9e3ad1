"""The status page of a whole stack: proposed, signed, written, served, and told to a subscriber."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
import yaml

from client import incidents, messages
from client.asking import incident_status
from client.engine import Engine
from client.facts import record_facts
from client.stack.ports import Ports
from domain.actor import Actor
from domain.gate import Verdict
from domain.message import MessageKind
from domain.page_entry import ComponentState
from domain.publication import PublicationState
from embedded.stack import Stack
from settings import HERE
from store.files.playbook_folder import read_playbook
from tests.whole.response import FACTS, LEAD, states
from tests.whole.world import eventually

SLUG = "page-down"
UPDATE = "Something has gone wrong: **{{ facts.summary or title }}**.\n"
MAIL = "subject: {{ company }}: {{ title | short(80) }}\n---\n{{ title }}. See {{ link }}\n"


def playbook() -> dict[str, str]:
    """The shipped one, with announcements to the website and to its subscribers alone."""
    files = dict(read_playbook(HERE / "playbooks" / "site-compromised"))
    plan = yaml.safe_load(files["playbook.yaml"])
    announcement = plan["messages"]["announcement"]
    announcement |= {"channels": ["website"], "quorum": 1, "must_reach": []}
    plan["messages"] = {"announcement": announcement}
    plan["voices"]["website"] = {"name": "Example Co"}
    plan["subscribers"] = {"channel": "email"}
    plan["page"] = {"components": [{"name": "Web app"}, {"name": "API"}]}
    return {
        "playbook.yaml": yaml.safe_dump(plan, sort_keys=False),
        "announcement.website.j2": UPDATE,
        "announcement.subscribers.j2": MAIL,
    }


# In the loop of the stories, which is the one that starts dead processes again.
@pytest_asyncio.fixture(loop_scope="session")
async def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stack]:
    monkeypatch.setenv("FRONTFOOT_CHANNELS", "email,website")
    stack = Stack(tmp_path / "state", ports=Ports.free(), live=False, say=lambda _: None)
    await stack.start()
    yield stack
    await stack.stop()


async def inbox_of(stack: Stack, address: str) -> str:
    """What the owner of an address sees of their mail at the sandbox; nothing if there is none."""
    async with httpx.AsyncClient(base_url=stack.addresses["sandbox"], trust_env=False) as http:
        found = await http.get(f"/inbox/{address}")
    return found.text if found.is_success else ""


async def test_an_announcement_is_on_the_page_and_reaches_a_subscriber_once(stack: Stack) -> None:
    url = stack.addresses["webhooks"]
    async with httpx.AsyncClient(base_url=url, trust_env=False, follow_redirects=True) as http:
        # A page is there before anything has happened.
        empty = await eventually(lambda: http.get("/"), lambda answer: answer.status_code == 200)
        assert "All systems operational" in empty.text
        assert "subscribe/" in empty.text
        await subscribe(stack, http, "ann@example.com")
        async with await stack.engine() as engine:
            assert await announce(engine) == {"website", "email to subscribers"}
            await settled(engine)
        page = await http.get("/")
        assert "Spam went out" in page.text
        summary = (await http.get("/api/v2/summary.json")).json()
        assert {one["name"]: one["status"] for one in summary["components"]} == {
            "Web app": "operational",
            "API": "major_outage",
        }
        assert [one["status"] for one in summary["incidents"]] == ["investigating"]
        assert summary["status"]["indicator"] == "critical"
        inbox = await inbox_of(stack, "ann@example.com")
        assert len(re.findall(r"Spam went out\. See http://[^\s<]+/incidents/", inbox)) >= 1
        assert inbox.count("Example Co: Spam went out</") == 1


async def test_a_worker_that_is_killed_before_it_read_the_page_back_leaves_one_update(
    stack: Stack,
) -> None:
    """Written and not yet seen by anybody: the next worker finds it there, and counts it once."""
    async with (
        httpx.AsyncClient(base_url=stack.addresses["webhooks"], trust_env=False) as http,
        await stack.engine() as engine,
    ):
        await eventually(lambda: http.get("/"), lambda answer: answer.status_code == 200)
        # Whoever reads the page, the worker included, waits for an answer from here on.
        os.kill(stack.pids["webhooks"], signal.SIGSTOP)
        try:
            await announce(engine)
            await eventually(lambda: written(stack, "Spam went out"))
            before = stack.pids["worker"]
            stack.kill("worker")
            await eventually(lambda: is_so(stack.pids.get("worker", before) != before))
        finally:
            os.kill(stack.pids["webhooks"], signal.SIGCONT)
        await settled(engine)

        [incident] = (await http.get("/api/v2/incidents.json")).json()["incidents"]
        [update] = incident["incident_updates"]
        message = (await incident_status(engine, SLUG)).messages[0]
        [outcome] = [one for one in message.outcomes if str(one.destination) == "website"]
        assert outcome.receipt is not None
        assert outcome.receipt.id == update["id"]
        shown = await http.get(urlsplit(outcome.receipt.url or "").path)
        assert shown.text.count(f'id="update-{update["id"]}"') == 1
        assert update["mark"] in shown.text


async def written(stack: Stack, words: str) -> bool:
    """Whether the newest snapshot in the folder says so."""
    folders = sorted((stack.state / "page" / "snapshots").iterdir())
    found = [one / "index.html" for one in folders if (one / "index.html").exists()]
    return bool(found) and words in found[-1].read_text(encoding="utf-8")


async def is_so(fact: bool) -> bool:
    return fact


async def subscribe(stack: Stack, http: httpx.AsyncClient, address: str) -> None:
    """Sign up, and press the button behind the link of the mail."""
    (await http.post("/subscribe/", data={"address": address})).raise_for_status()
    inbox = await eventually(lambda: inbox_of(stack, address), bool)
    found = re.search(r"http://[^\s\"'<>&]+/subscribe/confirm/[^\s\"'<>&]+", inbox)
    assert found is not None
    shown = await http.get(found[0])
    assert shown.status_code == 200
    (await http.post(found[0])).raise_for_status()


async def announce(engine: Engine) -> set[str]:
    """Approve an announcement; returns where it goes."""
    await incidents.open_incident(
        engine, slug=SLUG, title="Spam went out", files=playbook(), actor=LEAD, audiences=[]
    )
    await record_facts(engine, SLUG, actor=LEAD, facts=FACTS | {"summary": "spam went out"})
    message = await messages.propose(
        engine,
        SLUG,
        MessageKind.ANNOUNCEMENT,
        actor=LEAD,
        components={"API": ComponentState.MAJOR_OUTAGE},
    )
    await messages.decide(
        engine,
        SLUG,
        actor=Actor.at_terminal("noor"),
        digest=message.digest,
        message=message.number,
        verdict=Verdict.APPROVE,
    )
    return {str(one.destination) for one in message.outcomes}


async def settled(engine: Engine) -> None:
    await eventually(
        lambda: incident_status(engine, SLUG),
        lambda status: set(states(status.messages[0]).values()) == {PublicationState.ACCEPTED},
    )
