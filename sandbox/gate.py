"""Runs one provider's handlers behind the faults, so that no handler knows of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import AFTER, BEFORE, SLOW, FaultKind, FaultRule, Faults, Operation, Provider
from sandbox.wire import Dropped, HalfAnswer, Hang

Handler = Callable[[Request], Awaitable[Response]]

THROTTLE_SECONDS = 900.0


class ProviderErrors(Protocol):
    """How one provider reports errors, in its own status codes, bodies and headers."""

    def throttled(self, seconds: float) -> Response: ...

    def dead_token(self) -> Response: ...

    def out_of_credits(self) -> Response: ...

    def server_error(self, status: int) -> Response: ...


class Outage:
    """A time during which every provider answers 503 and accepts nothing."""

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until the providers are back; 0 when they are up."""
        return max(0.0, self._until - time.monotonic())


class SandboxGate:
    """One provider's entrance: the faults before and after its handlers."""

    def __init__(
        self, provider: Provider, faults: Faults, outage: Outage, errors: ProviderErrors
    ) -> None:
        self._provider = provider
        self._faults = faults
        self._outage = outage
        self._errors = errors

    def route(self, path: str, operation: Operation, handler: Handler, method: str) -> Route:
        """A route whose handler runs behind this gate."""

        async def endpoint(request: Request) -> Response:
            return await self.run(operation, request, handler)

        return Route(path, endpoint, methods=[method])

    async def run(
        self, operation: Operation, request: Request, handler: Handler, token: str | None = None
    ) -> Response:
        """Answer a request: a fault that strikes before, the handler, a fault that strikes after.

        `after` faults strike only what the handler accepted (a status below 300). `token` is the
        credential where it is not in the request's header or query.
        """
        # The body is read first: an answer to a half-sent request would look like a reset.
        await request.body()
        if self._outage.left():
            return self._errors.server_error(503)
        token = credential_of(request) if token is None else token
        slow = self._faults.fire(self._provider, operation, SLOW, token)
        if slow is not None:
            await asyncio.sleep(slow.seconds or 0.0)
        struck = self._faults.fire(self._provider, operation, BEFORE, token)
        if struck is not None:
            return self._instead(struck)
        answer = await handler(request)
        if answer.status_code < 300:
            struck = self._faults.fire(self._provider, operation, AFTER, token)
            if struck is not None:
                return self._afterwards(struck, answer)
        return answer

    def _instead(self, rule: FaultRule) -> Response:
        match rule.kind:
            case FaultKind.THROTTLE:
                seconds = THROTTLE_SECONDS if rule.seconds is None else rule.seconds
                return self._errors.throttled(seconds)
            case FaultKind.DEAD_TOKEN:
                return self._errors.dead_token()
            case FaultKind.CREDITS:
                return self._errors.out_of_credits()
            case FaultKind.NETWORK_HANG:
                return Hang(rule.seconds)
            case FaultKind.DROP_BEFORE:
                return Dropped()
            case _:
                return self._errors.server_error(rule.status)

    def _afterwards(self, rule: FaultRule, answer: Response) -> Response:
        if rule.kind is FaultKind.HALF_ANSWER:
            return HalfAnswer(answer)
        if rule.kind is FaultKind.DROP_AFTER:
            return Dropped()
        return self._errors.server_error(rule.status)


def credential_of(request: Request) -> str:
    """The bearer or page token of a request, or its OAuth 1.0a token; empty without one."""
    header = request.headers.get("authorization", "")
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        if name == "oauth_token":
            return value.strip('"')
    return request.query_params.get("access_token", "")
