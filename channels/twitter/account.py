"""One account on X: requests that are signed with its keys, and who it is."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import orjson

from channels.contract import ChannelError, Health
from channels.http import Clock, Effect, OwnReading, body_of
from channels.twitter.listening import OwnAccount
from channels.twitter.oauth1 import SignedRequests, UserKeys
from channels.twitter.own_posts import Account, Me
from channels.twitter.refusals import PROVIDER
from channels.twitter.settings import TwitterSettings
from channels.wire import Wire


class XAccount:
    """Makes requests as the account of ``settings``; ``own`` reads X's own answers."""

    def __init__(
        self,
        settings: TwitterSettings,
        client: httpx.AsyncClient | None,
        *,
        own: OwnReading,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._wire = Wire(PROVIDER, settings, client, own=own, clock=clock)
        self._auth = SignedRequests(
            UserKeys(
                settings.consumer_key,
                settings.consumer_secret,
                settings.token,
                settings.token_secret,
            )
        )
        self._account: Account | None = None

    async def post(
        self, body: Mapping[str, object], *, own: OwnReading | None = None
    ) -> httpx.Response:
        """Make a post, once; ``own`` is for a reading that needs to know what was in it."""
        request = self._request("POST", "/2/tweets", body=body)
        return await self._wire.publish(request, own=own)

    async def read(self, path: str, query: dict[str, str] | None = None) -> httpx.Response:
        """Read something, perhaps again."""
        return await self._wire.ask(self._request("GET", path, query=query))

    async def delete(self, path: str) -> httpx.Response:
        """Delete something; it may be asked again."""
        return await self._wire.ask(self._request("DELETE", path))

    async def number(self) -> str:
        """The account's id."""
        return self._settings.user_id or (await self._own_account()).id

    async def listening(self) -> OwnAccount:
        """The account, as those know it who read what is said to it."""
        user_id, handle = self._settings.user_id, self._settings.handle
        if user_id is None or handle is None:
            account = await self._own_account()
            user_id, handle = account.id, account.username
        return OwnAccount(user_id, handle)

    async def check(self) -> Health:
        """Say whether the keys work, and for which account."""
        try:
            account = await self._me()
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        settings = self._settings
        wrong_id = settings.user_id is not None and settings.user_id != account.id
        wrong_handle = (
            settings.handle is not None and settings.handle.lower() != account.username.lower()
        )
        if wrong_id or wrong_handle:
            return Health(
                ok=False,
                detail="X: the keys work, but for another account than the one configured. "
                "Correct the tokens, or FRONTFOOT_TWITTER_USER_ID and FRONTFOOT_TWITTER_HANDLE.",
                account=f"@{account.username}",
            )
        return Health(ok=True, detail="X: the keys work.", account=f"@{account.username}")

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()

    async def _own_account(self) -> Account:
        # `users/me` may be asked 75 times in 15 minutes, and its answer never changes.
        if self._account is None:
            self._account = await self._me()
        return self._account

    async def _me(self) -> Account:
        answer = await self.read("/2/users/me")
        return body_of(answer, Me, Effect.REPEATABLE, PROVIDER).data

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: dict[str, str] | None = None,
    ) -> httpx.Request:
        request = self._wire.request(
            method,
            f"{self._settings.base_url}{path}",
            params=query,
            content=orjson.dumps(body) if body is not None else None,
            headers={"Content-Type": "application/json"} if body is not None else None,
        )
        return next(self._auth.auth_flow(request))
