"""Whether everything that an incident needs would work now; changes and publishes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from client.checks.channels import check_channels
from client.checks.events import check_events
from client.checks.ledger import check_ledger
from client.checks.playbooks import check_playbooks
from client.checks.private import check_private
from client.checks.recovery import check_recovery
from client.checks.result import CheckResult
from client.checks.temporal import check_temporal
from client.engine import Engine
from client.errors import explanation_of


async def check_everything(engine: Engine, *, ask_providers: bool = True) -> list[CheckResult]:
    """Check everything here; if wanted, also ask each provider."""
    settings = engine.settings
    looks: list[Awaitable[list[CheckResult]]] = [
        _safely("ledger", lambda: check_ledger(settings.database())),
        _safely("temporal", lambda: check_temporal(engine)),
        asyncio.to_thread(check_private, settings),
        _quietly(lambda: check_recovery(engine)),
        asyncio.to_thread(check_playbooks, settings),
        asyncio.to_thread(check_events, settings),
    ]
    if ask_providers:
        looks.append(_safely("channels", lambda: check_channels(settings)))
    return [one for found in await asyncio.gather(*looks) for one in found]


async def _safely(
    about: str, look: Callable[[], Awaitable[list[CheckResult]]]
) -> list[CheckResult]:
    """The results of one check; an expected failure is a result too, so the others are shown."""
    try:
        return await look()
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        return [CheckResult(about=about, ok=False, explanation=explanation)]


async def _quietly(look: Callable[[], Awaitable[list[CheckResult]]]) -> list[CheckResult]:
    """The same for one that needs what others check: what keeps it from looking is theirs."""
    return [one for one in await _safely("", look) if one.about]
