"""Signing in to the console: single-use links, and sessions that are rows of the ledger.

``client.passkey_sign_in`` begins sessions, too.

On the embedded stack nothing proves who somebody is: whoever can print a link on this machine may
sign in as anybody. So there is no link where live accounts are used.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from client.engine import Engine
from client.errors import WrongInput
from client.people import known_people
from client.stack import stack_file
from domain.actor import Actor, AuthenticatedBy, Surface
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.people import Member
from settings import Settings
from store.people import sessions

LINK_WORKS_FOR = timedelta(minutes=15)
IDLE_FOR = timedelta(hours=12)
AT_MOST_FOR = timedelta(days=7)
_NOTED_EVERY = timedelta(minutes=1)
"""How exactly the ledger knows when a session was last used: a page is no reason to write."""


class LinkSpent(WrongInput):
    """The link has been used, is too old, or never was one."""

    def __init__(self) -> None:
        super().__init__(
            "This link does not work any more: it signs in once, within 15 minutes.",
            NextStep(action=Action.SIGN_IN, advice="Print a new one where Frontfoot runs."),
        )


class Session(Value):
    """Who is signed in, and since when."""

    person: Member
    since: datetime

    @property
    def actor(self) -> Actor:
        """Who acts, for every request made with this session."""
        return Actor(
            person=self.person.id,
            surface=Surface.CONSOLE,
            authenticated_by=AuthenticatedBy.SESSION,
        )


def refuse_live(settings: Settings) -> None:
    """Raise ``WrongInput`` unless a stack with a console runs here: one without live accounts."""
    stack = stack_file.read(settings.state_dir)
    if stack is None or not stack.runs():
        raise WrongInput(
            "No stack runs here, so there is no console to sign in to.",
            NextStep(action=Action.START, advice="Start one, or run this in its folder."),
        )
    if "console" not in stack.parts:
        raise WrongInput(
            "This stack uses live accounts, and has no console: nothing would prove who you are.",
            "Sign in the terminal, or start the stack with --sandbox.",
        )


async def make_link(engine: Engine) -> str:
    """The path of a new link, ``/enter/<token>``; it signs in once."""
    token = secrets.token_urlsafe(32)
    await sessions.enter_link(await engine.ledger(), hash_of(token), datetime.now(UTC))
    return f"/enter/{token}"


async def refuse_spent(engine: Engine, token: str) -> None:
    """Raise ``LinkSpent`` unless the link would sign somebody in now; changes nothing."""
    made = await sessions.link_made_at(await engine.ledger(), hash_of(token))
    if made is None or datetime.now(UTC) - made > LINK_WORKS_FOR:
        raise LinkSpent


async def sign_in(engine: Engine, token: str, person: str) -> str:
    """Spend a link and begin a session as ``person``; return its id, for a cookie.

    Raises ``LinkSpent``, and ``WrongInput`` for somebody in no roster.
    """
    people = await people_here(engine)
    if person not in {one.id for one in people}:
        raise WrongInput("Nobody of that name is in a roster here.", "Choose one of those listed.")
    now, session = datetime.now(UTC), secrets.token_urlsafe(32)
    spent = await sessions.spend_link(
        await engine.ledger(),
        hash_of(token),
        hash_of(session),
        person,
        made_after=now - LINK_WORKS_FOR,
        at=now,
    )
    if not spent:
        raise LinkSpent
    return session


async def session_of(engine: Engine, cookie: str) -> Session | None:
    """The session of a cookie; None if it has ended, was idle too long, or never was one."""
    if not cookie:
        return None
    ledger, now = await engine.ledger(), datetime.now(UTC)
    row = await sessions.find_session(ledger, hash_of(cookie))
    if row is None or row.ended_at is not None:
        return None
    if now - row.seen_at > IDLE_FOR or now - row.since > AT_MOST_FOR:
        return None
    person = {one.id: one for one in await people_here(engine)}.get(row.person)
    if person is None:
        # They were taken out of every roster.
        return None
    if now - row.seen_at > _NOTED_EVERY:
        await sessions.mark_seen(ledger, hash_of(cookie), now)
    return Session(person=person, since=row.since)


async def sign_out(engine: Engine, cookie: str) -> None:
    """End the session of a cookie."""
    await sessions.end_session(await engine.ledger(), hash_of(cookie), datetime.now(UTC))


async def people_here(engine: Engine) -> tuple[Member, ...]:
    """Everybody who may sign in."""
    return await asyncio.to_thread(_people, engine.settings)


def _people(settings: Settings) -> tuple[Member, ...]:
    """``known_people``, read again only when a file has changed: every page asks."""
    folder = settings.playbooks_dir
    files = [*folder.glob("*.yaml"), *folder.glob("*/*.yaml")]
    versions = tuple(sorted((str(one), one.stat().st_mtime_ns) for one in files))
    return _people_of(settings, versions)


@lru_cache(maxsize=8)
def _people_of(settings: Settings, versions: tuple[tuple[str, int], ...]) -> tuple[Member, ...]:
    return known_people(settings)


def hash_of(token: str) -> str:
    """What the ledger has in place of a link's token, or of what is in a cookie."""
    # 256 random bits cannot be guessed, so the hash needs neither salt nor delay.
    return hashlib.sha256(token.encode()).hexdigest()
