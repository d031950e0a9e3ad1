"""Whether the ledger exists and its tables match this version."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from client.checks.result import CheckResult, fails, works
from domain.explanation import Action, NextStep
from domain.plural import plural
from store.events import set_aside
from store.events.inbox import MOST_BYTES, Backlog, Inbox
from store.kernel.database import Database
from store.kernel.engines import ledger_url
from store.migrate import versions
from store.tables import events_set_aside

_SLOW = timedelta(minutes=2)
"""How long events may wait: longer than beside any broadcast, while somebody enters them."""


async def check_ledger(url: str) -> list[CheckResult]:
    """Look at the ledger's version without changing it; a file that is not there is not made."""
    parsed = ledger_url(url)
    shown = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        file = Path(str(parsed.database))
        if not await asyncio.to_thread(file.exists):
            detail = f"{shown} does not exist yet; the first import or start creates it"
            return [works("ledger", detail)]
    database = Database.open(url)
    try:
        async with database.read() as connection:
            current, newest = await connection.run_sync(versions)
        bad = await set_aside.count(database) if current == newest else 0
        backlog = await _backlog(url)
    finally:
        await database.close()
    if current == newest:
        found = [works("ledger", f"{shown}, version {current}")]
        found += [_set_aside(bad)] if bad else []
        return found + _waiting(backlog, datetime.now(UTC))
    return [
        fails(
            "ledger",
            f"{shown} is at version {current or 'none'}, and this program needs {newest}.",
            NextStep(
                action=Action.MIGRATE,
                advice="Workers upgrade it when they start, or you can do it now.",
            ),
        )
    ]


async def _backlog(url: str) -> Backlog:
    inbox = Inbox.of(url)
    if inbox is None:
        return Backlog()
    try:
        return await inbox.backlog()
    finally:
        await inbox.close()


def _waiting(backlog: Backlog, now: datetime) -> list[CheckResult]:
    """What is in the inbox of events: nothing to say, something to know, or something to do."""
    about, found = "events waiting", list[CheckResult]()
    if backlog.events:
        seconds = backlog.age(now).total_seconds()
        many = plural(backlog.events, "event")
        room = f"{backlog.bytes / MOST_BYTES:.0%} of the inbox is used"
        if seconds < _SLOW.total_seconds():
            found.append(works(about, f"{many}, the oldest for {seconds:.0f} s; {room}"))
        else:
            late = f"{many} wait to be entered, the oldest for {seconds:.0f} s; {room}."
            start = "Start the webhook receiver or a worker on this ledger, and look at their logs."
            found.append(fails(about, late, start))
    if backlog.failed:
        many = plural(backlog.failed, "event")
        what = f"{many} cannot be entered by a fault of this program; they are kept and tried again"
        report = "Report it with the error in the log of the webhook receiver."
        found.append(fails("events not entered", f"{what}.", report))
    return found


def _set_aside(count: int) -> CheckResult:
    more = " or more" if count >= set_aside.KEPT else ""
    return works(
        "events set aside",
        f"{count}{more} could not be read; the ledger's table {events_set_aside.name} has them",
    )
