"""Snapshots of playbooks: the files as they were when an incident opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import orjson
from sqlalchemy import select

from domain.errors import DomainError
from store.kernel.database import Database
from store.tables import playbooks


def snapshot_digest(files: Mapping[str, str]) -> str:
    """SHA-256 of the canonical JSON of ``files`` (path to text), 64 hexadecimal digits."""
    return hashlib.sha256(_canonical(files).encode()).hexdigest()


async def save_snapshot(db: Database, name: str, files: Mapping[str, str]) -> str:
    """Keep the files of playbook ``name`` and return their digest. Idempotent."""
    digest = snapshot_digest(files)
    row = {"digest": digest, "name": name, "files": _canonical(files)}
    async with db.write() as connection:
        await connection.execute(db.insert_or_ignore(playbooks).values(row))
    return digest


async def load_snapshot(db: Database, digest: str) -> Mapping[str, str]:
    """The files of a snapshot, path to text; ``DomainError`` if there is none of that digest."""
    async with db.read() as connection:
        text = await connection.scalar(
            select(playbooks.c.files).where(playbooks.c.digest == digest)
        )
    if text is None:
        raise DomainError(
            f"The ledger has no playbook snapshot {digest[:8]}.",
            "Check that every process uses the same database URL.",
        )
    files: dict[str, str] = orjson.loads(text)
    return files


def _canonical(files: Mapping[str, str]) -> str:
    return json.dumps(dict(files), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
