"""The briefing, from the ledger alone: what was said, what is not said, and who is who."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import yaml

from client.briefing import brief
from client.playbooks import read_files
from domain.actor import Actor
from domain.ids import MessageRef
from domain.message import Copy, Document, MessageKind
from domain.playbook_files import parse_playbook
from domain.publication import Receipt
from domain.timeline import TimelineEntry
from store.record import drafts, incidents, messages, playbooks, publications, timeline
from store.recovery import snapshots
from tests.sealing import KEY
from tests.surfaces.console.conftest import Console

NOW = datetime.now(UTC).replace(microsecond=0)
DUE = NOW + timedelta(minutes=40)
SLUG = "site-down"


async def has_said(console: Console, number: int, text: str, at: datetime) -> None:
    ledger = await console.engine.ledger()
    document = Document(
        incident=SLUG,
        number=number,
        revision=1,
        kind=MessageKind.ANNOUNCEMENT if number == 1 else MessageKind.PROGRESS_UPDATE,
        proposed_at=at,
        copies=(Copy(channel="twitter", text=text),),
        next_update_by=DUE,
    )
    await messages.save_revision(ledger, document, "maya", f"{number}")
    ref, digest = MessageRef(incident=SLUG, number=number, revision=1), document.digest()
    await publications.plan(ledger, ref, "twitter", digest, at)
    if number < 3:
        await publications.reserve(ledger, ref, "twitter", digest, at, 1, looked=False)
        receipt = Receipt(id=str(number), url=f"https://x.com/a/{number}", at=at)
        await publications.accept(ledger, ref, "twitter", receipt, at)


async def test_whoever_comes_to_help_reads_what_is_said_and_what_is_not(console: Console) -> None:
    ledger = await console.engine.ledger()
    files = dict(read_files(console.engine.settings, "site-compromised"))
    written = yaml.safe_load(files["playbook.yaml"])
    written["briefing"] = {
        "do_not_say": ["Who is to blame."],
        "contacts": {"maya": "+1 555 0100", "Night lawyer": "lawyer@example.com"},
    }
    files["playbook.yaml"] = yaml.safe_dump(written)
    plan = parse_playbook(files)
    assert "0100" not in plan.without_words().model_dump_json()
    await incidents.register(ledger, SLUG, "Sign-in <down>", plan.name, [], NOW)
    await playbooks.save_snapshot(ledger, plan.name, files)
    await snapshots.keep_plan(ledger, SLUG, plan.without_words().model_dump_json())
    maya = Actor(person="maya", surface="terminal")
    for seq, (what, about) in enumerate([("opened", ""), ("stage entered", "assure")], 1):
        entry = TimelineEntry(seq=seq, at=NOW, what=what, who=maya.person, about=about)
        await timeline.append(ledger, KEY, SLUG, [entry])
    await drafts.save(ledger, SLUG, "facts", {"summary": "Sign-in fails"}, "maya", NOW)
    for number, text in ((1, "We know."), (2, "We are on it."), (3, "Not out yet.")):
        await has_said(console, number, text, NOW - timedelta(minutes=10 - number))

    await console.sign_in()
    page = (await console.browser.get(f"/incidents/{SLUG}/briefing")).text
    for words in (
        "We are on it.", "We know.", "Who is to blame.", "Sign-in fails", "+1 555 0100",
        "Night lawyer", "opened it, and leads", " min left", "No saved replies are in force",
    ):  # fmt: skip
        assert words in page, words
    assert "Not out yet." not in page
    assert "<down>" not in page
    assert len(page) < 100_000
    found = await brief(console.engine, SLUG)
    assert ([one.number for one in found.said], found.promise, found.stage) == (
        [2, 1],
        DUE,
        "assure",
    )
    assert f"/incidents/{SLUG}/briefing" in (await console.browser.get("/desk")).text
    assert (await console.browser.get("/incidents/another/briefing")).status_code == 404
