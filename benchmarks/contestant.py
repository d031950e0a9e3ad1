"""A contestant without a ledger, in a process of its own: ``python -m benchmarks.contestant``.

Reads an ``Assignment`` as JSON from the file it is given and prints a list of ``Timed`` as JSON.
Recipients and codes are made before the clock starts.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.limit import WAYS, send_all
from benchmarks.mail import Assignment, Mail, Recipient, Timed, batches_of, people
from benchmarks.others import HELPERS, ONE_BY_ONE, send_one_by_one, send_with_helpers

MOST_PEOPLE = 200_000
"""Whoever writes to more writes to the same ones again, which costs just as much each time."""


def run(order: Assignment) -> list[Timed]:
    """Send what ``order`` says in each way, and say how long it took."""
    everybody = people(min(order.recipients, MOST_PEOPLE), order.seed)
    # The recipients are there for good: looking through them again and again is no part of it.
    gc.collect()
    gc.freeze()
    return [_timed(order, way, everybody) for way in order.ways]


def _timed(order: Assignment, way: str, everybody: list[Recipient]) -> Timed:
    if order.warm_up:
        _send(order, way, batches_of(everybody, order.batch_size, order.warm_up))
    began, cpu_before = time.perf_counter(), time.process_time()
    requests = _send(order, way, batches_of(everybody, order.batch_size, order.recipients))
    return Timed(
        way=way,
        recipients=order.recipients,
        requests=requests,
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - cpu_before,
    )


def _send(order: Assignment, way: str, batches: Iterator[Mail]) -> int:
    if way in WAYS:
        return asyncio.run(send_all(way, order.url, order.copy_, batches, order.in_flight))
    if way == HELPERS:
        return send_with_helpers(order.url, order.copy_, batches)
    if way == ONE_BY_ONE:
        return asyncio.run(send_one_by_one(order.url, order.copy_, batches))
    raise SystemExit(f"there is no contestant {way}")


if __name__ == "__main__":
    given = Assignment.model_validate_json(Path(sys.argv[1]).read_bytes())
    print(f"[{','.join(one.model_dump_json() for one in run(given))}]")
