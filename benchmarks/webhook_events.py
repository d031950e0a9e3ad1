"""``python -m benchmarks.webhook_events``: how fast the receiver takes signed events over HTTP.

A ledger with one broadcast that was accepted, the receiver as a process of its own, and SendGrid's
part played over several connections: each event told three times, in any order. Afterwards the
ledger is held against what was told; a wrong count or an answer that is not 200 fails the run.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.children import LOOPBACK, Child, free_port
from benchmarks.ledgers import needed_ledger
from client.stack.environment import for_python
from domain.ids import MessageRef, batch_key, delivery_key
from domain.publication import Receipt
from embedded.readiness import listens
from store import migrate
from store.broadcasts import batches, broadcasts
from store.broadcasts.broadcasts import BroadcastRow
from store.broadcasts.progress import BroadcastProgress, read_progress
from store.kernel.database import Database
from store.people import audiences
from store.people.audiences import AudienceRow

WORDS = ("processed", "delivered")
DIGEST = "d" * 64
BATCH = 1000
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_LOOK_EVERY = 0.5
_PATIENCE = 120.0
_PYTHON = (sys.executable, "-P", "-m")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhook_events")
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--words", type=int, choices=(1, 2), default=1, help="events of each mail")
    parser.add_argument("--copies", type=int, default=3, help="how often each event is told")
    parser.add_argument("--each", type=int, default=500, help="events in a request")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ff-events-") as folder:
        return asyncio.run(_measure(given, Path(folder)))


async def _measure(given: argparse.Namespace, folder: Path) -> int:
    words = WORDS[-given.words :]
    async with needed_ledger(given.database, folder) as url:
        await migrate.upgrade_ledger(url)
        database = Database.open(url)
        broadcast = await _accepted_broadcast(database, given.recipients)
        told = _bodies(broadcast.key, given.recipients, words, given.copies, given.each)
        port, private = free_port(), ec.generate_private_key(ec.SECP256R1())
        environment = {
            **for_python(os.environ),
            "FRONTFOOT_DATABASE_URL": url,
            "FRONTFOOT_WEBHOOK_PORT": str(port),
            "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY": _public(private),
        }
        command = [*_PYTHON, "surfaces.public.app"]
        receiver = await Child.start("receiver", command, folder, environment)
        try:
            await receiver.ready(lambda: listens(port))
            memory: list[int] = []
            watching = asyncio.create_task(_watch(receiver, memory))
            began, cpu = time.perf_counter(), receiver.cpu()
            answers, waits = await _tell(port, private, told, given.connections)
            seconds, cpu = time.perf_counter() - began, receiver.cpu() - cpu
            progress = await _entered(database, broadcast.id, given.recipients)
            entered = time.perf_counter() - began
            watching.cancel()
        finally:
            await receiver.end()
            await database.close()
    events = given.recipients * len(words) * given.copies
    right = progress.delivered == given.recipients and set(answers) == {200}
    waits.sort()
    quarter = max(len(memory) // 4, 1)
    print(
        f"{given.database}: {events:,} events in {len(told):,} requests over {given.connections} "
        f"connections: {seconds:.1f} s, {events / seconds:,.0f} events/s\n"
        f"all in the ledger after {entered:.1f} s, {events / entered:,.0f} events/s\n"
        f"receiver: {cpu:.1f} s of processor ({cpu / events * 1e6:.0f} us an event); memory "
        f"{memory[quarter - 1] >> 20} MiB after a quarter, {memory[-1] >> 20} MiB at the end\n"
        f"answers: {dict(Counter(answers))}; half within {waits[len(waits) // 2] * 1e3:.0f} ms, "
        f"99 % within {waits[len(waits) * 99 // 100] * 1e3:.0f} ms\n"
        f"ledger: {progress.delivered:,} of {given.recipients:,} delivered: "
        f"{'right' if right else 'WRONG'}"
    )
    return 0 if right else 1


async def _entered(database: Database, broadcast: int, delivered: int) -> BroadcastProgress:
    """The ledger once everything is in it; on SQLite events wait in an inbox before."""
    until = time.monotonic() + _PATIENCE
    while True:
        progress = await read_progress(database, broadcast)
        if progress.delivered == delivered or time.monotonic() > until:
            return progress
        await asyncio.sleep(0.05)


async def _accepted_broadcast(database: Database, recipients: int) -> BroadcastRow:
    """A broadcast whose every batch was accepted and of which no event has come yet."""
    rows = (AudienceRow(f"customer{n}@example.com", {}) for n in range(1, recipients + 1))
    await audiences.import_rows(database, "customers", rows)
    cut = await audiences.cut(database, "customers")
    ref, now = MessageRef(incident="events", number=1, revision=1), datetime.now(UTC)
    broadcast = await broadcasts.plan(database, ref, "email", cut, BATCH, DIGEST, now)
    for number in range(1, broadcast.batches + 1):
        await batches.reserve_batch(database, broadcast.id, number, DIGEST, now)
        receipt = Receipt(id=f"m-{number}", at=now)
        await batches.accept_batch(database, broadcast.id, number, receipt, now)
    return broadcast


def _bodies(key: str, recipients: int, words: Sequence[str], copies: int, each: int) -> list[bytes]:
    """Every event ``copies`` times, shuffled, ``each`` to a request, in SendGrid's shape."""
    chance = random.Random(20131026)
    names = [base64.urlsafe_b64encode(chance.randbytes(32)).decode() for _ in range(recipients)]
    order = [(n, word) for n in range(1, recipients + 1) for word in words] * copies
    chance.shuffle(order)
    now = int(time.time())
    return [
        orjson.dumps(
            [
                {
                    "email": f"customer{n}@example.com",
                    "timestamp": now,
                    "smtp-id": f"<14c5d75ce93.{n}@ismtpd-3>",
                    "event": word,
                    "category": ["crisis"],
                    "sg_event_id": f"{names[n - 1]}{word[0]}",
                    "sg_message_id": f"14c5d75ce93.dfd.64b469.{n}.filter0001.16648.5515E0B88.0",
                    "response": "250 OK",
                    "ff_batch": batch_key(key, (n - 1) // BATCH + 1, 1),
                    "ff_broadcast": key,
                    "ff_delivery": delivery_key(key, n),
                }
                for n, word in order[start : start + each]
            ]
        )
        for start in range(0, len(order), each)
    ]


async def _tell(
    port: int, private: ec.EllipticCurvePrivateKey, told: list[bytes], connections: int
) -> tuple[list[int], list[float]]:
    """Post everything; return the status of each answer and how long it took, in seconds."""
    signed = [(body, _signed(private, body)) for body in told]
    answers: list[int] = []
    waits: list[float] = []
    url = f"http://{LOOPBACK}:{port}/webhooks/email"

    async def one(http: httpx.AsyncClient) -> None:
        while signed:
            body, headers = signed.pop()
            began = time.perf_counter()
            answer = await http.post(url, content=body, headers=headers)
            waits.append(time.perf_counter() - began)
            answers.append(answer.status_code)

    async with httpx.AsyncClient(timeout=60, trust_env=False) as http, asyncio.TaskGroup() as all_:
        for _ in range(connections):
            all_.create_task(one(http))
    return answers, waits


def _signed(private: ec.EllipticCurvePrivateKey, body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    signature = private.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}


def _public(private: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(
        private.public_key().public_bytes(serialization.Encoding.DER, form)
    ).decode()


async def _watch(receiver: Child, memory: list[int]) -> None:
    while True:
        memory.append(receiver.peak_memory() or 0)
        await asyncio.sleep(_LOOK_EVERY)


if __name__ == "__main__":
    raise SystemExit(main())
