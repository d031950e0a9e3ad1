"""Whether what people say is heard: a result for each source that is to be listened to."""

from __future__ import annotations

from client.checks.result import CheckResult, works
from client.engine import Engine
from client.mentions import list_sources, not_begun
from client.source_state import SeenSource
from client.surges import current_surges
from domain.times import show_moment


async def check_listening(engine: Engine) -> list[CheckResult]:
    """One result for each source, or one for each thing that somebody should do about it."""
    found = await list_sources(engine)
    waiting = await not_begun(engine.settings, {one.channel for one in found if not one.private})
    results = [works(_about(one), "a worker begins when it starts") for one in waiting]
    for source in found:
        problems = [
            CheckResult(about=_about(source.name), ok=False, explanation=one)
            for one in source.problems
        ]
        results += problems or [works(_about(source.name), _detail(source))]
    # Nothing here is broken by it, so it is no failure of a check.
    for surge in await current_surges(engine):
        results.append(works(f"surge on {surge.channel}", surge.told.what.removesuffix(".")))
    return results


def _about(source: str) -> str:
    return f"listening to {source}"


def _detail(source: SeenSource) -> str:
    if source.succeeded_at is None:
        return "it has not been read yet"
    last = f"something new came {show_moment(source.item_at)}" if source.item_at else "nothing yet"
    read = f"read {show_moment(source.succeeded_at)}, {last}"
    return ". ".join([read, *(one.removesuffix(".") for one in source.notes)])
