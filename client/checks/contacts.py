"""Whether our own people could be reached, by what workers found and people acknowledged."""

from __future__ import annotations

import asyncio

from client.checks.channels import chosen_accounts
from client.checks.result import CheckKind, CheckResult, fails, works
from client.contact_tests import TestState, methods_of
from client.engine import Engine
from domain.explanation import Action, NextStep
from domain.people import PEOPLE_FILE
from domain.playbook import PAGE_CHANNEL
from domain.plural import plural
from domain.times import show_moment
from settings import Settings

_ABOUT = "contact methods"


def only_the_sandbox(settings: Settings) -> bool:
    """Whether nothing that goes out here reaches anybody."""
    chosen = chosen_accounts(settings)
    sandboxed = chosen.sandboxed if chosen is not None else ()
    return set(settings.channels) - {PAGE_CHANNEL} <= set(sandboxed)


async def check_contacts(engine: Engine) -> list[CheckResult]:
    """One result for each method that does not work; says nothing where nobody has any."""
    found = await methods_of(engine)
    if not found:
        return []
    red = [one for one in found if one.red]
    bare = [one for one in red if one.not_set_up]
    rehearsing = await asyncio.to_thread(only_the_sandbox, engine.settings)
    if bare and rehearsing:
        # Whoever tries it out has nobody to wake up yet.
        red = [one for one in red if not one.not_set_up]
        if not red:
            what = f"{plural(len(bare), 'method')} not set up yet: in the sandbox nobody needs any"
            return [works(_ABOUT, f"{what}.")]
    if not red:
        good = sum(one.state is TestState.ACKNOWLEDGED for one in found)
        known = f"{plural(len(found), 'method')}, {good} of them tested and acknowledged"
        return [works(_ABOUT, f"{known}.")]
    results = []
    for one in red:
        name = f"{one.shown}'s {one.method}"
        if one.why:
            step = f"Correct it in {PEOPLE_FILE} or in the workers' secrets, then test it again."
            results.append(
                fails(_ABOUT, f"{name} does not work: {one.why}", step, CheckKind.SETTING)
            )
            continue
        when = show_moment(one.tested_at) if one.tested_at else ""
        step_ = NextStep(
            action=Action.TEST_CONTACTS,
            about=one.person,
            advice="Ask whether it arrived, and test it again.",
        )
        results.append(fails(_ABOUT, f"{name}: nobody acknowledged the test of {when}.", step_))
    return results
