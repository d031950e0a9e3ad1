"""Tokens of the API: made for one person, shown once, kept as hashes, removed at once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from client.engine import Engine
from client.errors import WrongInput
from client.people_changes import note_people
from client.signing_in import hash_of, people_here, refuse_stranger
from domain.actor import Actor, AuthenticatedBy, Surface
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.people import Member
from domain.public_text import refuse_unfit
from domain.tokens import Scope, Token
from store.people import tokens

PREFIX = "ff_"
"""How every token begins, so that people and scanners of repositories know one when they see it."""

ID_DIGITS = 16
SHORTEST_ID = 8
UNLESS_SAID = timedelta(days=90)
LONGEST = timedelta(days=730)
NAME_LIMIT = 80

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")
_NOTED_EVERY = timedelta(hours=1)
"""How exactly the ledger knows when a token was last used."""


class MadeToken(Value):
    """A token that was just made. ``secret`` is shown now and never again."""

    token: Token
    secret: str


class Bearer(Value):
    """Whoever a token speaks for; ``everybody`` are the people of the house now."""

    token: Token
    person: Member
    everybody: tuple[Member, ...] = ()

    @property
    def actor(self) -> Actor:
        """Who acts, for every request made with this token."""
        return Actor(
            person=self.person.id,
            surface=Surface.API,
            authenticated_by=AuthenticatedBy.TOKEN,
        )


def expires_in(text: str) -> timedelta:
    """How long a token is to work, as people type it: ``90d``; ``WrongInput`` for anything else."""
    days = _DAYS.fullmatch(text.strip())
    if days is None or timedelta(days=int(days[1])) > LONGEST:
        raise WrongInput(
            f"{text[:40]!r} is no time for which a token can work.",
            f"Write days, such as 90d; the most are {LONGEST.days}d.",
        )
    return timedelta(days=int(days[1]))


def scopes_of(words: Iterable[str]) -> tuple[Scope, ...]:
    """Scopes as people type them, each once; ``WrongInput`` for none, or for one that is none."""
    known = {one.value: one for one in Scope}
    asked = list(dict.fromkeys(word.strip() for word in words))
    strangers = [word for word in asked if word not in known]
    if strangers or not asked:
        what = f"{strangers[0][:40]!r} is no scope." if strangers else "A token needs a scope."
        raise WrongInput(what, f"There are {', '.join(known)}.")
    return tuple(known[word] for word in asked)


async def create_token(
    engine: Engine,
    person: str,
    scopes: tuple[Scope, ...],
    *,
    by: str,
    surface: Surface,
    lasts: timedelta = UNLESS_SAID,
    name: str = "",
) -> MadeToken:
    """Make a token for ``person``; ``WrongInput`` for somebody who is not known."""
    name = name.strip()
    refuse_unfit(name, "The name", NAME_LIMIT, one_line=True)
    await refuse_stranger(engine, person)
    secret = PREFIX + secrets.token_urlsafe(32)
    hashed, now = hash_of(secret), datetime.now(UTC)
    made = Token(
        id=hashed[:ID_DIGITS],
        person=person,
        name=name,
        scopes=scopes,
        created_at=now,
        created_by=by,
        expires_at=now + lasts,
    )
    await tokens.enter(await engine.ledger(), made, hashed, surface)
    return MadeToken(token=made, secret=secret)


async def list_tokens(engine: Engine) -> list[Token]:
    """Every token that was not removed, also those that have expired; by person."""
    return await tokens.in_force(await engine.ledger())


async def token_of(engine: Engine, named: str) -> Token:
    """The token in force whose id begins with these 8 or more digits; ``WrongInput`` if not one."""
    wanted = named.strip().lower()
    found = [one for one in await list_tokens(engine) if one.id.startswith(wanted)]
    if len(wanted) < SHORTEST_ID or len(found) != 1:
        raise WrongInput(
            f"{named[:40]!r} is not the id of one token that is in force.",
            NextStep(
                action=Action.LIST_TOKENS, advice=f"Give {SHORTEST_ID} or more digits of an id."
            ),
        )
    return found[0]


async def remove_token(engine: Engine, named: str, *, by: str, surface: Surface) -> Token:
    """Let a token open nothing from now on; ``named`` are 8 or more first digits of its id.

    ``WrongInput`` if they name none, or several.
    """
    found = await token_of(engine, named)
    await tokens.remove(await engine.ledger(), found.id, by, datetime.now(UTC), surface)
    return found


async def bearer_of(engine: Engine, secret: str) -> Bearer | None:
    """Whoever a token speaks for now; None if it was removed, has expired, or never was one.

    Nor does it speak for somebody who was taken out of the file of people.
    """
    if not secret.startswith(PREFIX):
        return None
    hashed, now = hash_of(secret), datetime.now(UTC)
    ledger = await engine.ledger()
    found = await tokens.find(ledger, hashed[:ID_DIGITS])
    if found is None or not compare_digest(found[1], hashed):
        return None
    token = found[0]
    if now >= token.expires_at:
        return None
    everybody = await people_here(engine)
    await note_people(engine, everybody)
    person = {one.id: one for one in everybody}.get(token.person)
    if person is None:
        return None
    if token.used_at is None or now - token.used_at > _NOTED_EVERY:
        await tokens.mark_used(ledger, token.id, now)
    return Bearer(token=token, person=person, everybody=everybody)
