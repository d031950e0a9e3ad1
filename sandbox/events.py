"""Posts SendGrid's signed mail events to a listener, repeatedly until it accepts them."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.book import Book
from sandbox.config import SandboxConfig
from sandbox.faults import FaultKind, Faults, Operation, Provider
from sandbox.mailbag import merged_args

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
_IN_FLIGHT = 4
_SLOWEST_RETRY = 30.0
_SHUFFLED = "+shuffled"

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Owed:
    """One stage (`processed`, then `outcome`) of one mail request, not yet delivered."""

    number: int
    request_id: int
    stage: str
    tries: int


class EventSender:
    """Delivers to a listener what became of every recipient, in signed batches.

    What is owed is recorded by request and stage, so that a restart continues where it stopped.
    A batch that was posted but whose answer was lost is posted again with the same
    `sg_event_id`s, as SendGrid does.
    """

    def __init__(
        self, config: SandboxConfig, book: Book, faults: Faults, clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._book = book
        self._faults = faults
        self._clock = clock
        self._key = _signing_key(book)
        self._woken = asyncio.Event()
        self._in_flight: dict[int, int] = {}
        self.told = 0
        self.batches = 0
        self.failures = 0

    @property
    def public_key(self) -> str:
        """The listener's half of the key pair, as base64 DER."""
        return base64.b64encode(
            self._key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ).decode()

    def dues(self, now: float, send_at: float | None) -> dict[str, float]:
        """When the two stages of a request accepted now are due; empty without a listener."""
        if not self._config.dials.event_webhook_url:
            return {}
        delay = self._config.event_delay.total_seconds()
        start = max(now, send_at or now)
        late = self._faults.fire(Provider.SENDGRID, Operation.EVENTS, {FaultKind.EVENTS_DELAY})
        if late is not None:
            start += late.seconds or 0.0
        if self._faults.fire(Provider.SENDGRID, Operation.EVENTS, {FaultKind.EVENTS_SHUFFLE}):
            return {
                "outcome" + _SHUFFLED: start + delay,
                "processed" + _SHUFFLED: start + 2 * delay,
            }
        return {"processed": start + delay, "outcome": start + 2 * delay}

    def wake(self) -> None:
        """Signal that there may be something to deliver."""
        self._woken.set()

    def counts(self) -> dict[str, int]:
        """Events delivered, their batches, failed posts, and events still owed."""
        owed = self._book.db.execute("SELECT coalesce(sum(recipients), 0) FROM outbox").fetchone()
        return {
            "events_told": self.told,
            "batches": self.batches,
            "failed_posts": self.failures,
            "events_owed": owed[0],
        }

    async def run(self) -> None:
        """Deliver what is owed, for ever; cancel to stop."""
        slots = asyncio.Semaphore(_IN_FLIGHT)
        # No proxy from the environment: a listener on loopback must be reached directly.
        async with (
            httpx.AsyncClient(timeout=30.0, trust_env=False) as client,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                await slots.acquire()
                owed, wait = self._pick()
                if owed:
                    self._in_flight.update((o.number, o.request_id) for o in owed)
                    task = tasks.create_task(self._tell(client, owed))
                    task.add_done_callback(lambda _: slots.release())
                    continue
                slots.release()
                self._woken.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._woken.wait()

    def _pick(self) -> tuple[list[_Owed], float | None]:
        """What to deliver next in one batch; or nothing, and the seconds until then.

        While one stage of a request is on its way, its next one waits: only the fault that shuffles
        tells them the wrong way round.
        """
        now = self._clock()
        on_their_way = set(self._in_flight.values())
        rows = self._book.db.execute(
            "SELECT id, request_id, stage, tries, recipients, due FROM outbox ORDER BY due LIMIT ?",
            (2 * len(self._in_flight) + self._config.event_batch,),
        )
        owed: list[_Owed] = []
        size = 0
        for number, request_id, stage, tries, recipients, due in rows:
            if request_id in on_their_way:
                continue
            if due > now:
                return owed, due - now
            if owed and size + recipients > self._config.event_batch:
                break
            owed.append(_Owed(number, request_id, stage, tries))
            size += recipients
        return owed, None

    async def _tell(self, client: httpx.AsyncClient, owed: list[_Owed]) -> None:
        try:
            events = self._events(owed)
            told = await self._post_all(client, events)
            with self._book.transaction() as db:
                if told:
                    db.executemany("DELETE FROM outbox WHERE id = ?", [(o.number,) for o in owed])
                else:
                    now = self._clock()
                    db.executemany(
                        "UPDATE outbox SET tries = tries + 1, due = ? WHERE id = ?",
                        [(now + _backoff(o.tries), o.number) for o in owed],
                    )
        finally:
            for one in owed:
                del self._in_flight[one.number]
            self._woken.set()

    def _events(self, owed: list[_Owed]) -> list[Event]:
        events: list[Event] = []
        for one in owed:
            events.extend(_events_of(self._book.db, one.request_id, one.stage))
        lost = self._faults.strike_each(FaultKind.EVENTS_LOSE, len(events))
        if lost is not None:
            events = [e for e, gone in zip(events, lost.struck, strict=True) if not gone]
        doubled = self._faults.strike_each(FaultKind.EVENTS_DUPLICATE, len(events))
        if doubled is not None:
            again = [e for e, hit in zip(events, doubled.struck, strict=True) if hit]
            events.extend(again * (doubled.rule.factor - 1))
        if any(one.stage.endswith(_SHUFFLED) for one in owed):
            self._faults.shuffle(events)
        return events

    async def _post_all(self, client: httpx.AsyncClient, events: list[Event]) -> bool:
        size = self._config.event_batch
        for start in range(0, len(events), size):
            batch = events[start : start + size]
            if not await self._post(client, orjson.dumps(batch)):
                self.failures += 1
                return False
            self.batches += 1
            self.told += len(batch)
        return True

    def signature_of(self, body: bytes) -> dict[str, str]:
        """The headers by which a body is known as ours."""
        timestamp = str(int(self._clock()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
            TIMESTAMP_HEADER: timestamp,
        }

    async def _post(self, client: httpx.AsyncClient, body: bytes) -> bool:
        url = self._config.dials.event_webhook_url
        if not url:
            return False
        headers = {"Content-Type": "application/json", **self.signature_of(body)}
        try:
            answer = await client.post(url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return answer.is_success


def _events_of(db: sqlite3.Connection, request_id: int, stage: str) -> list[Event]:
    """The events of one stage of one request, in the request's order of recipients."""
    found = db.execute(
        "SELECT q.message_id, q.at, q.args, c.body FROM mail_request q"
        " JOIN mail_content c ON c.id = q.content_id WHERE q.id = ?",
        (request_id,),
    ).fetchone()
    if found is None:
        # The records were reset while the batch was under way.
        return []
    message_id, at, top, body = found
    content = orjson.loads(body)
    common: Event = {}
    if content.get("categories"):
        common["category"] = content["categories"]
    if isinstance(content.get("asm"), dict):
        common["asm_group_id"] = content["asm"].get("group_id")
    first = stage.startswith("processed")
    common["timestamp"] = int(at) if first else int(at) + 1
    common["smtp-id"] = f"<{message_id}@sandbox.invalid>"
    events: list[Event] = []
    rows = db.execute(
        "SELECT address, n, args, outcome FROM mail WHERE request_id = ? ORDER BY n", (request_id,)
    )
    shared = orjson.loads(top) if top else {}
    for address, n, own, outcome in rows:
        told = _word(first, outcome)
        if told is None:
            continue
        # Custom arguments are on the same level as SendGrid's own fields, which win.
        event = {**(merged_args(top, own) if own else shared), **common, **told}
        event["email"] = address
        event["sg_message_id"] = f"{message_id}.sandbox-{n}"
        event["sg_event_id"] = f"{message_id}{n:04d}{told['event'][0]}"
        events.append(event)
    return events


_PROCESSED = {"event": "processed"}
_DELIVERED = {"event": "delivered", "response": "250 OK"}
_BOUNCED = {
    "event": "bounce",
    "type": "bounce",
    "status": "5.1.1",
    "reason": "550 5.1.1 mailbox does not exist",
}


def _word(first: bool, outcome: str | None) -> dict[str, str] | None:
    if outcome is not None and outcome.startswith("dropped:"):
        if not first:
            return None
        return {"event": "dropped", "reason": outcome.removeprefix("dropped:"), "status": "5.0.0"}
    if first:
        return _PROCESSED
    return _BOUNCED if outcome == "bounce" else _DELIVERED


def _backoff(tries: int) -> float:
    return float(min(_SLOWEST_RETRY, 0.25 * 2 ** min(tries, 10)))


def _signing_key(book: Book) -> ec.EllipticCurvePrivateKey:
    def make() -> str:
        return (
            ec.generate_private_key(ec.SECP256R1())
            .private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            .decode()
        )

    key = serialization.load_pem_private_key(book.meta("event_key", make).encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
