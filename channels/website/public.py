"""The page as the public sees it: asked for past every cache on the way."""

from __future__ import annotations

import html
import secrets

import httpx
from pydantic import AwareDatetime, BaseModel, Field

from channels.contract import ChannelError, Health, Refused
from channels.http import Clock, Effect, body_of
from channels.website.published import published_path
from channels.website.settings import WebsiteSettings
from channels.website.targets.target import SNAPSHOT
from channels.wire import Wire
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting

PROVIDER = "Website"


class _Published(BaseModel):
    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    mark: str
    at: AwareDatetime
    url: str


class _Snapshot(BaseModel):
    number: int
    written: bool = True


class _NotThere(Refused):
    """There is no such file at the public address."""


class PublicPage:
    """Reads the page at its public address."""

    def __init__(
        self, settings: WebsiteSettings, client: httpx.AsyncClient | None, clock: Clock
    ) -> None:
        self._url = settings.url
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
        try:
            answer = await self._get(SNAPSHOT)
        except _NotThere:
            return 0
        snapshot = body_of(answer, _Snapshot, Effect.REPEATABLE, PROVIDER)
        return snapshot.number if snapshot.written else 0

    async def check(self) -> Health:
        """Whether the public address answers."""
        try:
            number = await self.number()
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        shows = f"shows snapshot {number}" if number else "shows no page yet"
        return Health(ok=True, detail=f"{PROVIDER}: the public address answers and {shows}.")

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()

    async def _get(self, path: str) -> httpx.Response:
        # Caches keep what they have under another name, and those that obey are told not to answer.
        request = self._wire.request(
            "GET",
            f"{self._url}/{path}",
            params={"fresh": secrets.token_hex(8)},
            headers={"Cache-Control": "no-cache"},
        )
        return await self._wire.ask(request)


def _own(answer: httpx.Response) -> ChannelError | None:
    if answer.status_code in (404, 410):
        return _NotThere(f"{PROVIDER}: there is no such page at the public address.")
    return None
