"""Tokens in the ledger: found by their ids until they are removed."""

from __future__ import annotations

from datetime import timedelta

from domain.actor import Surface
from domain.tokens import Scope, Token
from store.kernel.database import Database
from store.people import tokens
from tests.store.world import NOON

LATER = NOON + timedelta(hours=2)
TOKEN = Token(
    id="5c1d02aa7f3e9b64",
    person="noor",
    name="monitoring",
    scopes=(Scope.EVENTS_READ, Scope.INCIDENTS_READ),
    created_at=NOON,
    created_by="maya",
    expires_at=NOON + timedelta(days=90),
)
HASH = TOKEN.id + "0" * 48


async def test_one_is_found_as_it_was_entered(database: Database) -> None:
    await tokens.enter(database, TOKEN, HASH, Surface.TERMINAL)
    assert await tokens.find(database, TOKEN.id) == (TOKEN, HASH)
    assert await tokens.find(database, "0" * 16) is None
    assert await tokens.in_force(database) == [TOKEN]


async def test_it_is_removed_once_and_for_good(database: Database) -> None:
    await tokens.enter(database, TOKEN, HASH, Surface.TERMINAL)
    removed = [
        await tokens.remove(database, TOKEN.id, "maya", LATER, Surface.CONSOLE) for _ in range(2)
    ]
    assert removed == [True, False]
    assert await tokens.find(database, TOKEN.id) is None
    assert await tokens.in_force(database) == []


async def test_when_it_was_used_only_moves_forward(database: Database) -> None:
    await tokens.enter(database, TOKEN, HASH, Surface.TERMINAL)
    for at in (LATER, NOON):
        await tokens.mark_used(database, TOKEN.id, at)
    [found] = await tokens.in_force(database)
    assert found.used_at == LATER
