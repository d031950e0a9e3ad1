"""One adapter's exchanges with its provider: its connections, its clock, its provider's answers."""

from __future__ import annotations

from typing import Any

import httpx

from channels.configured import ChannelSettings
from channels.http import Clock, OwnReading, ask_over, new_client, publish_over


class Wire:
    """What every adapter over httpx makes its requests with.

    ``own`` reads the provider's own answers, see ``channels.http``. Without a ``client``, one is
    made when it is first needed, since an adapter may be built where nothing is ever sent, and
    closed by ``close``, after which the next request makes another.
    """

    def __init__(
        self,
        provider: str,
        settings: ChannelSettings,
        client: httpx.AsyncClient | None,
        *,
        own: OwnReading,
        clock: Clock,
        pool: int = 16,
    ) -> None:
        self.provider = provider
        self._settings = settings
        self._client = client
        self._own = own
        self._clock = clock
        self._pool = pool

    def request(self, method: str, url: str, **parts: Any) -> httpx.Request:
        """A request that has not been made; ``parts`` are those of ``httpx.Request``."""
        return self._http().build_request(method, url, **parts)

    async def publish(
        self, request: httpx.Request, *, own: OwnReading | None = None
    ) -> httpx.Response:
        """Make a request that must not be made twice; return its 2xx response or raise.

        ``own`` is for a reading that needs to know what was in the request.
        """
        return await publish_over(
            self._http(), request, provider=self.provider, own=own or self._own, clock=self._clock
        )

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """Make a request that may be made again; return its 2xx response or raise."""
        return await ask_over(
            self._http(), request, provider=self.provider, own=self._own, clock=self._clock
        )

    async def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            settings = self._settings
            self._client = new_client(
                connect=settings.connect_timeout, read=settings.read_timeout, pool=self._pool
            )
        return self._client
