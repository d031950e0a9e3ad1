"""Whether everything that an incident needs would work now; changes and publishes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from client.checks.administrators import check_administrators
from client.checks.channels import check_channels
from client.checks.contacts import check_contacts
from client.checks.events import check_events
from client.checks.holding import check_holding
from client.checks.ledger import check_ledger
from client.checks.listening import check_listening
from client.checks.people import check_reaching
from client.checks.playbooks import check_playbooks
from client.checks.private import check_private
from client.checks.recovery import check_recovery
from client.checks.result import CheckResult, fails
from client.checks.temporal import check_temporal
from client.checks.webhooks import check_webhooks
from client.engine import Engine
from client.errors import explanation_of
from domain.explanation import Action, NextStep

_log = logging.getLogger("frontfoot.checks")


Look = Callable[[], Awaitable[list[CheckResult]]]


async def check_everything(engine: Engine, *, ask_providers: bool = True) -> list[CheckResult]:
    """Check everything here; if wanted, also ask each provider."""
    looks = _looks(engine, ask_providers=ask_providers)
    found = await asyncio.gather(*(_safely(about, look) for about, look in looks.items()))
    return [one for results in found for one in results if one.about]


async def check_within(
    engine: Engine, within: timedelta, *, ask_providers: bool
) -> list[CheckResult]:
    """The same for a page: each check has so long, and whatever happens to it is a result."""

    async def one(about: str, look: Look) -> list[CheckResult]:
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await _safely(about, look)
        except TimeoutError:
            what = f"It did not answer within {within.total_seconds():.0f} seconds."
            return [fails(about, what, NextStep(action=Action.CHECK, advice="Check it again."))]
        except Exception as error:  # noqa: BLE001 - the page shows the others all the same
            # Its text may hold anything.
            _log.error("%s could not be checked: %s", about, type(error).__name__)
            what = "It could not be checked, because of a fault of ours."
            return [fails(about, what, "Look into the log.")]

    looks = _looks(engine, ask_providers=ask_providers)
    found = await asyncio.gather(*(one(about, look) for about, look in looks.items()))
    return [one for results in found for one in results if one.about]


def _looks(engine: Engine, *, ask_providers: bool) -> dict[str, Look]:
    """Each check by what it is about; those that block run in a thread."""
    settings = engine.settings
    looks: dict[str, Look] = {
        "ledger": lambda: check_ledger(settings.database()),
        "temporal": lambda: check_temporal(engine),
        "private files": lambda: asyncio.to_thread(check_private, settings),
        "incidents": lambda: _quietly(lambda: check_recovery(engine)),
        "webhooks": lambda: _quietly(lambda: check_webhooks(engine)),
        "listening": lambda: _quietly(lambda: check_listening(engine)),
        "contact methods": lambda: _quietly(lambda: check_contacts(engine)),
        "playbooks": lambda: asyncio.to_thread(check_playbooks, settings),
        "people": lambda: check_reaching(engine),
        "administrators": lambda: asyncio.to_thread(check_administrators, settings),
        "holding statements": lambda: _quietly(lambda: check_holding(engine)),
        "events": lambda: asyncio.to_thread(check_events, settings),
    }
    if ask_providers:
        looks["channels"] = lambda: check_channels(settings)
    return looks


async def _safely(about: str, look: Look) -> list[CheckResult]:
    """The results of one check; an expected failure is a result too, so the others are shown."""
    try:
        return await look()
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        return [CheckResult(about=about, ok=False, explanation=explanation)]


async def _quietly(look: Look) -> list[CheckResult]:
    """The same for one that needs what others check: what keeps it from looking is theirs."""
    return [one for one in await _safely("", look) if one.about]
