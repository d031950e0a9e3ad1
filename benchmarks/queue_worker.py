"""The careful job queue's own program, run by a Python that has procrastinate and none of ours.

``queue_worker.py prepare|work|send ORDERS``: lay out recipients, batches and the queue's schema;
work until told to stop; defer one job for each batch and wait until all are accepted. ORDERS is a
JSON file with ``conninfo``, ``url``, ``shared`` (the part of the request that all have in common),
``recipients``, ``batch_size``, ``in_flight`` and ``seed``.

Careful as good code of this kind is: a batch is marked ``sending`` by a compare-and-set that is
committed before the request, and ``accepted`` after it; what was ``sending`` already is never sent
again blindly. Like the bare loop it has its codes beforehand. It checks no suppression, needs no
approval and cannot be halted: all that would cost it more.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

import httpx
import orjson
import procrastinate  # type: ignore[import-not-found,unused-ignore]
import psycopg  # type: ignore[import-not-found,unused-ignore]
from psycopg_pool import (  # type: ignore[import-not-found,unused-ignore]
    AsyncConnectionPool,
)

TABLES = """
CREATE TABLE recipients (position bigint PRIMARY KEY, address text NOT NULL, code text NOT NULL);
CREATE TABLE batches (
    number integer PRIMARY KEY, first bigint NOT NULL, last bigint NOT NULL,
    state text NOT NULL DEFAULT 'planned', attempt integer NOT NULL DEFAULT 0,
    started_at timestamptz, accepted_at timestamptz, receipt text);
"""
RESERVE = """
UPDATE batches SET state = 'sending', attempt = attempt + 1, started_at = clock_timestamp()
WHERE number = %s AND state = 'planned' RETURNING first, last, attempt
"""
READ = "SELECT position, address, code FROM recipients WHERE position BETWEEN %s AND %s ORDER BY 1"
ACCEPT = """
UPDATE batches SET state = 'accepted', accepted_at = clock_timestamp(), receipt = %s
WHERE number = %s AND state = 'sending'
"""
PROGRESS = """
SELECT count(*) FILTER (WHERE state = 'accepted'), count(*),
    extract(epoch FROM max(accepted_at) - %s::timestamptz)::float8 FROM batches
"""
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

orders: dict[str, Any] = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=orders["conninfo"], min_size=2, max_size=20)
)
pool = AsyncConnectionPool(orders["conninfo"], min_size=2, max_size=10, open=False)
before = orjson.dumps(orders["shared"])[:-1] + b',"personalizations":'
http: httpx.AsyncClient


@app.task(name="send_batch")  # type: ignore[untyped-decorator,unused-ignore]
async def send_batch(number: int) -> None:
    """Send one batch, once."""
    async with pool.connection() as connection:
        taken = await (await connection.execute(RESERVE, (number,))).fetchone()
    if taken is None:
        return
    first, last, attempt = taken
    async with pool.connection() as connection:
        people = await (await connection.execute(READ, (first, last))).fetchall()
    key = f"benchmark.{number}.{attempt}"
    personal = orjson.dumps(
        [
            {
                "to": [{"email": address}],
                "custom_args": {"ff_delivery": f"benchmark.{position}"},
                "substitutions": {"[[code]]": code},
            }
            for position, address, code in people
        ]
    )
    marks = orjson.dumps({"ff_batch": key, "ff_broadcast": "benchmark"})
    body = b"".join((before, personal, b',"custom_args":', marks, b"}"))
    answer = await http.post(f"{orders['url']}/v3/mail/send", content=body)
    answer.raise_for_status()
    async with pool.connection() as connection:
        await connection.execute(ACCEPT, (answer.headers["x-message-id"], number))


async def prepare() -> None:
    """Lay out everything; this is not timed."""
    chance = random.Random(orders["seed"])
    total, size = orders["recipients"], orders["batch_size"]
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
    async with await psycopg.AsyncConnection.connect(orders["conninfo"]) as connection:
        await connection.execute(TABLES)
        async with connection.cursor() as cursor:
            async with cursor.copy("COPY recipients FROM STDIN") as copy:
                for position in range(1, total + 1):
                    code = "".join(chance.choices(ALPHABET, k=15))
                    await copy.write_row((position, f"customer{position:07d}@example.org", code))
            async with cursor.copy("COPY batches (number, first, last) FROM STDIN") as copy:
                for number, first in enumerate(range(1, total + 1, size), 1):
                    await copy.write_row((number, first, min(first + size - 1, total)))
        await connection.commit()
        await connection.set_autocommit(True)
        await connection.execute("VACUUM ANALYZE")


async def work() -> None:
    """Work on jobs until SIGTERM."""
    global http
    headers = {"Authorization": "Bearer SG.benchmark", "Content-Type": "application/json"}
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with (
        app.open_async(),
        pool,
        httpx.AsyncClient(headers=headers, limits=limits, timeout=60, trust_env=False) as http,
    ):
        print("queue worker ready", file=sys.stderr, flush=True)
        await app.run_worker_async(concurrency=orders["in_flight"], delete_jobs="never")


async def send() -> None:
    """Defer all jobs, wait until every batch is accepted, and print what it took."""
    async with (
        app.open_async(),
        await psycopg.AsyncConnection.connect(orders["conninfo"], autocommit=True) as connection,
    ):
        told = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
        assert told is not None
        batches = -(-orders["recipients"] // orders["batch_size"])
        await send_batch.batch_defer_async(*({"number": one} for one in range(1, batches + 1)))
        while True:
            progress = await (await connection.execute(PROGRESS, told)).fetchone()
            assert progress is not None
            accepted, all_of_them, seconds = progress
            if accepted == all_of_them:
                break
            await asyncio.sleep(0.25)
    print(json.dumps({"requests": accepted, "seconds": seconds}))


if __name__ == "__main__":
    asyncio.run({"prepare": prepare, "work": work, "send": send}[sys.argv[1]]())
