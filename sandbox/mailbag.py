"""The records of mail: what was accepted, for whom, and who must not be written to."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import orjson

from sandbox.book import Book
from sandbox.mailrules import Judged

T = TypeVar("T")

LISTS = ("bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes")

# What SendGrid writes as the reason of a `dropped` event, by list.
DROP_REASONS = {
    "bounces": "Bounced Address",
    "blocks": "Blocked Address",
    "spam_reports": "Spam Reporting Address",
    "invalid_emails": "Invalid",
    "unsubscribes": "Unsubscribed Address",
}

_VALUE = "coalesce(json_extract(m.args, :path), json_extract(q.args, :path))"
_VALUES_SHOWN = 10_000
_EXAMPLES_SHOWN = 20


class Mailbag:
    """Records accepted requests and answers questions about them."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._suppressed: dict[str, str] = {}
        self.reload()

    def reload(self) -> None:
        """Read the suppressions into memory, where every request looks them up."""
        rows = self._book.db.execute("SELECT email, list FROM suppression")
        groups = {name: place for place, name in enumerate(LISTS)}
        self._suppressed = {}
        self._grouped: set[tuple[str, str]] = set()
        for email, name in sorted(rows, key=lambda row: -groups.get(row[1], 99)):
            if name in DROP_REASONS:
                self._suppressed[email] = name
            else:
                self._grouped.add((name, email))

    def accept(self, judged: Judged, now: float, event_dues: dict[str, float]) -> str:
        """Write one request with all its recipients in one transaction; returns its message id.

        `event_dues` maps each event stage to the time from which it may be posted; empty when
        nobody listens.
        """
        message_id = secrets.token_urlsafe(16)
        outcomes, bounced = self._outcomes(judged)
        with self._book.transaction() as db:
            content_id = _content_id(db, judged.content)
            cursor = db.execute(
                "INSERT INTO mail_request (message_id, at, content_id, args, recipients)"
                " VALUES (?, ?, ?, ?, ?)",
                (message_id, now, content_id, judged.args, len(judged.rows)),
            )
            request_id = cursor.lastrowid
            db.executemany(f"INSERT INTO mail VALUES ({request_id}, ?, ?, ?, ?, NULL)", judged.rows)
            if outcomes:
                db.executemany(
                    f"UPDATE mail SET outcome = ? WHERE request_id = {request_id} AND n = ?",
                    outcomes,
                )
            for stage, due in event_dues.items():
                db.execute(
                    "INSERT INTO outbox (request_id, stage, due, recipients) VALUES (?, ?, ?, ?)",
                    (request_id, stage, due, len(judged.rows)),
                )
            if bounced:
                _suppress(db, "bounces", bounced, now, "550 5.1.1 mailbox does not exist")
        self._suppressed.update(dict.fromkeys(bounced, "bounces"))
        return message_id

    def _outcomes(self, judged: Judged) -> tuple[list[tuple[str, int]], list[str]]:
        outcomes: list[tuple[str, int]] = []
        bounced: list[str] = []
        group = f"group:{judged.asm_group}"
        look = not judged.bypass_suppressions and bool(self._suppressed or self._grouped)
        for row in judged.rows:
            address = row[1].lower()
            if look:
                listed = self._suppressed.get(address)
                if listed is not None:
                    outcomes.append((f"dropped:{DROP_REASONS[listed]}", row[0]))
                    continue
                if (group, address) in self._grouped:
                    outcomes.append(("dropped:Unsubscribed Address", row[0]))
                    continue
            if address.startswith("bounce"):
                outcomes.append(("bounce", row[0]))
                bounced.append(address)
        return outcomes, bounced

    def suppress(self, name: str, emails: list[str], now: float, reason: str) -> None:
        """Put addresses on a list (one of LISTS, or `group:<id>`)."""
        with self._book.transaction() as db:
            _suppress(db, name, [email.lower() for email in emails], now, reason)
        self.reload()

    def unlist(self, name: str, emails: list[str] | None) -> int:
        """Take addresses (None: everyone) off a list; returns how many were on it."""
        with self._book.transaction() as db:
            if emails is None:
                gone = db.execute("DELETE FROM suppression WHERE list = ?", (name,)).rowcount
            else:
                gone = 0
                for email in emails:
                    gone += db.execute(
                        "DELETE FROM suppression WHERE list = ? AND email = ?",
                        (name, email.lower()),
                    ).rowcount
        self.reload()
        return gone

    def suppressed(self, name: str, like: str = "") -> list[tuple[str, float, str]]:
        """(email, created, reason) of one list, newest first."""
        rows = self._book.db.execute(
            "SELECT email, created, reason FROM suppression WHERE list = ? AND email LIKE ?"
            " ORDER BY created DESC, email",
            (name, f"%{like}%"),
        )
        return [(str(email), float(created), str(reason)) for email, created, reason in rows]

    def totals(self) -> dict[str, int]:
        row = self._book.db.execute(
            "SELECT count(*), coalesce(sum(recipients), 0) FROM mail_request"
        ).fetchone()
        return {"requests": row[0], "recipients": row[1]}

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run any query over the records, in a thread."""
        return await self._book.read(query)

    async def by_arg(self, name: str) -> dict[str, Any]:
        """How many recipients, and how many distinct addresses, each value of an argument has."""

        def query(db: sqlite3.Connection) -> dict[str, Any]:
            rows = db.execute(
                f"SELECT {_VALUE} AS v, count(*), count(DISTINCT lower(m.address))"
                " FROM mail m JOIN mail_request q ON q.id = m.request_id"
                " GROUP BY v HAVING v IS NOT NULL LIMIT :limit",
                {"path": _json_path(name), "limit": _VALUES_SHOWN + 1},
            ).fetchall()
            shown = {v: {"recipients": n, "addresses": d} for v, n, d in rows[:_VALUES_SHOWN]}
            return {"by": name, "values": shown, "truncated": len(rows) > _VALUES_SHOWN}

        return await self._book.read(query)

    async def doubled(self, name: str) -> dict[str, Any]:
        """How many (value, address) pairs were accepted more than once, with examples' args."""

        def query(db: sqlite3.Connection) -> dict[str, Any]:
            pairs = (
                f"SELECT {_VALUE} AS v, lower(m.address) AS a, count(*) AS times,"
                " max(m.request_id) AS last, max(m.n) AS n"
                " FROM mail m JOIN mail_request q ON q.id = m.request_id"
                " GROUP BY v, a HAVING v IS NOT NULL AND count(*) > 1"
            )
            examples: list[dict[str, Any]] = []
            doubled = extra = 0
            for value, _, times, last, n in db.execute(pairs, {"path": _json_path(name)}):
                doubled += 1
                extra += times - 1
                if len(examples) < _EXAMPLES_SHOWN:
                    examples.append({"value": value, "times": times, "request": last, "n": n})
            for example in examples:
                row = db.execute(
                    "SELECT q.args, m.args FROM mail m JOIN mail_request q ON q.id = m.request_id"
                    " WHERE m.request_id = :request AND m.n = :n",
                    {"request": example.pop("request"), "n": example.pop("n")},
                ).fetchone()
                example["args"] = merged_args(*row) if row else {}
            return {"by": name, "doubled": doubled, "extra": extra, "examples": examples}

        return await self._book.read(query)

    def lines(self) -> Iterator[bytes]:
        """Every accepted recipient as a line of JSON, in blocks, in constant memory.

        Reads through a connection of its own, so it can run in another thread.
        """
        db = self._book.reader()
        try:
            requests = db.execute(
                "SELECT q.id, q.message_id, q.at, q.args, c.body FROM mail_request q"
                " JOIN mail_content c ON c.id = q.content_id ORDER BY q.id"
            )
            for request_id, message_id, at, args, body in requests:
                subject = orjson.loads(body).get("subject") or ""
                top = orjson.loads(args) if args else {}
                rows = db.execute(
                    "SELECT address, args, data FROM mail WHERE request_id = ? ORDER BY n",
                    (request_id,),
                )
                out = [
                    orjson.dumps(
                        {
                            "address": address,
                            "args": {**top, **orjson.loads(own)} if own else top,
                            "subject": filled_subject(subject, data),
                            "message_id": message_id,
                            "at": at,
                        }
                    )
                    for address, own, data in rows
                ]
                yield b"\n".join(out) + b"\n"
        finally:
            db.close()


