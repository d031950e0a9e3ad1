"""The page as the public sees it: asked for past every cache on the way."""

from __future__ import annotations

import html
import secrets
from datetime import timedelta

import httpx
from pydantic import AwareDatetime, BaseModel, Field

from channels.contract import ChannelError, Health, Refused
from channels.http import Clock, Effect, body_of
from channels.website.published import published_path
from channels.website.settings import WebsiteSettings
from channels.website.targets.target import SNAPSHOT
from channels.wire import Wire
from domain.message import Copy
from domain.plural import plural
from domain.publication import Finding, Receipt, Sighting

PROVIDER = "Website"

STALE_AFTER = timedelta(minutes=5)
"""The age at which readers see that nobody refreshed the page."""


class _Published(BaseModel):
    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    mark: str
    at: AwareDatetime
    url: str


class _Snapshot(BaseModel):
    number: int
    at: AwareDatetime | None = None
    written: bool = True


class _NotThere(Refused):
    """There is no such file at the public address."""


class PublicPage:
    """Reads the page at its public address."""

    def __init__(
        self, settings: WebsiteSettings, client: httpx.AsyncClient | None, clock: Clock
    ) -> None:
        self._url = settings.url
        self._clock = clock
        self._wire = Wire(PROVIDER, settings, client, own=_own, clock=clock)

    async def find(self, key: str, copy: Copy) -> Sighting:
        """Whether the publication with ``key`` and the mark of ``copy`` can be read there.

        Raises ``Unreachable`` or ``Throttled``.
        """
        try:
            answer = await self._get(published_path(key))
            shown = body_of(answer, _Published, Effect.REPEATABLE, PROVIDER)
            page = await self._get(shown.url.removeprefix(self._url).partition("#")[0].lstrip("/"))
        except _NotThere:
            return Sighting(finding=Finding.ABSENT, why=f"{PROVIDER}: it is not on the page.")
        except Refused as error:
            return Sighting(finding=Finding.CANNOT_TELL, why=str(error))
        if shown.mark != copy.mark or html.escape(copy.mark) not in page.text:
            why = f"{PROVIDER}: the page does not show its mark."
            return Sighting(finding=Finding.ABSENT, why=why)
        return Sighting(
            finding=Finding.FOUND, receipt=Receipt(id=shown.id, url=shown.url, at=shown.at)
        )

    async def number(self) -> int:
        """The number of the newest snapshot that is whole there; 0 if there is none."""
        snapshot = await self._snapshot()
        return snapshot.number if snapshot else 0

    async def check(self) -> Health:
        """Whether the public address answers, and whether what it shows is of now."""
        try:
            snapshot = await self._snapshot()
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        answers = f"{PROVIDER}: the public address answers and"
        if snapshot is None:
            return Health(ok=True, detail=f"{answers} shows no page yet.")
        age = self._clock() - snapshot.at if snapshot.at else timedelta()
        if age > STALE_AFTER:
            return Health(
                ok=False,
                detail=f"{answers} shows snapshot {snapshot.number}, which is "
                f"{_words_of(age)} old. A worker with this channel writes it anew every minute: "
                "see whether one runs, and what it logs.",
            )
        return Health(ok=True, detail=f"{answers} shows snapshot {snapshot.number}.")

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()

    async def _snapshot(self) -> _Snapshot | None:
        """The newest snapshot that is whole there."""
        try:
            answer = await self._get(SNAPSHOT)
        except _NotThere:
            return None
        snapshot = body_of(answer, _Snapshot, Effect.REPEATABLE, PROVIDER)
        return snapshot if snapshot.written else None

    async def _get(self, path: str) -> httpx.Response:
        # Caches keep what they have under another name, and those that obey are told not to answer.
        request = self._wire.request(
            "GET",
            f"{self._url}/{path}",
            params={"fresh": secrets.token_hex(8)},
            headers={"Cache-Control": "no-cache"},
        )
        return await self._wire.ask(request)


def _words_of(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    return plural(minutes, "minute") if minutes < 120 else plural(minutes // 60, "hour")


def _own(answer: httpx.Response) -> ChannelError | None:
    if answer.status_code in (404, 410):
        return _NotThere(f"{PROVIDER}: there is no such page at the public address.")
    return None
