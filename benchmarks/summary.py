"""What is said of a run: medians, ratios and percentiles, worked out from its measurements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median, quantiles

from benchmarks.results import Bracket, FrontfootRun, Results
from domain.model import Value

LIMIT = "physical limit"


class Line(Value):
    """One contestant: recipients a second, and that over the two limits around it."""

    name: str
    recipients: int
    times: int
    per_second: float
    of_limit: float
    of_httpx: float


class Cost(Value):
    """Frontfoot at one size, medians. Costs are in microseconds for each recipient.

    ``whole`` counts from approval to the last acceptance, ``sending`` from the first acceptance
    to the last for those after the first request, ``cpu`` the processor time of the workers.
    """

    database: str
    workers: int
    recipients: int
    line: Line
    whole: float
    sending: float
    cpu: float
    temporal_cpu: float
    first_seconds: float
    peak_mib: float | None
    temporal_kib: float


class Wait(Value):
    """Seconds from approval to the first acceptance on one channel."""

    channel: str
    count: int
    middle: float
    p95: float
    longest: float


def costs(found: Results) -> list[Cost]:
    """Frontfoot by database, number of workers and size."""
    groups: dict[tuple[str, int, int], list[FrontfootRun]] = {}
    for run in found.frontfoot:
        key = (run.database, run.workers, run.broadcast.recipients)
        groups.setdefault(key, []).append(run)
    return [_cost(*key, runs, found.plan.batch_size) for key, runs in groups.items()]


def lines(found: Results) -> list[Line]:
    """Every contestant, the fastest first; Frontfoot at its largest size."""
    every = _limits(found)
    for sample in found.sampled:
        timed = sample.timed
        every.append(_line(sample.name, timed.recipients, [(timed.per_second, sample.bracket)]))
    for run in found.queue:
        name = f"procrastinate, {workers(run.queued.workers)}"
        rate = (run.queued.per_second, run.bracket)
        every.append(_line(name, run.queued.recipients, [rate]))
    largest = max(found.plan.sizes)
    every += [cost.line for cost in costs(found) if cost.recipients == largest]
    return sorted(every, key=lambda line: -line.per_second)


def waits(found: Results) -> list[Wait]:
    """By channel."""
    return [
        Wait(
            channel=channel,
            count=len(seconds),
            middle=median(seconds),
            p95=percentile_95(seconds),
            longest=max(seconds),
        )
        for channel, seconds in found.approvals.seconds.items()
    ]


def spread_of_limit(found: Results) -> tuple[float, float]:
    """The slowest and the fastest that the limit came out in this run: how restless it was."""
    rates = [
        timed.per_second for bracket in brackets(found) for timed in (bracket.before, bracket.after)
    ]
    return min(rates), max(rates)


def brackets(found: Results) -> list[Bracket]:
    """Every pair of measurements of the limit."""
    around = [sample.bracket for sample in found.sampled]
    around += [run.bracket for run in found.queue]
    return around + [run.bracket for run in found.frontfoot]


def peak_memory(found: Results) -> float | None:
    """The most memory that any worker held, in MiB."""
    peaks = [run.broadcast.worker_peak for run in found.frontfoot]
    known = [peak for peak in peaks if peak is not None]
    return max(known) / 2**20 if known else None


def percentile_95(values: Sequence[float]) -> float:
    """The 95th percentile, between neighbours where it falls between them."""
    return quantiles(values, n=20, method="inclusive")[18] if len(values) > 1 else values[0]


def difference(values: Iterable[float]) -> float:
    """By how much the largest is above the smallest, as a share of the smallest."""
    known = list(values)
    return max(known) / min(known) - 1


def workers(count: int) -> str:
    """How many, in words."""
    named = {0: "workers that come and go", 1: "1 worker"}
    return named.get(count, f"{count} workers")


def database_name(database: str) -> str:
    """As people write it."""
    return {"sqlite": "SQLite", "postgres": "PostgreSQL"}[database]


def _limits(found: Results) -> list[Line]:
    every, posted = brackets(found), found.plan.limit_recipients
    fastest = [(bracket.limit, bracket) for bracket in every]
    over_httpx = [(bracket.limit_over_httpx, bracket) for bracket in every]
    named = _line(f"{LIMIT} ({found.fastest})", posted, fastest)
    if found.fastest.endswith("httpx"):
        return [named]
    return [named, _line(f"{LIMIT} over httpx", posted, over_httpx)]


def _line(name: str, recipients: int, rates: list[tuple[float, Bracket]]) -> Line:
    return Line(
        name=name,
        recipients=recipients,
        times=len(rates),
        per_second=median(rate for rate, _ in rates),
        of_limit=median(rate / bracket.limit for rate, bracket in rates),
        of_httpx=median(rate / bracket.limit_over_httpx for rate, bracket in rates),
    )


def _cost(
    database: str, count: int, recipients: int, runs: list[FrontfootRun], batch_size: int
) -> Cost:
    every = [run.broadcast for run in runs]
    name = f"Frontfoot, {database_name(database)}, {workers(count)}"
    rates = [(run.broadcast.per_second, run.bracket) for run in runs]
    later = max(recipients - batch_size, 1)
    peaks = [one.worker_peak for one in every if one.worker_peak is not None]
    return Cost(
        database=database,
        workers=count,
        recipients=recipients,
        line=_line(name, recipients, rates),
        whole=median(one.seconds / recipients for one in every) * 1e6,
        sending=median((one.seconds - one.first_seconds) / later for one in every) * 1e6,
        cpu=median(one.worker_cpu / recipients for one in every) * 1e6,
        temporal_cpu=median(one.temporal_cpu / recipients for one in every) * 1e6,
        first_seconds=median(one.first_seconds for one in every),
        peak_mib=max(peaks) / 2**20 if peaks else None,
        temporal_kib=median(one.temporal_growth for one in every) / 1024,
    )
