"""A contestant without a ledger, in a process of its own: ``python -m benchmarks.contestant``.

Reads a ``Post`` as JSON from the file it is given and prints a ``Timed`` as JSON. Recipients and
codes are made before the clock starts.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.limit import send_all
from benchmarks.mail import Person, Post, Timed, batches_of, people
from benchmarks.others import send_one_by_one, send_with_helpers


def run(order: Post) -> Timed:
    """Send what ``order`` says, and say how long it took."""
    batches = batches_of(people(order.recipients, order.seed), order.batch_size)
    # The recipients are there for good: looking through them again and again is no part of it.
    gc.collect()
    gc.freeze()
    began, cpu_before = time.perf_counter(), time.process_time()
    requests = _send(order, batches)
    return Timed(
        recipients=order.recipients,
        requests=requests,
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - cpu_before,
    )


def _send(order: Post, batches: Iterator[tuple[str, list[Person]]]) -> int:
    match order.contestant:
        case "limit":
            sending = send_all(order.way, order.url, order.copy_, batches, order.in_flight)
            return asyncio.run(sending)
        case "helpers":
            return send_with_helpers(order.url, order.copy_, batches)
        case "one-by-one":
            return asyncio.run(send_one_by_one(order.url, order.copy_, batches))
    raise SystemExit(f"there is no contestant {order.contestant}")


if __name__ == "__main__":
    order = Post.model_validate_json(Path(sys.argv[1]).read_bytes())
    print(run(order).model_dump_json())
