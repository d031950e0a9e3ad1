"""Mails of an outbox that are sent at most once: taking one, and entering what became of it.

A table of them has ``id``, ``state``, ``started_at`` and ``why``. What an endpoint is sent at least
once is in ``items``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, Update, update

from domain.publication import PublicationState

_S = PublicationState


def taking(table: Table, number: int, at: datetime, *due: ColumnElement[bool]) -> Update:
    """Take the right to send mail ``number``, if it is still ``due``."""
    chosen = update(table).where(table.c.id == number, *due)
    return chosen.values(state=_S.SENDING.value, started_at=at)


def ending(table: Table, number: int, state: PublicationState, why: str) -> Update:
    """Enter what became of it, ``planned`` if it is certain that nothing went out.

    A late answer of a worker that had been given up still says what became of it.
    """
    begun = table.c.state.in_((_S.SENDING, _S.UNKNOWN))
    return update(table).where(table.c.id == number, begun).values(state=state.value, why=why)


def losing(table: Table, before: datetime) -> Update:
    """Enter as unknown what a worker began before that moment and never ended."""
    lost = table.c.state == _S.SENDING, table.c.started_at < before
    return (
        update(table)
        .where(*lost)
        .values(state=_S.UNKNOWN.value, why="The worker never reported back.")
    )
