"""An incident for a page: as it is, or what the ledger has of it while Temporal is away."""

from __future__ import annotations

from datetime import UTC, datetime

from client.engine import Engine
from client.errors import Forgotten, UnknownIncident, explanation_of
from client.ledger_view import LedgerView, read_from_ledger
from client.patience import soon
from client.status import Look, Watcher
from domain.explanation import Explanation
from domain.model import Value


class IncidentView(Value):
    """What is known at ``at``: a ``look``, or the ``ledger`` alone and ``why``."""

    at: datetime
    look: Look | None = None
    ledger: LedgerView | None = None
    why: Explanation | None = None


async def view(watcher: Watcher, engine: Engine, slug: str) -> IncidentView:
    """The incident now. Raises ``UnknownIncident``, and what keeps the ledger from answering."""
    at = datetime.now(UTC)
    try:
        return IncidentView(at=at, look=await soon(watcher.look()))
    except Exception as error:
        if isinstance(error, UnknownIncident) and not isinstance(error, Forgotten):
            raise
        why = explanation_of(error)
        if why is None:
            raise
    return IncidentView(at=at, ledger=await read_from_ledger(engine, slug), why=why)
