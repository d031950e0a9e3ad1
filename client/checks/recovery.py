"""Whether an incident is locked, or lost by Temporal: both need a person."""

from __future__ import annotations

from temporalio.service import RPCError

from client.asking import live_status
from client.checks.result import CheckResult, fails
from client.engine import Engine
from client.errors import ClientError, UnknownIncident
from client.incidents import MOST_ASKED
from client.recovery.locks import why_locked
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from store.record import incidents
from store.recovery import locks


async def check_recovery(engine: Engine) -> list[CheckResult]:
    """Compare each open incident with the ledger; says nothing where all is well."""
    ledger = await engine.ledger()
    held = {one.incident: one.why for one in await locks.all_locks(ledger)}
    found: list[CheckResult] = []
    listed = [one for one in await incidents.list_incidents(ledger) if one.closed_at is None]
    for one in listed[:MOST_ASKED]:
        if one.slug in held:
            continue
        try:
            why = await why_locked(engine, await live_status(engine, one.slug))
        except UnknownIncident:
            found.append(_lost(one.slug))
        # One that somebody ended by hand is shown by the list, and is no fault of the installation.
        except (ClientError, DomainError, RPCError):
            # What is wrong there is another check's.
            continue
        else:
            if why is not None:
                held[one.slug] = why
    return [*(_locked(slug, why) for slug, why in sorted(held.items())), *found]


def _locked(slug: str, why: Explanation) -> CheckResult:
    return CheckResult(about=f"incident {slug}", ok=False, explanation=why)


def _lost(slug: str) -> CheckResult:
    return fails(
        f"incident {slug}",
        "It is open in the ledger, and Temporal does not run it.",
        NextStep(
            action=Action.RECOVER_INCIDENT,
            incident=slug,
            advice="Start it again from the ledger's snapshot.",
        ),
    )
