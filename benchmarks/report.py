"""The page ``README.md`` and ``results.json``: every number in them was measured by this run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import plot
from benchmarks.desk import lines as desk_lines
from benchmarks.limit import WAYS
from benchmarks.promises import promises
from benchmarks.replying import lines as replying_lines
from benchmarks.results import Results
from benchmarks.summary import (
    costs,
    database_name,
    lines,
    percentile_95,
    spread_of_limit,
    waits,
)

Cells = Sequence[str]

HOW = """\
# Benchmarks

Written by `make bench`, which is `python -m benchmarks`; do not edit it by hand. `make bench` takes
some minutes, needs a quiet machine and no network but for installing the job queue once.
`python -m benchmarks --help` has its options; `--quick` only checks that everything runs.
All raw measurements are in [results.json](results.json).

Times differ from machine to machine, ratios less so. Compare the ratios, and only within one run.

![Recipients a second by contestant, and Frontfoot's cost for each recipient by size](results.svg)
"""

METHOD = """\
## How it is measured

One process, the sink, stands in for the mail provider: it reads requests, counts them and their
recipients, and answers 202 at once. Everybody sends the same goodwill mail to it over loopback, up
to {batch_size:,} recipients in a request, each recipient with a code of their own. The physical
limit is measured before and after each contestant, and the ratio is to the mean of the two.

- **Physical limit**: a bare loop in one process that builds the requests and posts them,
  {in_flight} at once. Codes are made beforehand; nothing is stored, checked or retried. Two ways to
  build the JSON and two to post it are tried, and the fastest pair is the limit. *Limit over httpx*
  is the fastest that posts with the HTTP client that Frontfoot uses.
- **sendgrid helpers**: `Mail` and `Personalization` as documented, one request at a time. Measured
  on {helper_recipients:,} recipients: its rate is what one more request costs.
- **one by one**: a request for each recipient over one kept-alive httpx client, one at a time.
  Measured on {single_recipients:,} recipients, likewise.
- **procrastinate**: a careful job queue on PostgreSQL. One job for each request; its batch is
  marked before, by a committed compare-and-set, and after the answer. Codes are made beforehand,
  and there is no suppression check, no approval and no way to halt it. From deferring the first job
  to the last acceptance, with {in_flight} jobs at once in each worker.
- **Frontfoot**: the real Temporal development server on a file, real worker processes, the real
  ledger, {in_flight} requests of a broadcast at once, {shared_in_flight} where two workers or more
  share it. From the last signature at the gate to the last acceptance in the ledger, so planning
  the broadcast, checking suppressions, making and storing a code for each recipient, and entering
  each request before and after it are in it. Importing the audience is not: it happens long before.

PostgreSQL is this machine's own, with the settings it comes with. Not in it: a real network,
webhook events (none are sent here, and each is work for the ledger), unsubscribe links, and
Twitter and Facebook, which are only in the table of approvals.
"""


def write(found: Results, out: Path) -> None:
    """Write page, plot and raw results to the folder ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (out / "results.svg").write_text(plot.draw(found), encoding="utf-8")
    (out / "README.md").write_text(page(found), encoding="utf-8")


def page(found: Results) -> str:
    """The whole page in Markdown."""
    warning = "**This was a quick run: its numbers are good for nothing.**\n" * found.plan.quick
    method = METHOD.format(**found.plan.model_dump())
    return "\n".join((HOW, warning, tables(found), "", method, _machine(found)))


def tables(found: Results) -> str:
    """Every table, with its heading."""
    # A quick run's sizes are none of those that the design speaks of.
    promised = [] if found.plan.quick else [("## What the design promises", _promises(found))]
    parts = [
        *promised,
        ("## Side by side", _side_by_side(found)),
        ("## Frontfoot by size", _by_size(found)),
        ("## From approval to the first acceptance", _waits(found)),
        ("## The status page", _status_page(found)),
        ("## From approval to the first post in the rush hour", _rush_hours(found)),
        ("## The desk", _desk(found)),
        ("## Replies and claims", _replying(found)),
        ("## Ways to the limit", _ways(found)),
    ]
    return "\n\n".join(f"{heading}\n\n{table}" for heading, table in parts)


def _promises(found: Results) -> str:
    rows = [(one.what, one.wanted, one.found, one.verdict) for one in promises(found)]
    return _table(("what", "promised", "measured", ""), "lrrl", rows)


def _side_by_side(found: Results) -> str:
    rows = [
        (
            line.name,
            f"{line.recipients:,}",
            str(line.times),
            _rate(line.per_second),
            _ratio(line.of_limit),
            _ratio(line.of_httpx),
        )
        for line in lines(found)
    ]
    head = ("", "recipients", "times", "recipients/s", "of the limit", "of the limit over httpx")
    slowest, fastest = spread_of_limit(found)
    noise = (
        f"Medians where measured more than once. The limit itself came out between "
        f"{_rate(slowest)} and {_rate(fastest)} recipients/s during this run."
    )
    skipped = "".join(f"\n\n{why}" for why in found.skipped)
    return f"{_table(head, 'lrrrrr', rows)}\n\n{noise}{skipped}"


def _by_size(found: Results) -> str:
    rows = [
        (
            f"{database_name(cost.database)}, {cost.workers or 'come and go'}",
            f"{cost.recipients:,}",
            _rate(cost.line.per_second),
            _ratio(cost.line.of_limit),
            f"{cost.whole:.1f}",
            f"{cost.sending:.1f}",
            f"{cost.cpu:.1f}",
            f"{cost.temporal_cpu:.2f}",
            f"{cost.first_seconds:.2f}",
            "?" if cost.peak_mib is None else f"{cost.peak_mib:.0f}",
            f"{cost.temporal_kib:,.0f}",
        )
        for cost in costs(found)
    ]
    head = (
        "ledger, workers",
        "recipients",
        "recipients/s",
        "of the limit",
        "µs each",
        "µs each, sending",
        "µs CPU, workers",
        "µs CPU, Temporal",
        "first, s",
        "peak, MiB",
        "Temporal, KiB",
    )
    notes = (
        "*µs each*: from approval to the last acceptance, for each recipient. *Sending*: from the "
        "first acceptance to the last, for each recipient after the first request. *First*: from "
        "approval to the first acceptance. *Peak*: the most memory one worker process has held. "
        "*Temporal*: by how much its database grew."
    )
    return f"{_table(head, 'l' + 'r' * 10, rows)}\n\n{notes}"


def _waits(found: Results) -> str:
    rows = [
        (one.channel, str(one.count), *(f"{s:.3f}" for s in (one.middle, one.p95, one.longest)))
        for one in waits(found)
    ]
    head = ("channel", "incidents", "p50, s", "p95, s", "longest, s")
    note = (
        f"An announcement on three channels, the mail to {found.approvals.recipients:,} people, "
        "against the sandbox, one incident after the other; nothing is left out, the first "
        "included. From the last signature to the provider's first acceptance in the ledger."
    )
    return f"{_table(head, 'lrrrr', rows)}\n\n{note}"


def _status_page(found: Results) -> str:
    rows = [
        (
            f"`{one.path}`" + ("" if one.status == 200 else ", not modified"),
            _rate(one.bytes / one.answers),
            _rate(one.per_second),
            f"{one.wait_p95 * 1e3:.0f}",
            f"{one.processor:.2f}",
            _rate(one.per_processor_second),
        )
        for one in found.page_served
    ]
    head = (
        "address",
        "bytes",
        "requests/s",
        "p95, ms",
        "processors",
        "requests for a second of it",
    )
    readers = found.page_served[0].connections if found.page_served else 0
    note = (
        f"Our own public process on one processor, {readers} connections from another one, each "
        "asking again at once; no TLS and no proxy. *Processors*: how much of its own the server "
        "used. Less than one says that the readers were slower, or that something else ran there."
    )
    news = found.page_news.seconds
    told = (
        f"From the call of `decide` until the public address shows the announcement, page in a "
        f"folder, whole stack, {len(news)} incidents: half within {median(news):.2f} s, 95 % "
        f"within {percentile_95(news):.2f} s, longest {max(news):.2f} s."
        if news
        else ""
    )
    return f"{_table(head, 'lrrrrr', rows)}\n\n{note}\n\n{told}".rstrip()


def _rush_hours(found: Results) -> str:
    rows = [
        (
            f"{database_name(one.database)}, {'with' if one.with_priority else 'without'} priority",
            str(len(one.seconds)),
            *(f"{s:.2f}" for s in (median(one.seconds), percentile_95(one.seconds))),
            f"{percentile_95(one.proposed):.2f}",
            _rate(one.per_second),
            "none" if one.told is None else _rate(one.told.events / one.told.seconds),
            "?" if one.told is None else f"{one.told.waits[1]:.2f}",
        )
        for one in found.rush_hours
    ]
    head = (
        "ledger",
        "incidents",
        "p50, s",
        "p95, s",
        "propose p95, s",
        "broadcast, recipients/s",
        "events/s",
        "events answered p99, s",
    )
    note = (
        f"Beside one broadcast of {found.plan.rush_recipients:,} after the other to the sink and "
        f"{found.plan.rush_events:,} signed events a second to the receiver, with one worker. From "
        "the call of `decide` to the first post in the sandbox's own records, by their clock. "
        "*Without priority* whoever waits longest for the ledger is served first."
    )
    return f"{_table(head, 'l' + 'r' * 7, rows)}\n\n{note}"


def _desk(found: Results) -> str:
    if found.desk is None:
        return "Not measured."
    of_many = [
        (name, str(len(times)), *(f"{s * 1e3:.0f}" for s in (median(times), percentile_95(times))))
        for name, times in found.desk.lists.items()
    ]
    told = "\n".join(f"- {line}" for line in list(desk_lines(found.desk))[:3])
    note = (
        f"On SQLite, in one process, without a provider. A quarter of the mentions say what nobody "
        f"else says. Lists have pages of 50, of {found.desk.many:,} mentions."
    )
    head = ("list", "pages", "p50, ms", "p95, ms")
    return f"{told}\n\n{_table(head, 'lrrr', of_many)}\n\n{note}"


def _replying(found: Results) -> str:
    if found.replies is None or found.claims is None:
        return "Not measured."
    told = "\n".join(f"- {line}" for line in replying_lines(found.replies, found.claims))
    return (
        f"{told}\n\nOn SQLite with one worker, against the sandbox, which counts the posts of the "
        "account as X does. An account's limit is kept in windows: what is measured is how many of "
        "the replies that it lets out went out in time."
    )


def _ways(found: Results) -> str:
    by_way = {timed.way: timed for timed in found.trials}
    rows = [
        (
            *way.split("/"),
            _rate(by_way[way].per_second),
            f"{by_way[way].cpu_seconds / by_way[way].recipients * 1e6:.2f}",
        )
        for way in WAYS
    ]
    return _table(("built by", "posted over", "recipients/s", "µs CPU each"), "llrr", rows)


def _machine(found: Results) -> str:
    machine = found.machine
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    minutes = (found.ended - found.began).total_seconds() / 60
    return (
        "## Where and when\n\n"
        f"{found.began:%-d %B %Y, %H:%M} UTC, {minutes:.0f} minutes, seed {found.plan.seed}. "
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gib} GiB, {machine.system}; "
        f"databases on {machine.scratch}.\n\n{versions}.\n"
    )


def _table(head: Cells, sides: str, rows: Sequence[Cells]) -> str:
    """A Markdown table that reads well as plain text too; ``sides`` has l or r for each column."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]

    def line(cells: Cells) -> str:
        padded = (
            cell.ljust(width) if side == "l" else cell.rjust(width)
            for cell, width, side in zip(cells, widths, sides, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    under = [
        ("-" * (width + 2)) if side == "l" else ("-" * (width + 1) + ":")
        for width, side in zip(widths, sides, strict=True)
    ]
    return "\n".join((line(head), f"|{'|'.join(under)}|", *map(line, rows)))


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}"
