"""What somebody does to a record who owns the database and knows its format, without its key."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy import delete, select

from chaos.verdict import RoundVerdict
from client.engine import Engine
from client.timeline import Verified, verify_timeline
from domain.record import BEGINNING, hash_of
from domain.sealing import RecordKey, Sealed
from domain.timeline import TimelineEntry
from store.kernel.database import Database
from store.tables import record_keys, timeline

Row = dict[str, object]
Verify = Callable[[Engine, str, str], Awaitable[Verified]]
_FEWEST = 4


class Forger:
    """Changes the record of one incident in every way, and puts it back after each.

    ``verify`` is what has to find it.
    """

    def __init__(
        self, ledger: Database, engine: Engine, slug: str, verify: Verify = verify_timeline
    ) -> None:
        self._ledger = ledger
        self._engine = engine
        self._slug = slug
        self._verify = verify
        self._key = RecordKey.of_seed(secrets.token_bytes(32))

    async def play(self, when: str, verdict: RoundVerdict) -> None:
        """Enter what verification did not find, or finds though nothing was changed."""
        untouched = await self._verify(self._engine, self._slug, "")
        for problem in untouched.found:
            verdict.find("broken_timeline", f"{when}: {problem.what}")
        # Somebody who checks a record knows its key from elsewhere.
        key = untouched.key
        true = await self._rows()
        if len(true) < _FEWEST or not key:
            verdict.find("broken_timeline", f"{when}: only {len(true)} entries are sealed")
            return
        for name, forged in self.forged(true).items():
            try:
                await self._put(forged)
                if not (await self._verify(self._engine, self._slug, key)).found:
                    verdict.find("changed_unseen", f"{when}: {name}")
            finally:
                await self._put(true)

    def forged(self, true: list[Row]) -> dict[str, list[Row]]:
        """Every forgery of a record, by what was done to it."""
        middle = len(true) // 2
        signed = [{**row, "who": "mallory"} if row["what"] == "approved" else row for row in true]
        swapped = list(true)
        swapped[1], swapped[middle] = self._exchanged(true[1], true[middle])
        without = [*true[:middle], *true[middle + 1 :]]
        assert self._chained(true) == true, "the record has another format than it is forged in"
        found = {
            "every approver was rewritten": signed,
            "every approver was rewritten, and all hashes computed anew": self._chained(signed),
            "the same, sealed with a key of somebody else": self._sealed(self._chained(signed)),
            "the last entry was cut off": true[:-1],
            "the second half was cut off": true[:middle],
            "all of it was taken out": [],
            "two entries were exchanged": swapped,
            "two entries were exchanged, and all hashes computed anew": self._chained(swapped),
            "an entry was taken out": without,
            "an entry was taken out, and all hashes computed anew": self._chained(without),
        }
        # A record may have nobody who approved anything.
        return {name: rows for name, rows in found.items() if rows != true}

    def _chained(self, rows: list[Row]) -> list[Row]:
        """The rows numbered and hashed as if they had always been so; their seals are old."""
        before, chained = BEGINNING, []
        for link, row in enumerate(rows, 1):
            shifted = int(str(row["seq"])) - (int(str(row["link"])) - link)
            fresh = {**row, "link": link, "seq": shifted}
            before = hash_of(before, self._slug, TimelineEntry.model_validate(fresh))
            chained.append({**fresh, "hash": before})
        return chained

    def _sealed(self, rows: list[Row]) -> list[Row]:
        return [
            {
                **row,
                "key_id": self._key.key_id,
                "seal": self._key.seal(Sealed.ENTRY, str(row["hash"])),
            }
            for row in rows
        ]

    @staticmethod
    def _exchanged(first: Row, second: Row) -> tuple[Row, Row]:
        """Each in the other's place, with the place's own numbers."""
        places = ("link", "branch", "seq")
        return (
            {**second, **{name: first[name] for name in places}},
            {**first, **{name: second[name] for name in places}},
        )

    async def _rows(self) -> list[Row]:
        query = select(timeline).where(timeline.c.incident == self._slug).order_by(timeline.c.link)
        async with self._ledger.read() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    async def _put(self, rows: list[Row]) -> None:
        """Let the table have exactly these; whoever seals with another key enters it, too."""
        key = self._key.public
        ours = {"key_id": key.key_id, "public": key.public, "since": datetime.now(UTC)}
        async with self._ledger.write() as connection:
            await connection.execute(delete(timeline).where(timeline.c.incident == self._slug))
            if rows:
                await connection.execute(timeline.insert(), rows)
            await connection.execute(delete(record_keys).where(record_keys.c.key_id == key.key_id))
            if any(row["key_id"] == key.key_id for row in rows):
                await connection.execute(record_keys.insert(), [ours])
