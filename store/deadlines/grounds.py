"""What an incident's deadlines are counted from: its plan, its newest facts, what was notified."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from domain.deadlines import AuthorityNotified
from domain.facts import Facts
from domain.model import Value
from domain.regulations.applying import RegulationsPlan
from domain.roster import PersonId
from domain.severity import Severity
from store.deadlines import notified
from store.kernel.database import Database
from store.record import drafts
from store.recovery import snapshots


class Grounds(Value):
    """Of an incident whose plan or facts this version cannot read, they are as if empty."""

    company: str = ""
    roster: tuple[PersonId, ...] = ()
    severity: Severity | None = None
    plan: RegulationsPlan = RegulationsPlan()
    facts: Facts = Facts()
    notified: tuple[AuthorityNotified, ...] = ()


async def read(db: Database, incident: str) -> Grounds:
    """The grounds of an incident, open or closed."""
    kept = await snapshots.load(db, incident)
    return _planned(kept.plan if kept else "", kept.state if kept else "").model_copy(
        update={
            "facts": await drafts.newest_facts(db, incident),
            "notified": tuple(await notified.of_incident(db, incident)),
        }
    )


def _planned(plan: str, state: str) -> Grounds:
    """What the snapshot says; another version may have written it."""
    planned, reached = _json(plan), _json(state)
    try:
        return Grounds(
            company=planned.get("company") or "",
            roster=tuple(one["id"] for one in planned.get("roster") or ()),
            severity=reached.get("severity"),
            plan=RegulationsPlan.model_validate(planned.get("regulations") or {}),
        )
    except (ValidationError, KeyError, TypeError):
        return Grounds()


def _json(text: str) -> dict[str, Any]:
    try:
        found = from_json(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
