"""Whether other systems take what they are told; says nothing where there are none."""

from __future__ import annotations

from client.checks.result import CheckResult, works
from client.engine import Engine
from client.webhooks import list_endpoints, pressing
from domain.plural import plural

_ABOUT = "webhooks"


async def check_webhooks(engine: Engine) -> list[CheckResult]:
    """One result for each thing that somebody should do something about."""
    found = await list_endpoints(engine)
    if not found:
        return []
    problems = pressing(found)
    if not problems:
        waiting = sum(one.waiting for one in found)
        detail = f"{plural(len(found), 'endpoint')}, {plural(waiting, 'webhook')} waiting"
        return [works(_ABOUT, detail)]
    return [CheckResult(about=_ABOUT, ok=False, explanation=one) for one in problems]
