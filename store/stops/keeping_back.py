"""What keeps something of an incident from going out on a channel: a stop, or a quarantine."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from domain.explanation import Explanation
from store.kernel.database import Database
from store.stops import quarantines, stops


def not_kept_back(incident: ColumnElement[str], channel: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that no person keeps it back."""
    return and_(stops.not_stopped(incident), quarantines.not_quarantined(channel))


async def what_keeps_back(db: Database, incident: str, channel: str) -> Explanation | None:
    """Why nothing of the incident goes out on the channel, if a person keeps it back."""
    stop = await stops.in_force(db, incident)
    if stop is not None:
        return stop.explanation()
    quarantine = await quarantines.in_force(db, channel)
    return quarantine.explanation() if quarantine is not None else None
