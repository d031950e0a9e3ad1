"""Very many incidents that have told people once, each with an open promise."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from benchmarks.children import LOOPBACK
from benchmarks.stack import BenchmarkStack
from domain.actor import Actor
from domain.gate import Gate
from domain.ids import MAIN_QUEUE, incident_workflow_id
from domain.incident import IncidentState
from domain.message import MessageKind
from domain.message_state import MessagePhase, MessageState
from domain.people import PEOPLE_FILE
from domain.playbook import Playbook
from domain.playbook_files import examine_playbook
from domain.promise_clock import Promise
from domain.publication import Destination, Outcome, PublicationState, Receipt
from domain.severity import Severity
from domain.stage import Stage
from settings import HERE
from store.files.playbook_folder import read_playbook
from store.tables import incident_snapshots, incidents
from workflows.contract.lifecycle import OpenIncident
from workflows.contract.names import INCIDENT_WORKFLOW

PLAYBOOK = "site-compromised"
CHANNEL = "twitter"
OWNERS = 50
_BEFORE = timedelta(minutes=40)
"""How long before its time an owner is reminded: nothing else comes due meanwhile."""

_AT_ONCE = 32


def prepare(folder: Path, port: int) -> Playbook:
    """Write the people, and where each is reached; the plan of every incident. Blocks."""
    files = dict(read_playbook(HERE / "playbooks" / PLAYBOOK))
    people = yaml.safe_load(files[PEOPLE_FILE])
    secrets = folder / "secrets"
    secrets.mkdir()
    for number in range(OWNERS):
        owner, secret = owner_of(number), f"PHONE_{number}"
        (secrets / secret).write_text(f"json://{LOOPBACK}:{port}/{owner}", encoding="utf-8")
        contact = [{"name": "phone", "kind": "apprise", "secret": secret}]
        people["people"].append({"id": owner, "roles": ["comms_lead"], "contact": contact})
    written = yaml.safe_dump(people, sort_keys=False)
    plan = yaml.safe_load(files["playbook.yaml"])
    plan["promises"] = {**plan["promises"], "remind": f"{_BEFORE.seconds // 60}m"}
    kept = {**files, PEOPLE_FILE: written, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}
    home = folder / "playbooks"
    (home / PLAYBOOK).mkdir(parents=True)
    for name, text in kept.items():
        place = home / name if name == PEOPLE_FILE else home / PLAYBOOK / name
        place.write_text(text, encoding="utf-8")
    playbook = examine_playbook(kept).plan
    assert playbook is not None
    return playbook.without_words()


def owner_of(number: int) -> str:
    """Who has promised its next update."""
    return f"owner{number % OWNERS:02}"


def slug_of(number: int) -> str:
    """The name of an incident."""
    return f"promise-{number:05}"


async def enter(on: BenchmarkStack, plan: Playbook, promises: int) -> None:
    """Enter the incidents in the ledger, as opening them one by one would have."""
    now, written = datetime.now(UTC), plan.model_dump_json()
    async with on.database.write() as connection:
        await connection.execute(
            incidents.insert(),
            [
                {"slug": slug_of(n), "title": f"Outage {n}", "playbook": PLAYBOOK, "opened_at": now}
                for n in range(promises)
            ],
        )
        await connection.execute(
            incident_snapshots.insert(),
            [{"incident": slug_of(n), "taken_at": now, "plan": written} for n in range(promises)],
        )


async def open_all(on: BenchmarkStack, plan: Playbook, due: Sequence[datetime]) -> None:
    """Start every incident where its announcement is out, with the promise that it made."""
    left = iter(enumerate(due))

    async def some() -> None:
        for number, at in left:
            await on.client.start_workflow(
                INCIDENT_WORKFLOW,
                _opening(plan, number, at + _BEFORE),
                id=incident_workflow_id(slug_of(number)),
                task_queue=MAIN_QUEUE,
            )

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


def _opening(plan: Playbook, number: int, due: datetime) -> OpenIncident:
    now, lead, slug = datetime.now(UTC), Actor.at_terminal("maya"), slug_of(number)
    kind, place, digest = MessageKind.ANNOUNCEMENT, Destination(channel=CHANNEL), f"{number:064x}"
    message = MessageState(
        number=1,
        kind=kind,
        ordinal=1,
        revision=1,
        author=owner_of(number),
        proposed_at=now,
        gate=Gate(policy=plan.messages[kind].gate, digest=digest, author=owner_of(number)),
        destinations=(place,),
        phase=MessagePhase.SETTLED,
        approved_at=now,
        opened=True,
        next_update_by=due,
        outcomes={
            place.key: Outcome.at(
                place, PublicationState.ACCEPTED, receipt=Receipt(id=str(number), at=now)
            )
        },
        reached=[place.key],
    )
    promise = Promise(number=1, owner=owner_of(number), made_at=now, due=due, channels=(CHANNEL,))
    state = IncidentState(
        incident=slug,
        title=f"Outage {number}",
        plan=plan,
        templates="d" * 64,
        audiences=(),
        opened_by=lead,
        opened_at=now,
        stage=Stage.ACKNOWLEDGE,
        messages=[message],
        severity=Severity.MAJOR,
        promises=[promise],
        heard=[1],
        words=[now],
    )
    return OpenIncident(
        incident=slug,
        title=state.title,
        opened_by=lead,
        plan=plan,
        templates=state.templates,
        severity=state.severity,
        carried=state,
        registered=True,
    )
