"""Nothing goes out from a ledger that has less than its incident knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.approved import OpenedGates
from activities.signatures.posts import PublicationTask
from domain.errors import DomainError
from domain.ledger import BegunAttempt, KnownLedger, LedgerBehind
from store.kernel.database import Database
from store.recovery.locks import lock
from store.recovery.standing import why_behind


@asynccontextmanager
async def refusing_behind(
    database: Database, gates: OpenedGates, task: PublicationTask, *begun: BegunAttempt
) -> AsyncIterator[None]:
    """Do the block only on a ledger that has all that ``task`` knows; lock the incident otherwise.

    ``begun`` are attempts that it must have besides. Raises ``LedgerBehind``, also for a block that
    finds something missing itself.

    Whoever orders by hand what no gate was opened for is refused, and locks nothing. A ledger from
    before the opening has none either; the incident locks that one with its own record.
    """
    try:
        for newest in dict.fromkeys((task.known.newest, *begun)):
            known = task.known.model_copy(update={"newest": newest})
            incident, place = task.message.incident, task.destination
            why = await why_behind(database, incident, known, task.message, place)
            if why is not None:
                raise LedgerBehind.of(why)
        yield
    except LedgerBehind as error:
        if await _is_opened(gates, task):
            await lock(database, task.message.incident, error.explanation)
        raise


async def _is_opened(gates: OpenedGates, task: PublicationTask) -> bool:
    try:
        await gates.refuse_unopened(task)
    except DomainError:
        return False
    return True


async def refuse_behind(database: Database, incident: str, known: KnownLedger) -> None:
    """Raise ``LedgerBehind`` and lock the incident unless the ledger has what is ``known``."""
    why = await why_behind(database, incident, known)
    if why is not None:
        await lock(database, incident, why)
        raise LedgerBehind.of(why)
