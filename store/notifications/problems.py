"""Why contact methods cannot be used, as the workers last found: they alone have the secrets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select

from domain.notifications import ContactProblem
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import contact_problems


async def keep(db: Database, found: Iterable[ContactProblem], at: datetime) -> None:
    """Keep these problems in place of those before; unchanged ones are not written again."""
    wanted = set(found)
    if wanted == set(await all_of_them(db)):
        return
    rows = [
        {
            "person": one.person,
            "method": one.method,
            "kind": one.kind.value if one.kind else "",
            "why": one.why.value,
            "at": at,
        }
        for one in sorted(wanted, key=lambda one: (one.person, one.method))
    ]
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(delete(contact_problems))
        if rows:
            adding = db.insert_or_ignore(contact_problems, ["person", "method"])
            await connection.execute(adding, rows)


async def all_of_them(db: Database) -> list[ContactProblem]:
    """Every problem, by person and method."""
    query = select(contact_problems).order_by(contact_problems.c.person, contact_problems.c.method)
    async with db.read() as connection:
        return [
            ContactProblem(person=row.person, method=row.method, kind=row.kind or None, why=row.why)
            for row in await connection.execute(query)
        ]
