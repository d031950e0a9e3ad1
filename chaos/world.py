"""What went out, by the sandbox's own records, which share no code with the product."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson
from pydantic import BaseModel

from domain.ids import batch_of


class SeenPost(BaseModel):
    """One post, in the order in which the platform took it; ``at`` in seconds since 1970."""

    id: str
    text: str
    url: str = ""
    at: float
    deleted: bool = False
    reply_to: str | None = None


class _Posts(BaseModel):
    posts: list[SeenPost]
    comments: list[SeenPost] = []


class _SandboxRecords(BaseModel):
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


class ShownUpdate(BaseModel):
    """An update on the status page, as its JSON has it."""

    id: str
    body: str


class _ShownIncident(BaseModel):
    incident_updates: list[ShownUpdate]


class _ShownIncidents(BaseModel):
    incidents: list[_ShownIncident]


@dataclass
class World:
    """Everything that went out: posts, answers to people, mails. ``unmarked`` mails lack a mark."""

    posts: dict[str, list[SeenPost]] = field(default_factory=dict)
    answers: dict[str, list[SeenPost]] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    unmarked: int = 0


async def look(sandbox: httpx.AsyncClient) -> World:
    """Read all of it in the sandbox's own records."""
    answer = await sandbox.get("/_sandbox/books")
    records = _SandboxRecords.model_validate_json(answer.raise_for_status().content)
    said = records.twitter.posts
    posts = [post for post in said if post.reply_to is None]
    answers = [post for post in said if post.reply_to is not None]
    world = World(
        {"twitter": posts, "facebook": records.facebook.posts},
        {"twitter": answers, "facebook": records.facebook.comments},
    )
    mails = await sandbox.get("/_sandbox/books/mail.ndjson", timeout=120)
    for line in mails.raise_for_status().content.splitlines():
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


async def read_page(website: httpx.AsyncClient) -> list[ShownUpdate]:
    """Every update on the status page, where anybody reads it."""
    shown = (await website.get("/api/v2/incidents.json")).raise_for_status().content
    incidents = _ShownIncidents.model_validate_json(shown).incidents
    return [update for incident in incidents for update in incident.incident_updates]


async def events_owed(sandbox: httpx.AsyncClient) -> int:
    """How many events of mail the sandbox still has to deliver."""
    answer = await sandbox.get("/_sandbox/health")
    return int(answer.raise_for_status().json()["events"]["events_owed"])


def bodies(state: Path) -> dict[str, set[str]]:
    """The texts that each broadcast's requests carried, by its key; before personal fields."""
    found: dict[str, set[str]] = {}
    with closing(sqlite3.connect(f"file:{state}?mode=ro", uri=True)) as db:
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
