"""Contact methods that could not be used: secrets that are not set, and browsers nobody added."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence

from client.checks.contacts import only_the_sandbox
from client.engine import Engine
from client.errors import NoLedger
from client.people import known_people
from domain.contact import ContactKind
from domain.finding import Finding, listed
from domain.people import Member
from settings import Settings, secret_named
from store.notifications import devices, problems

Key = tuple[str, str]
"""A person and the name of one of their methods."""

_SET_THEM = (
    "Set FRONTFOOT_CONTACT_ and the name, or write a file of that name, where the workers run: see "
    "docs/notifications.md. Only they need it."
)


async def check_methods(engine: Engine) -> list[Finding]:
    """What this machine and the ledger say of each method.

    A secret that is not set here is only told, since workers may run elsewhere, and they alone need
    it. Somebody of whom no method works would be waited for, except where nothing goes out but into
    the sandbox.
    """
    settings = engine.settings
    members = await asyncio.to_thread(known_people, settings)
    subscribed, unusable = await _known(engine, members)
    live = not await asyncio.to_thread(only_the_sandbox, settings)
    unset = await asyncio.to_thread(_unset, settings, members)
    return list(_findings(members, subscribed, unusable, unset, live=live))


def _findings(
    members: Sequence[Member],
    subscribed: Collection[str],
    unusable: Collection[Key],
    unset: Sequence[str],
    *,
    live: bool,
) -> Iterator[Finding]:
    unreached = [
        one.shown
        for one in members
        if one.contact
        and all(
            (one.id, each.name) in unusable
            or (each.kind is ContactKind.WEB_PUSH and one.id not in subscribed)
            for each in one.contact
        )
    ]
    if unreached:
        yield Finding(
            about="contact",
            what=f"No contact method of {listed(unreached)} can be used now.",
            next_step="Give the workers the secrets that it needs, or add a browser.",
            serious=live,
        )
    if unset:
        yield Finding(
            about="contact",
            what=f"Contact secrets that are not set on this machine: {listed(unset)}.",
            next_step=_SET_THEM,
            serious=False,
        )
    without = [
        one.shown
        for one in members
        if one.id not in subscribed
        and any(each.kind is ContactKind.WEB_PUSH for each in one.contact)
    ]
    if without:
        yield Finding(
            about="contact",
            what=f"No browser of {listed(without)} receives notifications.",
            next_step="They add one in the console, on the page “Your notifications”.",
            serious=False,
        )


def _unset(settings: Settings, members: Sequence[Member]) -> list[str]:
    """The names of the secrets that are not set here, each once. Blocks."""
    if settings.contact_stand_in:
        # In a rehearsal none is used.
        return []
    named = [each.secret for one in members for each in one.contact if each.secret]
    return [one for one in dict.fromkeys(named) if not secret_named(one, settings.contact_secrets)]


async def _known(engine: Engine, members: Sequence[Member]) -> tuple[set[str], set[Key]]:
    """Who has a browser, and what the workers found unusable; before there is a ledger, nothing."""
    try:
        ledger = await engine.ledger()
    except NoLedger:
        return set(), set()
    found = await devices.of_people(ledger, [one.id for one in members])
    return {one.person for one in found}, {
        (one.person, one.method) for one in await problems.all_of_them(ledger)
    }
