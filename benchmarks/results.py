"""What a run found, as it is written to ``results.json``: measured values and nothing derived."""

from __future__ import annotations

from datetime import datetime

from pydantic import computed_field

from benchmarks.event_source import Told
from benchmarks.frontfoot import Broadcast
from benchmarks.job_queue import Queued
from benchmarks.mail import Timed
from benchmarks.plan import Plan
from domain.model import Value


class Bracket(Value):
    """The limit as it was immediately before and after something was measured.

    ``over_httpx`` is the same bare loop with the HTTP client that Frontfoot uses.
    """

    before: Timed
    after: Timed
    over_httpx_before: Timed
    over_httpx_after: Timed

    @computed_field  # type: ignore[prop-decorator]
    @property
    def limit(self) -> float:
        """Recipients a second: the mean of before and after."""
        return (self.before.per_second + self.after.per_second) / 2

    @computed_field  # type: ignore[prop-decorator]
    @property
    def limit_over_httpx(self) -> float:
        """The same over httpx."""
        return (self.over_httpx_before.per_second + self.over_httpx_after.per_second) / 2


class Sampled(Value):
    """A contestant without a ledger, measured on a sample."""

    name: str
    timed: Timed
    bracket: Bracket


class QueueRun(Value):
    """The job queue, measured."""

    queued: Queued
    bracket: Bracket


class FrontfootRun(Value):
    """One broadcast of Frontfoot. ``received`` is what the sink counted meanwhile.

    ``workers`` 0 stands for workers that come and go.
    """

    database: str
    workers: int
    repeat: int
    broadcast: Broadcast
    received: int
    bracket: Bracket


class Approvals(Value):
    """Seconds from the last signature to the first acceptance, by channel, one per incident."""

    seconds: dict[str, tuple[float, ...]]
    recipients: int


class RushHour(Value):
    """Approvals beside a broadcast and signed events.

    ``seconds`` are the waits from approval to the first post in the sandbox's records, one per
    incident, and ``proposed`` those of ``propose``. ``per_second`` is the broadcast's own rate in
    recipients. ``told`` are the events, ``processors`` how many each process used, ``load`` that of
    the whole machine at the end.
    """

    database: str
    with_priority: bool
    seconds: tuple[float, ...]
    proposed: tuple[float, ...]
    per_second: float
    told: Told | None
    processors: dict[str, float]
    load: float


class PageServed(Value):
    """One address of the page, read for some seconds by many, from a server on one processor.

    ``status`` 304 is for readers who have the newest copy. ``bytes`` are all that came,
    ``wait_p95`` the seconds within which 95 % were answered, and ``processor`` how much of one the
    server used.
    """

    path: str
    status: int
    connections: int
    answers: int
    seconds: float
    bytes: int
    wait_p95: float
    processor: float

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    @property
    def per_processor_second(self) -> float:
        """Answers for each second of processor that the server used."""
        return self.per_second / self.processor if self.processor else 0.0


class NewsOnPage(Value):
    """Seconds from an approval until the public page has the message, one per incident."""

    seconds: tuple[float, ...] = ()


class DeskRun(Value):
    """What the desk does with a day's ``mentions``, and with ``many``; times are in seconds.

    ``in_ten_clusters`` is the share of the day's that the ten largest clusters have.
    ``clustering_each`` is for one more beside ``many``. ``lists`` are the pages of each list of
    them, ``planned_many`` looks at the plan of them.
    """

    mentions: int
    taken_in: float
    clustered: float
    planned: float
    in_ten_clusters: float
    many: int
    clustering_each: float
    lists: dict[str, tuple[float, ...]]
    planned_many: tuple[float, ...] = ()


class RepliesRun(Value):
    """Replies on an account that may post ``limit`` times in ``window`` seconds.

    ``replies`` went out in ``seconds``, ``allowed`` is what the reserve and announcements left of
    the limit, ``refused`` how many attempts the provider did not take. ``announced`` are seconds
    from each approval to its post on the same account.
    """

    limit: int
    window: float
    replies: int
    allowed: int
    refused: int
    seconds: float
    announced: tuple[float, ...] = ()

    @property
    def share(self) -> float:
        """How much of what was allowed was used."""
        return self.replies / self.allowed


class ClaimRace(Value):
    """``agents`` claimed the same ``mentions``; of ``one_owner`` exactly one of them has each."""

    agents: int
    mentions: int
    seconds: float
    one_owner: int


class Machine(Value):
    """Where it ran, and with what."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    scratch: str
    versions: dict[str, str]


class Results(Value):
    """A whole run. ``trials`` are the ways of the limit; ``skipped`` says what is missing, why."""

    plan: Plan
    began: datetime
    ended: datetime
    machine: Machine
    trials: tuple[Timed, ...]
    fastest: str
    sampled: tuple[Sampled, ...]
    queue: tuple[QueueRun, ...]
    frontfoot: tuple[FrontfootRun, ...]
    approvals: Approvals
    rush_hours: tuple[RushHour, ...]
    skipped: tuple[str, ...]
    page_served: tuple[PageServed, ...] = ()
    page_news: NewsOnPage = NewsOnPage()
    desk: DeskRun | None = None
    replies: RepliesRun | None = None
    claims: ClaimRace | None = None
