"""Whether the first word could go out without anybody to sign it: approved, and not expired."""

from __future__ import annotations

import asyncio

from client.checks.result import CheckResult, fails, works
from client.engine import Engine
from client.holding import ApprovedView, approved_statements
from client.playbooks import examine, installed
from domain.explanation import Action, NextStep, explained
from domain.times import show_day
from settings import Settings


async def check_holding(engine: Engine) -> list[CheckResult]:
    """One result for each installed playbook that has holding statements."""
    names = await asyncio.to_thread(_with_statements, engine.settings)
    if not names:
        return []
    approved = {one.forms.playbook: one for one in await approved_statements(engine) if one.newest}
    return [_check(name, approved.get(name)) for name in names]


def _with_statements(settings: Settings) -> list[str]:
    folders = [str(settings.playbooks_dir / one) for one in installed(settings)]
    found = [examine(settings, one).plan for one in folders]
    return [one.name for one in found if one is not None and one.holding is not None]


def _check(playbook: str, approved: ApprovedView | None) -> CheckResult:
    about = f"holding statements of {playbook}"
    step = NextStep(
        action=Action.PROPOSE_HOLDING,
        about=playbook,
        advice="Propose them, and have them approved.",
    )
    if approved is None:
        return _warns(about, "not approved: the first word has to wait for a signature", step)
    until = show_day(approved.forms.valid_until)
    if approved.expired:
        return fails(about, f"Their approval expired on {until}.", step)
    if approved.ends_soon:
        return _warns(about, f"the approval ends on {until}", step)
    return works(about, f"approved until {until}")


def _warns(about: str, what: str, step: NextStep) -> CheckResult:
    """What works, and needs somebody before long."""
    return CheckResult(about=about, ok=True, explanation=explained(what, step))