def merged_args(top: str | None, own: str | None) -> dict[str, str]:
    """A recipient's custom arguments: the request's, overridden by the personalization's."""
    merged: dict[str, str] = orjson.loads(top) if top else {}
    if own:
        merged.update(orjson.loads(own))
    return merged


def filled_subject(subject: str, data: str | None) -> str:
    """The subject as one recipient sees it, after substitutions."""
    if data is None:
        return subject
    person: dict[str, Any] = orjson.loads(data)
    own = str(
        person.get("subject")
        or (person.get("dynamic_template_data") or {}).get("subject")
        or subject
    )
    return filled(own, person)


def filled(text: str, person: dict[str, Any]) -> str:
    """A text with one personalization's substitutions applied."""
    for key, value in (person.get("substitutions") or {}).items():
        text = text.replace(key, str(value))
    return text


def _json_path(name: str) -> str:
    return '$."' + name.replace('"', "") + '"'


def _content_id(db: sqlite3.Connection, content: bytes) -> int:
    # A broadcast repeats the same copy in every request: it is kept once.
    digest = hashlib.sha256(content).digest()
    row = db.execute("SELECT id FROM mail_content WHERE digest = ?", (digest,)).fetchone()
    if row is not None:
        return int(row[0])
    cursor = db.execute(
        "INSERT INTO mail_content (digest, body) VALUES (?, ?)", (digest, content.decode())
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _suppress(
    db: sqlite3.Connection, name: str, emails: list[str], now: float, reason: str
) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO suppression VALUES (?, ?, ?, ?)",
        [(name, email, now, reason) for email in emails],
    )
