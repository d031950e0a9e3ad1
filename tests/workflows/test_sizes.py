"""What an incident carries into its next run is far smaller than what the server takes."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.actor import Actor
from domain.explanation import explained
from domain.gate import Decision, Gate, Verdict
from domain.incident import IncidentState
from domain.ledger import KnownLedger
from domain.limits import MOST_MESSAGES
from domain.message import MessageKind
from domain.message_state import MessagePhase, MessageState
from domain.playbook import Playbook
from domain.playbook_files import examine_playbook
from domain.promise_clock import Promise, PromiseState, Rung
from domain.publication import Destination, Outcome, PublicationState, Receipt
from domain.severity import Severity
from domain.timeline import TimelineEntry
from embedded.plans import LARGEST_PAYLOAD, TEMPORAL_SETTINGS
from store.files.playbook_folder import read_playbook
from workflows.contract.lifecycle import OpenIncident
from workflows.status import incident_status

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 10, 26, 10, tzinfo=UTC)
PLACES = (
    Destination(channel="twitter"),
    Destination(channel="facebook"),
    Destination(channel="email", audience="customers"),
    Destination(channel="email", audience="page-subscribers"),
)


def shipped() -> Playbook:
    playbook = examine_playbook(read_playbook(ROOT / "playbooks" / "site-compromised")).playbook
    assert playbook is not None
    return playbook


def message(plan: Playbook, number: int) -> MessageState:
    """A message that two people have signed, with an outcome in words at each destination."""
    kind, digest = MessageKind.PROGRESS_UPDATE, f"{number:064x}"
    why = explained("x" * 120, "y" * 120, means="z" * 80)
    decisions = tuple(
        Decision(
            actor=Actor.at_terminal(name),
            verdict=Verdict.APPROVE,
            digest=digest,
            at=NOW,
            roles=("founder",),
            reason="r" * 200,
        )
        for name in ("noor", "ines")
    )
    return MessageState(
        number=number,
        kind=kind,
        ordinal=number,
        revision=1,
        author="maya",
        proposed_at=NOW,
        gate=Gate(policy=plan.messages[kind].gate, digest=digest, author="maya").model_copy(
            update={"decisions": decisions}
        ),
        destinations=PLACES,
        retractable=("twitter", "facebook"),
        phase=MessagePhase.SETTLED,
        approved_at=NOW,
        fresh_until=NOW,
        outcomes={
            place.key: Outcome.at(
                place,
                PublicationState.ACCEPTED,
                why,
                receipt=Receipt(id="1" * 40, url="https://x.test/" + "p" * 60, at=NOW),
                attempts=3,
            )
            for place in PLACES
        },
        reached=[place.key for place in PLACES],
    )


def promise(number: int) -> Promise:
    """A promise about which everything was done."""
    made = Promise(
        number=number,
        owner="maya.okafor-of-communications",
        made_at=NOW,
        due=NOW,
        channels=("facebook", "twitter", "website"),
        state=PromiseState.BROKEN,
        climbed=tuple(Rung),
        in_a_row=2,
        held_since=NOW,
        fallback=number + 1,
        fallback_at=NOW,
        tried_at=NOW,
        again_at=NOW,
        ended_at=NOW,
        why="w" * 80,
    )
    made.forget()
    return made


def carried() -> OpenIncident:
    """The start of a run of the largest incident that there may be."""
    plan = shipped()
    entries = tuple(
        TimelineEntry(
            seq=number,
            at=NOW + timedelta(seconds=number),
            what="accepted",
            who="page-subscribers",
            about="message 100 to page-subscribers: " + "w" * 120,
        )
        for number in range(1, 401)
    )
    state = IncidentState(
        incident="site-down",
        title="t" * 200,
        plan=plan,
        templates="d" * 64,
        audiences=("customers", "page-subscribers"),
        opened_by=Actor.at_terminal("maya"),
        opened_at=NOW,
        messages=[message(plan, number) for number in range(1, MOST_MESSAGES + 1)],
        severity=Severity.CRITICAL,
        promises=[promise(number) for number in range(MOST_MESSAGES + 1)],
        heard=list(range(1, MOST_MESSAGES + 1)),
        words=[NOW, NOW],
        notified_broken=list(range(MOST_MESSAGES + 1)),
    )
    return OpenIncident(
        incident="site-down",
        title="t" * 200,
        opened_by=Actor.at_terminal("maya"),
        plan=plan,
        templates="d" * 64,
        carried=state,
        timeline=entries,
        recorded=200,
    )


async def test_the_largest_incident_fits_into_what_the_server_takes_with_room_to_spare() -> None:
    opening = carried()
    assert opening.carried is not None
    status = incident_status(opening.carried, KnownLedger(), 1, None, NOW)
    sizes = [len(one.model_dump_json()) for one in (opening, status)]
    assert max(sizes) * 1.4 < LARGEST_PAYLOAD, sizes


async def test_compose_has_the_settings_of_the_embedded_server() -> None:
    lines = (ROOT / "deploy" / "temporal" / "dynamic.yaml").read_text(encoding="utf-8").splitlines()
    values = {
        line.rstrip(":"): after.partition("value: ")[2]
        for line, after in itertools.pairwise(lines)
        if line.startswith(("limit.", "history."))
    }
    assert tuple(f"{name}={value}" for name, value in values.items()) == TEMPORAL_SETTINGS
