"""Requests to the API by the key that their sender gave them: who carries one out, and its answer.

The first to enter a key has it. Who finds it unanswered for long takes it over, by
compare-and-set: whoever had it is dead, or so slow that the repeat only waits for the same thing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select, update

from domain.model import Value
from domain.times import UtcTime
from store.kernel.database import Database
from store.tables import api_requests


class Answer(Value):
    """What was answered, byte for byte."""

    status: int
    location: str = ""
    body: bytes = b""


class KnownRequest(Value):
    """A request that was made before; ``answer`` is None while nobody has one."""

    fingerprint: str
    began_at: UtcTime
    tried_at: UtcTime
    answer: Answer | None = None


async def begin(
    db: Database, token: str, key: str, fingerprint: str, at: datetime, *, forget: datetime
) -> KnownRequest | None:
    """Enter a request, or return the one of this key that is there.

    None: it is entered, and whoever asked carries it out. What began before ``forget`` is removed
    first.
    """
    row = {"token": token, "key": key, "fingerprint": fingerprint, "began_at": at, "tried_at": at}
    known: KnownRequest | None = None
    while known is None:
        async with db.write() as connection:
            await connection.execute(delete(api_requests).where(api_requests.c.began_at < forget))
            entered = await connection.execute(db.insert_or_ignore(api_requests).values(row))
            if entered.rowcount == 1:
                return None
        # None if it was given back just now.
        known = await find(db, token, key)
    return known


async def find(db: Database, token: str, key: str) -> KnownRequest | None:
    """The request of this key; None if there is none, or not any more."""
    async with db.read() as connection:
        row = (await connection.execute(select(api_requests).where(_is(token, key)))).first()
    if row is None:
        return None
    values = dict(row._mapping)
    answer = None
    if row.status is not None:
        answer = Answer(status=row.status, location=row.location, body=row.body)
    return KnownRequest.model_validate(values | {"answer": answer})


async def take_over(db: Database, token: str, key: str, tried_at: datetime, at: datetime) -> bool:
    """Carry an unanswered request out again that was last tried at ``tried_at``; one may."""
    taking = (
        update(api_requests)
        .where(_unanswered(token, key), api_requests.c.tried_at == tried_at)
        .values(tried_at=at)
    )
    async with db.write() as connection:
        return (await connection.execute(taking)).rowcount == 1


async def answer(db: Database, token: str, key: str, given: Answer) -> None:
    """Keep the answer; the first one stays."""
    values = {"status": given.status, "location": given.location, "body": given.body}
    async with db.write() as connection:
        await connection.execute(update(api_requests).where(_unanswered(token, key)).values(values))


async def let_go(db: Database, token: str, key: str, tried_at: datetime) -> None:
    """Count a request as last tried at ``tried_at``: whoever carried it out has lost its answer."""
    letting_go = update(api_requests).where(_unanswered(token, key)).values(tried_at=tried_at)
    async with db.write() as connection:
        await connection.execute(letting_go)


async def give_back(db: Database, token: str, key: str) -> None:
    """Forget a request that has changed nothing, so that its key may be used again."""
    async with db.write() as connection:
        await connection.execute(delete(api_requests).where(_unanswered(token, key)))


def _is(token: str, key: str) -> ColumnElement[bool]:
    return and_(api_requests.c.token == token, api_requests.c.key == key)


def _unanswered(token: str, key: str) -> ColumnElement[bool]:
    return and_(_is(token, key), api_requests.c.status.is_(None))
