"""The scorecard of an incident: what was promised to people, and whether it was kept."""

from __future__ import annotations

from datetime import datetime

from pydantic import ValidationError

from client.asking import incident_status
from client.engine import Engine
from client.errors import Forgotten, explanation_of
from domain.ids import check_slug
from domain.model import Value
from domain.promise_clock import Promise
from domain.scorecard import PromiseStatus, Scorecard, promise_status, scorecard_of
from domain.severity import Severity
from store.recovery import snapshots


class ScorecardView(Value):
    """An incident's scorecard with each of its promises, the oldest first."""

    incident: str
    severity: Severity | None = None
    scorecard: Scorecard = Scorecard()
    promises: tuple[PromiseStatus, ...] = ()


class _Kept(Value):
    """What is read of an incident's snapshot here."""

    severity: Severity | None = None
    promises: tuple[Promise, ...] = ()
    words: tuple[datetime, ...] = ()


async def scorecard(engine: Engine, slug: str) -> ScorecardView:
    """The scorecard now; from the ledger if the incident does not answer any more."""
    try:
        status = await incident_status(engine, slug)
    except Exception as error:
        if not isinstance(error, Forgotten) and explanation_of(error) is None:
            raise
        return await kept_scorecard(engine, slug)
    return ScorecardView(
        incident=slug,
        severity=status.severity,
        scorecard=status.scorecard,
        promises=status.promises,
    )


async def kept_scorecard(engine: Engine, slug: str) -> ScorecardView:
    """The scorecard as the ledger has it; without promises if it cannot be read."""
    kept = await snapshots.load(await engine.ledger(), check_slug(slug))
    try:
        state = _Kept.model_validate_json(kept.state if kept is not None else "")
    except ValidationError:
        return ScorecardView(incident=slug)
    return ScorecardView(
        incident=slug,
        severity=state.severity,
        scorecard=scorecard_of(state.promises, min(state.words, default=None)),
        promises=tuple(promise_status(one) for one in state.promises if one.public),
    )
