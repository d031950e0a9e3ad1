"""Contact methods that could not be used: secrets that are not set, and browsers nobody added."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from client.checks.contacts import only_the_sandbox
from client.engine import Engine
from client.people import known_people
from domain.contact import ContactKind
from domain.finding import Finding, listed
from domain.notifications import DeliveryEnd
from domain.people import Member
from settings import Settings, secret_named
from store.notifications import devices, problems

_SET_THEM = (
    "Set FRONTFOOT_CONTACT_ and the name, or write a file of that name, where the workers run: see "
    "docs/notifications.md. Only they need it."
)


async def check_methods(engine: Engine) -> list[Finding]:
    """What is missing here and in the ledger.

    A secret that is not set on this machine is serious only if a worker does not have it either:
    workers may run elsewhere, and they alone need it. Where nothing goes out but into the sandbox,
    nothing is serious.
    """
    settings = engine.settings
    members = await asyncio.to_thread(known_people, settings)
    ledger = await engine.ledger()
    subscribed = {one.person for one in await devices.of_people(ledger, [m.id for m in members])}
    missed = {
        (one.person, one.method)
        for one in await problems.all_of_them(ledger)
        if one.why is DeliveryEnd.NO_SECRET
    }
    live = not await asyncio.to_thread(only_the_sandbox, settings)
    unset = await asyncio.to_thread(_unset, settings, members)
    nowhere = [secret for key, secret in unset.items() if key in missed]
    not_here = [secret for key, secret in unset.items() if key not in missed]
    found = []
    if nowhere:
        what = f"The workers do not have the secrets {listed(nowhere)}."
        found.append(Finding(about="contact", what=what, next_step=_SET_THEM, serious=live))
    if not_here:
        what = f"On this machine the secrets {listed(not_here)} are not set."
        found.append(Finding(about="contact", what=what, next_step=_SET_THEM, serious=False))
    browsers = [
        one.shown
        for one in members
        if one.id not in subscribed
        and any(each.kind is ContactKind.WEB_PUSH for each in one.contact)
    ]
    if browsers:
        found.append(
            Finding(
                about="contact",
                what=f"No browser of {listed(browsers)} receives notifications.",
                next_step="They add one in the console, on the page “Your notifications”.",
                serious=live,
            )
        )
    return sorted(found, key=lambda one: not one.serious)


def _unset(settings: Settings, members: Sequence[Member]) -> dict[tuple[str, str], str]:
    """The names of the secrets that are not set here, by person and method. Blocks."""
    return {
        (member.id, method.name): method.secret
        for member in members
        for method in member.contact
        if method.secret and not secret_named(method.secret, settings.contact_secrets)
    }
