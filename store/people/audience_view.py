"""One audience as somebody looks at it: its columns, and a few of its recipients."""

from __future__ import annotations

import orjson
from sqlalchemy import desc, select

from domain.model import Value
from store.kernel.database import Database
from store.people.audiences import Audience, get
from store.tables import audiences, recipients

LOOKED_AT = 200
"""Recipients at either end whose columns are named: of a million nobody waits for all."""


class SeenRecipient(Value):
    """One recipient as the file had them."""

    address: str
    segment: str
    columns: dict[str, str]


class SeenAudience(Value):
    """An audience, the names of its columns, and its first recipients."""

    audience: Audience
    columns: tuple[str, ...]
    first: tuple[SeenRecipient, ...]


async def look(db: Database, name: str, sample: int) -> SeenAudience:
    """The audience ``name`` with up to ``sample`` recipients; ``DomainError`` if there is none.

    The columns are those of its first and newest recipients.
    """
    audience = await get(db, name)
    theirs = (
        select(recipients.c.address, recipients.c.segment, recipients.c.columns)
        .where(
            recipients.c.audience_id
            == select(audiences.c.id).where(audiences.c.name == name).scalar_subquery()
        )
        .limit(LOOKED_AT)
    )
    async with db.read() as connection:
        first = (await connection.execute(theirs.order_by(recipients.c.id))).all()
        last = (await connection.execute(theirs.order_by(desc(recipients.c.id)))).all()
    seen = [
        SeenRecipient(
            address=row.address, segment=row.segment or "", columns=orjson.loads(row.columns)
        )
        for row in (*first, *last)
    ]
    names = dict.fromkeys(column for one in seen for column in one.columns)
    if any(one.segment for one in seen):
        names["segment"] = None
    return SeenAudience(audience=audience, columns=tuple(names), first=tuple(seen[:sample]))
