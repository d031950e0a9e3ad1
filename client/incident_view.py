"""An incident for a page: as it is, or what the ledger has of it while Temporal is away."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from functools import partial

from client.engine import Engine
from client.errors import Forgotten, UnknownIncident, explanation_of
from client.ledger_view import LedgerView, read_from_ledger
from client.patience import soon
from client.status import Look, Watcher
from domain.explanation import Explanation
from domain.model import Value

FRESH = timedelta(seconds=1)
"""How old a view may be that is shown to somebody else."""

_KEPT = 50


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


class Views:
    """The newest view of each incident that somebody has asked for, for a moment.

    Programs ask more often than anything changes. Whoever asks often waits for nobody: the next
    look begins while the last one may still be shown.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # In the order in which they were last asked for. A watcher knows the rate since its last
        # look.
        self._watchers: OrderedDict[str, Watcher] = OrderedDict()
        self._seen: dict[str, IncidentView] = {}
        self._looking: dict[str, asyncio.Task[IncidentView]] = {}

    async def of(self, slug: str) -> IncidentView:
        """The incident as it was at most ``FRESH`` ago; raises as ``view`` does."""
        seen, looking = self._seen.get(slug), self._looking.get(slug)
        age = datetime.now(UTC) - seen.at if seen is not None else FRESH
        if looking is None and age > FRESH / 2:
            looking = asyncio.create_task(view(self._watcher(slug), self._engine, slug))
            self._looking[slug] = looking
            looking.add_done_callback(partial(self._has_looked, slug))
        if seen is not None and age < FRESH:
            return seen
        assert looking is not None, "what is old is looked at again"
        # Others wait for the same one.
        return await asyncio.shield(looking)

    def changed(self, slug: str) -> None:
        """Somebody has done something: what was seen before must not be shown after it."""
        self._looking.pop(slug, None)
        self._seen.pop(slug, None)

    async def rest(self) -> None:
        """Wait for what nobody waits for any more, before the engine is closed."""
        await asyncio.gather(*self._looking.values(), return_exceptions=True)
        await asyncio.gather(*(one.rest() for one in self._watchers.values()))

    def _has_looked(self, slug: str, looking: asyncio.Task[IncidentView]) -> None:
        failed = looking.cancelled() or looking.exception() is not None
        if self._looking.get(slug) is not looking:
            # Something was done meanwhile.
            return
        del self._looking[slug]
        if not failed:
            self._seen[slug] = looking.result()

    def _watcher(self, slug: str) -> Watcher:
        watcher = self._watchers.pop(slug, None) or Watcher(self._engine, slug)
        self._watchers[slug] = watcher
        while len(self._watchers) > _KEPT:
            gone, _ = self._watchers.popitem(last=False)
            self._seen.pop(gone, None)
        return watcher
