"""The playbook's part about promises: when who is reminded, and what happens if nobody acts."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from domain.duration import Duration
from domain.model import Written


class PromisesPlan(Written):
    """How a promise of the next update is watched.

    Its owner is reminded ``remind`` before it is due and the deputy ``deputy`` before; when it is
    due, everybody who could speak is asked. ``grace`` later the approved statement that work goes
    on is published by itself, at most ``fallbacks`` times in a row.
    """

    remind: Duration = timedelta(minutes=10)
    deputy: Duration = timedelta(minutes=5)
    grace: Duration = timedelta(minutes=10)
    fallbacks: int = Field(default=2, ge=0, le=10)
