"""What incidents have not heard yet: who has acknowledged, and who cannot be reached."""

from __future__ import annotations

from sqlalchemy import select, update

from domain.model import Value
from domain.notifications import NotificationNews, NotificationState
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import notifications


class News(Value):
    """What one incident is to hear."""

    incident: str
    told: NotificationNews


async def untold(db: Database, most: int) -> list[News]:
    """What incidents have not heard, the oldest first, each once."""
    query = (
        select(
            notifications.c.incident,
            notifications.c.about,
            notifications.c.person,
            notifications.c.news,
        )
        .where(notifications.c.news != "")
        .order_by(notifications.c.id)
        .limit(most)
    )
    async with db.read() as connection:
        found = [
            News(
                incident=row.incident,
                told=NotificationNews(
                    about=row.about, person=row.person, state=NotificationState(row.news)
                ),
            )
            for row in await connection.execute(query)
        ]
    return list(dict.fromkeys(found))


async def heard(db: Database, news: News) -> None:
    """Enter that an incident has heard it."""
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(notifications)
            .where(
                notifications.c.incident == news.incident,
                notifications.c.about == news.told.about,
                notifications.c.person == news.told.person,
                notifications.c.news == news.told.state,
            )
            .values(news="")
        )
