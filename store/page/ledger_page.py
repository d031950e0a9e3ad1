"""The status page as the ledger has it: one snapshot, numbered and sealed."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.sealing import RecordKey
from domain.status_page import StatusPage
from store.kernel.database import Database
from store.page.components import components_of
from store.page.heads import keep_heads, read_heads, sealed_head
from store.page.newest_plan import newest_plan
from store.page.numbers import next_number
from store.page.updates import read_incidents


class LedgerPage:
    """Reads snapshots of the page of one channel; ``key`` seals the head of the record."""

    def __init__(self, db: Database, key: RecordKey, channel: str) -> None:
        self._db = db
        self._key = key
        self._channel = channel

    async def snapshot(
        self, url: str, *, name: str = "", home: str | None = None, without: str = ""
    ) -> StatusPage:
        """All that the page shows now, under the next number.

        ``without`` is the key of a publication that is being taken back. ``name`` is the page's, if
        it is not to have the company's. Raises ``StoreUnavailable``, and
        ``pydantic.ValidationError`` for something that this version of the program cannot read.
        """
        number = await next_number(self._db, datetime.now(UTC))
        now = datetime.now(UTC)
        async with self._db.read() as connection:
            incidents = await read_incidents(connection, self._channel, without=without)
            newest = await newest_plan(connection)
            heads = await read_heads(connection)
        await keep_heads(self._db, number, heads)
        plan, since = newest or (None, now)
        return StatusPage(
            number=number,
            generated_at=now,
            name=name or (plan.company if plan else "Status"),
            url=url,
            home=home,
            components=components_of(plan.page.components if plan else (), since, incidents),
            incidents=incidents,
            record=sealed_head(self._key, now, number, heads),
        )
