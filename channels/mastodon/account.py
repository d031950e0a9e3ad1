"""One account on a Mastodon server: requests with its token, who it is, and the server's limits."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from pydantic import BaseModel, Field

from channels.contract import ChannelError, Health
from channels.http import Clock, Effect, OwnReading, body_of
from channels.mastodon.listening import Query
from channels.mastodon.refusals import PROVIDER, NotThere
from channels.mastodon.settings import MastodonSettings
from channels.wire import Wire


class _Account(BaseModel):
    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    acct: str = ""


class _Limits(BaseModel):
    max_characters: int | None = None
    characters_reserved_per_url: int | None = None


class _Configuration(BaseModel):
    statuses: _Limits = _Limits()


class _Instance(BaseModel):
    configuration: _Configuration = _Configuration()


class MastodonAccount:
    """Makes requests as the account of ``settings``; ``own`` reads Mastodon's own answers."""

    def __init__(
        self,
        settings: MastodonSettings,
        client: httpx.AsyncClient | None,
        *,
        own: OwnReading,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._wire = Wire(PROVIDER, settings, client, own=own, clock=clock)
        self._number: str | None = None

    async def post(self, body: dict[str, str], key: str) -> httpx.Response:
        """Make a post, once; the same ``key``, within the hour, is the same post."""
        request = self._request("POST", "/api/v1/statuses", json=body)
        request.headers["Idempotency-Key"] = key
        return await self._wire.publish(request)

    async def read(self, path: str, query: Query | None = None) -> httpx.Response:
        """Read something, perhaps again."""
        return await self._wire.ask(self._request("GET", path, query=query))

    async def delete(self, path: str) -> httpx.Response:
        """Delete something; it may be asked again."""
        return await self._wire.ask(self._request("DELETE", path))

    async def look(self, number: str, *, ours: bool) -> None:
        """Read one post, as the account or as anybody; raises if it is not shown."""
        request = self._request("GET", f"/api/v1/statuses/{number}")
        if not ours:
            del request.headers["Authorization"]
        await self._wire.ask(request)

    async def number(self) -> str:
        """The account's id."""
        if self._number is None:
            self._number = (await self._me()).id
        return self._number

    async def check(self) -> Health:
        """Say whether the token works, for which account, and whether the limits are right."""
        try:
            account = await self._me()
            limits = await self._limits()
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        shown = f"@{account.acct}"
        longest = limits.max_characters
        link = limits.characters_reserved_per_url
        settings = self._settings
        if (longest is not None and longest < settings.max_characters) or (
            link is not None and link > settings.link_characters
        ):
            return Health(
                ok=False,
                detail="Mastodon: the token works, but the server takes shorter posts than are "
                f"configured: {longest} characters, of which a link counts {link}. Set "
                "FRONTFOOT_MASTODON_MAX_CHARACTERS and _LINK_CHARACTERS, and restart the worker.",
                account=shown,
            )
        takes = "does not publish its limits" if longest is None else f"takes {longest} characters"
        return Health(
            ok=True, detail=f"Mastodon: the token works; the server {takes}.", account=shown
        )

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()

    async def _me(self) -> _Account:
        answer = await self.read("/api/v1/accounts/verify_credentials")
        return body_of(answer, _Account, Effect.REPEATABLE, PROVIDER)

    async def _limits(self) -> _Limits:
        try:
            answer = await self.read("/api/v2/instance")
        except NotThere:
            # Servers before Mastodon 4 do not have it.
            return _Limits()
        return body_of(answer, _Instance, Effect.REPEATABLE, PROVIDER).configuration.statuses

    def _request(
        self,
        method: str,
        path: str,
        *,
        json: dict[str, str] | None = None,
        query: Query | None = None,
    ) -> httpx.Request:
        return self._wire.request(
            method,
            f"{self._settings.base_url}{path}",
            params=list(query.items()) if isinstance(query, Mapping) else query,
            json=json,
            headers={"Authorization": f"Bearer {self._settings.token.get_secret_value()}"},
        )
