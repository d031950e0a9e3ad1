"""What is promised of everyday use, and measured without contestants: page, desk, replies, rush."""

from __future__ import annotations

from pathlib import Path

from benchmarks import desk, replying, rush_hour, status_page
from benchmarks.ledgers import ledger
from benchmarks.plan import Plan
from benchmarks.results import ClaimRace, DeskRun, NewsOnPage, PageServed, RepliesRun, RushHour
from benchmarks.summary import percentile_95
from benchmarks.view import View


class Alone:
    """Measures one thing after another, each in a folder of its own."""

    def __init__(self, plan: Plan, folder: Path, view: View) -> None:
        self._plan = plan
        self._folder = folder
        self._view = view

    async def status_page(self) -> tuple[tuple[PageServed, ...], NewsOnPage]:
        """How fast the page is served, and how soon it has what was approved."""
        folder = self._folder / "status-page"
        folder.mkdir()
        self._view.begin("reading the status page")
        served = await status_page.serve(folder, self._plan.page_seconds)
        slowest = min(one.per_second for one in served)
        self._view.measured(f"status page: {slowest:,.0f} requests/s or more")
        self._view.begin("approval to the public page")
        news = await status_page.news(folder, self._plan.page_approvals, self._view.note)
        self._view.measured(f"approval to the public page: p95 {percentile_95(news.seconds):.2f} s")
        return served, news

    async def desk(self) -> DeskRun:
        """How soon a day's mentions are taken in, clustered and planned, and lists of very many."""
        folder = self._folder / "desk"
        folder.mkdir()
        self._view.begin("mentions on the desk")
        plan = self._plan
        found = await desk.measure(folder, plan.desk_mentions, plan.desk_many, plan.seed)
        self._view.measured(next(desk.lines(found)))
        return found

    async def replying(self) -> tuple[RepliesRun, ClaimRace]:
        """Replies at an account's limit, with announcements beside them; and agents who race."""
        folder, plan = self._folder / "replying", self._plan
        folder.mkdir()
        self._view.begin("replies at the account's limit, and claims")
        claimed = await replying.race(folder, plan.claim_agents, plan.claim_mentions, plan.seed)
        replied = await replying.measure(
            folder,
            limit=plan.reply_limit,
            window=plan.reply_window,
            windows=plan.reply_windows,
            announcements=plan.reply_announcements,
        )
        self._view.measured(next(replying.lines(replied, claimed)))
        return replied, claimed

    async def rush_hours(self) -> tuple[RushHour, ...]:
        """Approvals beside a broadcast and events, with priority and without, on each database."""
        measured: list[RushHour] = []
        plan = self._plan
        for database in plan.databases:
            for with_priority in plan.rush_priorities:
                how = "with" if with_priority else "without"
                name = f"approvals in the rush hour, {database}, {how} priority"
                self._view.begin(name)
                folder = self._folder / f"rush-{database}-{how}"
                folder.mkdir()
                async with ledger(database, folder) as url:
                    if url is None:
                        continue
                    measured.append(
                        await rush_hour.measure(
                            folder,
                            database,
                            url,
                            recipients=plan.rush_recipients,
                            samples=plan.rush_approvals,
                            events=plan.rush_events,
                            with_priority=with_priority,
                        )
                    )
                self._view.measured(f"{name}: p95 {percentile_95(measured[-1].seconds):.2f} s")
        return tuple(measured)
