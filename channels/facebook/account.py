"""One Page at Facebook: calls with its token, and whether that works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from requests.adapters import BaseAdapter

from channels.contract import ChannelError, Health
from channels.facebook.graph import GraphAccount, GraphAnswer, GraphSession, call
from channels.facebook.own_posts import parsed
from channels.facebook.refusals import meaning_of
from channels.facebook.settings import FacebookSettings
from channels.http import Clock, Effect


class _Page(BaseModel):
    id: str
    name: str = ""


class PageAccount:
    """Makes calls as the Page of ``settings``."""

    def __init__(
        self, settings: FacebookSettings, transport: BaseAdapter | None, clock: Clock
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._account = GraphAccount(
            base_url=settings.base_url,
            version=settings.version,
            token=settings.page_token,
            app_secret=settings.app_secret,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
        )

    async def call(
        self, effect: Effect, use: Callable[[Any], Any]
    ) -> tuple[dict[str, Any], GraphAnswer]:
        """What ``use`` returns of a graph, and the answer behind it; raises ``ChannelError``."""

        def reading(answer: GraphAnswer, effect: Effect) -> ChannelError | None:
            return meaning_of(answer, effect, self._clock())

        def session() -> GraphSession:
            return GraphSession(self._account, effect, reading, self._transport)

        return await asyncio.to_thread(call, session, use)

    async def edge(self, node: str, edge: str, query: dict[str, str]) -> dict[str, Any]:
        """Read an edge of a node."""
        body, _ = await self.call(
            Effect.REPEATABLE, lambda graph: graph.get_connections(node, edge, **dict(query))
        )
        return body

    async def exists(self, node: str) -> None:
        """Raise ``Gone`` if there is no such node."""
        await self.call(Effect.REPEATABLE, lambda graph: graph.get_object(node, fields="id"))

    async def check(self) -> Health:
        """Say whether the token works, and for which Page."""
        settings = self._settings
        try:
            body, answer = await self.call(
                Effect.REPEATABLE,
                lambda graph: graph.get_object(settings.page_id, fields="id,name"),
            )
            page = parsed(body, _Page, Effect.REPEATABLE)
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        served = answer.headers.get("facebook-api-version", settings.version)
        if served != settings.version:
            return Health(
                ok=False,
                detail=f"Facebook: the token works, but {settings.version} is no longer served "
                f"({served[:8]} answered). Set FRONTFOOT_FACEBOOK_VERSION to a current one.",
                account=page.name,
            )
        return Health(ok=True, detail="Facebook: the token works.", account=page.name)
