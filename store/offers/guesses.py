"""Wrong guesses: how many codes that are not ours somebody may ask for in a minute.

Kept in the ledger, so that starting another process does not reset the count.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from domain.errors import DomainError
from store.kernel.database import Database
from store.tables import code_guesses

MOST = 10
WINDOW = timedelta(minutes=1)


class TooManyGuesses(DomainError):
    """Somebody asked for too many codes that are not ours; ``until`` is when to ask again."""

    def __init__(self, until: datetime, now: datetime) -> None:
        wait = max(1, round((until - now).total_seconds()))
        super().__init__(
            f"{MOST} codes in the last minute were not ours, so no code is looked up now.",
            f"Try again in {wait} s.",
        )
        self.until = until


async def begin_guess(db: Database, caller: str, now: datetime) -> int:
    """Count one guess against ``caller`` before it is looked up; ``forget_guess`` takes it back.

    In this order, because many guesses at once would otherwise all pass before the first counts.
    Raises ``TooManyGuesses``.
    """
    who = caller[:64]
    async with db.write() as connection:
        await db.serialise(connection, f"guesses/{who}")
        await connection.execute(delete(code_guesses).where(code_guesses.c.at <= now - WINDOW))
        counted = (
            await connection.execute(
                select(code_guesses.c.at)
                .where(code_guesses.c.caller == who, code_guesses.c.at > now - WINDOW)
                .order_by(code_guesses.c.at.desc())
                .limit(MOST)
            )
        ).all()
        if len(counted) == MOST:
            raise TooManyGuesses(counted[-1].at + WINDOW, now)
        guess: int = await connection.scalar(
            code_guesses.insert().values(caller=who, at=now).returning(code_guesses.c.id)
        )
    return guess


async def forget_guess(db: Database, guess: int) -> None:
    """The code was one of ours."""
    async with db.write() as connection:
        await connection.execute(delete(code_guesses).where(code_guesses.c.id == guess))
