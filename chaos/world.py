"""What the outside world got: the sandbox's own books, which share no code with the product."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson
from pydantic import BaseModel

from domain.ids import batch_of


class Post(BaseModel):
    """One post, in the order in which the platform took it; ``at`` in seconds since 1970."""

    id: str
    text: str
    url: str = ""
    at: float
    deleted: bool = False


class _Posts(BaseModel):
    posts: list[Post]


class _Books(BaseModel):
    twitter: _Posts
    facebook: _Posts


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address: in which request of which broadcast, and when it was taken."""

    address: str
    broadcast: str
    batch: int
    attempt: int
    at: float
    subject: str


@dataclass
class World:
    """Everything that went out. ``unmarked`` counts mails that bear no mark of ours."""

    posts: dict[str, list[Post]] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    unmarked: int = 0


async def look(sandbox: httpx.AsyncClient) -> World:
    """Read all of it."""
    answer = await sandbox.get("/_sandbox/books")
    books = _Books.model_validate_json(answer.raise_for_status().content)
    world = World({"twitter": books.twitter.posts, "facebook": books.facebook.posts})
    told = await sandbox.get("/_sandbox/books/mail.ndjson", timeout=120)
    for line in told.raise_for_status().content.splitlines():
        raw = orjson.loads(line)
        try:
            broadcast, batch, attempt = batch_of(str(raw["args"].get("ff_batch", "")))
        except ValueError:
            world.unmarked += 1
            continue
        address, at = str(raw["address"]).lower(), float(raw["at"])
        mail = Mail(address, broadcast, batch, attempt, at, str(raw["subject"]))
        world.mails.append(mail)
    return world


async def events_owed(sandbox: httpx.AsyncClient) -> int:
    """Events of mail that the sandbox still has to tell."""
    answer = await sandbox.get("/_sandbox/health")
    return int(answer.raise_for_status().json()["events"]["events_owed"])


def bodies(book: Path) -> dict[str, set[str]]:
    """The texts that each broadcast's requests carried, by its key; before personal fields."""
    found: dict[str, set[str]] = {}
    with closing(sqlite3.connect(f"file:{book}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT DISTINCT json_extract(q.args, '$.ff_broadcast'), c.body FROM mail_request q"
            " JOIN mail_content c ON c.id = q.content_id"
        )
        for key, body in rows:
            plain = [
                part["value"]
                for part in orjson.loads(body).get("content") or []
                if part["type"] == "text/plain"
            ]
            found.setdefault(str(key), set()).update(plain)
    return found
