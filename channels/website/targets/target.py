"""What every target promises."""

from __future__ import annotations

from typing import Protocol

from channels.website.site import Site

SNAPSHOT = "snapshot.json"
"""The file that says which snapshot a target has."""


class Target(Protocol):
    """A place that the site is served from. ``name`` is how people call it."""

    name: str

    async def write(self, site: Site) -> None:
        """Put the whole snapshot there, unless a newer one is there already.

        Raises ``Unreachable`` if certainly nothing of it can be read, ``OutcomeUnknown`` if perhaps
        some of it can, and ``Refused`` where a person has to do something.
        """
        ...

    async def check(self) -> str:
        """Why it could not be written to now; "" if it could."""
        ...
