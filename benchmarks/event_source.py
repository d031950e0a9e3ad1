"""A provider that tells events all the time: so many signed events a second, until it is ended.

Run as ``python -m benchmarks.event_source ORDER``, a file with a ``Telling`` as JSON. It ends by
itself after ``seconds``, and prints a ``Told`` when it ends.
"""

from __future__ import annotations

import asyncio
import base64
import random
import signal
import sys
import time
from pathlib import Path

import httpx
import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from domain.ids import batch_key, delivery_key
from domain.model import Value

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_MOST_WAITING = 200
"""Requests without an answer, beyond which no more are made: a slow receiver is told later."""


class Telling(Value):
    """What to tell: ``per_second`` events of a broadcast's recipients, 1 to ``recipients``.

    ``private_key`` signs them, in PEM; ``each`` is how many go into one request.
    """

    url: str
    private_key: str
    broadcast: str
    recipients: int
    batch_size: int
    per_second: int
    seconds: float
    each: int = 500
    seed: int = 20131026


class Told(Value):
    """What was told and taken. ``waits`` are the seconds until half and 99 % were answered."""

    events: int
    seconds: float
    refused: int
    waits: tuple[float, float, float]


def new_key() -> tuple[str, str]:
    """A private key in PEM, and its public half as the receiver's setting has it."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = private.public_key().public_bytes(serialization.Encoding.DER, form)
    return pem.decode(), base64.b64encode(public).decode()


class _Source:
    def __init__(self, order: Telling) -> None:
        self._order = order
        key = serialization.load_pem_private_key(order.private_key.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self._chance = random.Random(order.seed)
        self._told = 0
        self._refused = 0
        self._waits: list[float] = []

    async def tell(self, stop: asyncio.Event) -> Told:
        order, waiting = self._order, set[asyncio.Task[None]]()
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            number = 0
            while not stop.is_set() and time.monotonic() - began < order.seconds:
                number += 1
                due = began + number * order.each / order.per_second
                await asyncio.sleep(max(due - time.monotonic(), 0))
                if len(waiting) < _MOST_WAITING:
                    task = asyncio.create_task(self._one(http))
                    waiting.add(task)
                    task.add_done_callback(waiting.discard)
            await asyncio.gather(*waiting)
        waits = sorted(self._waits) or [0.0]
        return Told(
            events=self._told,
            seconds=time.monotonic() - began,
            refused=self._refused,
            waits=(waits[len(waits) // 2], waits[len(waits) * 99 // 100], waits[-1]),
        )

    async def _one(self, http: httpx.AsyncClient) -> None:
        body = self._body()
        timestamp = str(int(time.time()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}
        began = time.monotonic()
        try:
            answer = await http.post(self._order.url, content=body, headers=headers)
        except httpx.HTTPError:
            self._refused += 1
            return
        self._waits.append(time.monotonic() - began)
        if answer.status_code == 200:
            self._told += self._order.each
        else:
            self._refused += 1

    def _body(self) -> bytes:
        order, now = self._order, int(time.time())
        return orjson.dumps(
            [
                {
                    "email": f"customer{n}@example.com",
                    "timestamp": now,
                    "event": "delivered",
                    "sg_event_id": base64.urlsafe_b64encode(self._chance.randbytes(16)).decode(),
                    "sg_message_id": f"14c5d75ce93.dfd.64b469.{n}.filter0001.16648.5515E0B88.0",
                    "response": "250 OK",
                    "ff_batch": batch_key(order.broadcast, (n - 1) // order.batch_size + 1, 1),
                    "ff_broadcast": order.broadcast,
                    "ff_delivery": delivery_key(order.broadcast, n),
                }
                for n in (self._chance.randint(1, order.recipients) for _ in range(order.each))
            ]
        )


async def _main(order: Telling) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print((await _Source(order).tell(stop)).model_dump_json(), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(Telling.model_validate_json(Path(sys.argv[1]).read_bytes())))
