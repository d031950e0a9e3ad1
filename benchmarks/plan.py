"""What one run of the benchmarks measures, and how often."""

from __future__ import annotations

from domain.model import Value

DATABASES = ("sqlite", "postgres")


class Plan(Value):
    """Sizes, databases and samples of one run.

    ``rush_events`` are signed events a second beside a broadcast to ``rush_recipients``.
    ``queue_recipients`` 0 leaves the job queue out. Each address of the status page is read for
    ``page_seconds``, and ``page_approvals`` messages go out to it. ``desk_mentions`` are a day's,
    ``desk_many`` those that lists are read of. An account may publish ``reply_limit`` posts in
    ``reply_window`` seconds, and replies are counted for ``reply_windows`` of these.
    """

    sizes: tuple[int, ...]
    databases: tuple[str, ...]
    seed: int
    quick: bool = False
    batch_size: int = 1000
    in_flight: int = 8
    # Of a broadcast of ours that two workers or more share: eight for each of two.
    shared_in_flight: int = 16
    limit_recipients: int = 600_000
    helper_recipients: int = 20_000
    single_recipients: int = 2_000
    queue_recipients: int = 100_000
    approvals: int = 20
    rush_recipients: int = 1_000_000
    rush_events: int = 5_000
    rush_approvals: int = 50
    rush_priorities: tuple[bool, ...] = (True, False)
    page_seconds: float = 5.0
    page_approvals: int = 20
    desk_mentions: int = 5_676
    desk_many: int = 100_000
    reply_limit: int = 200
    reply_window: float = 60.0
    reply_windows: int = 1
    reply_announcements: int = 9
    claim_agents: int = 50
    claim_mentions: int = 1_000

    def crews(self, database: str) -> tuple[int, ...]:
        """The numbers of worker processes to try on a database."""
        if self.quick:
            return (1,)
        return (1, 2) if database == "sqlite" else (1, 2, 4)

    def repeats(self, recipients: int) -> int:
        """How often a broadcast of this size is measured: a hiccup weighs more in a short one."""
        return 1 if self.quick or recipients > 300_000 else 3


def whole(sizes: tuple[int, ...], databases: tuple[str, ...], seed: int) -> Plan:
    """Everything: some minutes."""
    return Plan(sizes=tuple(sorted(sizes)), databases=databases, seed=seed)


def quick(seed: int) -> Plan:
    """A look at whether everything runs and adds up; its numbers are good for nothing else."""
    return Plan(
        sizes=(1_000,),
        databases=("sqlite",),
        seed=seed,
        quick=True,
        batch_size=100,
        limit_recipients=10_000,
        helper_recipients=1_000,
        single_recipients=100,
        queue_recipients=0,
        approvals=2,
        rush_recipients=2_000,
        rush_events=500,
        rush_approvals=2,
        rush_priorities=(True,),
        page_seconds=0.5,
        page_approvals=2,
        desk_mentions=300,
        desk_many=2_000,
        reply_limit=40,
        reply_window=3.0,
        reply_windows=1,
        reply_announcements=1,
        claim_agents=5,
        claim_mentions=20,
    )
