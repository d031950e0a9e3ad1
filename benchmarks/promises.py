"""The numbers of the design, and whether this run held them."""

from __future__ import annotations

from benchmarks.results import Results
from benchmarks.summary import (
    Cost,
    costs,
    database_name,
    difference,
    peak_memory,
    percentile_95,
    waits,
)
from domain.model import Value

OF_LIMIT = 0.35
FLAT_WITHIN = 0.15
MEMORY_MIB = 400
LIMIT_USED = 0.95
FIRST_ACCEPTANCE = 1.0
RATE_KEPT = 0.9
PAGE_REQUESTS = 2_000
LIST_PAGE = 0.1


class Promise(Value):
    """One number: what it is about, what was promised, what was found, and the verdict."""

    what: str
    wanted: str
    found: str
    verdict: str


def promises(found: Results) -> list[Promise]:
    """Those that this run can say something about."""
    every = costs(found)
    made = [*_ratios(every), *_flatness(every)]
    peak = peak_memory(found)
    if peak is not None:
        made.append(
            _promise("memory of a worker", "under 400 MiB", f"{peak:.0f} MiB", peak < MEMORY_MIB)
        )
    for wait in waits(found):
        made.append(
            _promise(
                f"approval to first acceptance, {wait.channel}, p95",
                "under 1 s",
                f"{wait.p95:.2f} s",
                wait.p95 < FIRST_ACCEPTANCE,
            )
        )
    made += [*_status_page(found), *_rush_hours(found), *_desk(found)]
    return [*made, *_replies(found)]


def _replies(found: Results) -> list[Promise]:
    made, run, race = list[Promise](), found.replies, found.claims
    if run is not None:
        what = "replies at the account's limit, of what the reserve leaves"
        made.append(_promise(what, "95 % or more", f"{run.share:.1%}", run.share >= LIMIT_USED))
        what = "replies refused for their rate"
        made.append(_promise(what, "0", str(run.refused), run.refused == 0))
    if run is not None and run.announced:
        wait = percentile_95(run.announced)
        what = "approval to post while the desk replies at full rate, p95"
        made.append(_promise(what, "under 1 s", f"{wait:.2f} s", wait < FIRST_ACCEPTANCE))
    if race is not None:
        what = f"{race.agents} agents claim {race.mentions:,} mentions, with one owner each"
        good = race.one_owner == race.mentions
        made.append(_promise(what, f"{race.mentions:,}", f"{race.one_owner:,}", good))
    return made


def _desk(found: Results) -> list[Promise]:
    desk = found.desk
    if desk is None:
        return []
    day = f"{desk.mentions:,} mentions"
    slowest = max(percentile_95(one) for one in desk.lists.values())
    each = desk.clustering_each * 1e3
    return [
        _promise(f"{day} taken in", "under 10 s", f"{desk.taken_in:.1f} s", desk.taken_in < 10),
        _promise(f"{day} clustered", "under 5 s", f"{desk.clustered:.1f} s", desk.clustered < 5),
        _promise(f"{day} planned", "under 1 s", f"{desk.planned:.2f} s", desk.planned < 1),
        _promise(
            f"one more clustered beside {desk.many:,}", "under 2 ms", f"{each:.2f} ms", each < 2
        ),
        _promise(
            f"list of {desk.many:,} mentions, the slowest kind, p95",
            "under 100 ms",
            f"{slowest * 1e3:.0f} ms",
            slowest < LIST_PAGE,
        ),
    ]


def _status_page(found: Results) -> list[Promise]:
    made = []
    if found.page_served:
        slowest = min(found.page_served, key=lambda one: one.per_second)
        made.append(
            _promise(
                "status page from our own process on one processor, requests/s",
                "2,000 or more",
                f"{slowest.per_second:,.0f}",
                slowest.per_second >= PAGE_REQUESTS,
            )
        )
    if found.page_news.seconds:
        wait = percentile_95(found.page_news.seconds)
        what = "approval to the public page, folder, p95"
        made.append(_promise(what, "under 1 s", f"{wait:.2f} s", wait < FIRST_ACCEPTANCE))
    return made


def _rush_hours(found: Results) -> list[Promise]:
    made = []
    for database in dict.fromkeys(one.database for one in found.rush_hours):
        name = database_name(database)
        by_kind = {one.with_priority: one for one in found.rush_hours if one.database == database}
        wait = percentile_95(by_kind[True].seconds)
        what = f"approval to first post in the rush hour, {name}, p95"
        made.append(_promise(what, "under 1 s", f"{wait:.2f} s", wait < FIRST_ACCEPTANCE))
        if False in by_kind:
            kept = by_kind[True].per_second / by_kind[False].per_second
            what = f"the broadcast's rate beside it, {name}, against the same without priority"
            made.append(_promise(what, "0.9 or more", f"{kept:.2f}", kept >= RATE_KEPT))
    return made


def _ratios(every: list[Cost]) -> list[Promise]:
    """The best of each number of workers: it is the machine that has two cores, not the worker."""
    largest = max(cost.recipients for cost in every)
    made = []
    for database in dict.fromkeys(cost.database for cost in every):
        rivals = [one for one in every if (one.database, one.recipients) == (database, largest)]
        best = max(rivals, key=lambda cost: cost.line.of_limit)
        line = best.line
        share = f"{line.of_limit:.3f}, over httpx {line.of_httpx:.3f}"
        what = f"{line.name}, {largest:,} recipients: share of the limit"
        made.append(_promise(what, "0.35 or more", share, line.of_limit >= OF_LIMIT))
        first = best.first_seconds
        what = f"{line.name}, {largest:,} recipients: approval to first acceptance"
        made.append(_promise(what, "under 1 s", f"{first:.2f} s", first < FIRST_ACCEPTANCE))
    return made


def _flatness(every: list[Cost]) -> list[Promise]:
    made = []
    groups: dict[str, list[Cost]] = {}
    for cost in every:
        groups.setdefault(cost.line.name, []).append(cost)
    for name, group in groups.items():
        if len(group) < 2:
            continue
        sizes = [cost.recipients for cost in group]
        span = f"{min(sizes):,} to {max(sizes):,} recipients"
        for kind, values in (
            ("cost of each", [cost.whole for cost in group]),
            ("sending each", [cost.sending for cost in group]),
        ):
            apart = difference(values)
            what = f"{name}: {kind}, {span}"
            made.append(_promise(what, "flat within 15 %", f"{apart:.0%}", apart <= FLAT_WITHIN))
    return made


def _promise(what: str, wanted: str, measured: str, held: bool) -> Promise:
    verdict = "held" if held else "not held"
    return Promise(what=what, wanted=wanted, found=measured, verdict=verdict)
