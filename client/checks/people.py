"""Whether everybody who must sign could be reached at every hour of the coming week."""

from __future__ import annotations

from client.checks.result import CheckKind, CheckResult, fails, works
from client.engine import Engine
from client.people_check import check_people
from domain.explanation import Action, NextStep
from domain.plural import plural

_ABOUT = "people"
_MOST = 8
"""So many are enough to begin with; the command lists all."""


async def check_reaching(engine: Engine) -> list[CheckResult]:
    """One result for each serious finding; what is only odd is told by `people check`."""
    found = await check_people(engine)
    serious = [one for one in found if one.serious]
    if not serious:
        odd = f"; {plural(len(found), 'thing')} to look at" if found else ""
        return [works(_ABOUT, f"who must sign can be reached at every hour of the week{odd}")]
    results = [
        fails(
            f"{_ABOUT}: {one.about}",
            one.what,
            NextStep(action=Action.CHECK_PEOPLE, advice=one.next_step),
            CheckKind.SETTING,
        )
        for one in serious[:_MOST]
    ]
    if len(serious) > _MOST:
        what = f"{plural(len(serious) - _MOST, 'more thing')} would keep somebody waiting."
        step = NextStep(action=Action.CHECK_PEOPLE, advice="List them all.")
        results.append(fails(_ABOUT, what, step, CheckKind.SETTING))
    return results
