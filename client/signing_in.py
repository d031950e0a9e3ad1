"""Signing in to the console: single-use links, and sessions that are rows of the ledger.

``client.passkey_sign_in`` begins sessions, too.

Whoever can print a link says whom it signs in. On the embedded stack they may leave that to whoever
opens it; where live accounts are used, each link is for one person.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from client.engine import Engine
from client.errors import WrongInput
from client.people import known_people
from client.people_changes import note_people
from client.stack import stack_file
from domain.actor import Actor, AuthenticatedBy, Surface
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.people import Member
from domain.public_text import OWN_MACHINE
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
    """Who is signed in, and since when; ``everybody`` are the people of the house now.

    ``handle`` are the first digits of its hash, and ``begun_by`` is how it was begun.
    """

    person: Member
    since: datetime
    everybody: tuple[Member, ...] = ()
    handle: str = ""
    begun_by: str = ""

    @property
    def actor(self) -> Actor:
        """Who acts, for every request made with this session."""
        return Actor(
            person=self.person.id,
            surface=Surface.CONSOLE,
            authenticated_by=AuthenticatedBy.SESSION,
        )


def console_of(settings: Settings, person: str | None) -> str:
    """The address of the console that a link for ``person`` is to be printed for.

    That of the stack that runs here, or else of FRONTFOOT_CONSOLE_URL. ``WrongInput`` if there is
    neither, or if a link for nobody in particular is not safe there.
    """
    stack = stack_file.read(settings.state_dir)
    if stack is not None and stack.runs():
        if person is None and stack.real:
            raise _for_one_person("This stack uses live accounts")
        return stack.addresses["console"]
    if "console_url" not in settings.model_fields_set:
        raise WrongInput(
            "No stack runs here, so there is no console to sign in to.",
            NextStep(
                action=Action.START,
                advice="Start one, or run this in its folder. For a console of another kind set "
                "FRONTFOOT_CONSOLE_URL.",
            ),
        )
    if person is None:
        raise _for_one_person("This console is not the embedded stack's")
    return settings.console_url


def reading_address(settings: Settings) -> str:
    """Where the console is only read, of the stack that runs here or as set; "" if nowhere."""
    stack = stack_file.read(settings.state_dir)
    if stack is not None and stack.runs():
        return stack.addresses.get("reading", "")
    return settings.console_reading_url


def for_phones(settings: Settings, console: str) -> tuple[str, bool]:
    """The address at which a phone reaches ``console``, and whether it only reads there.

    ``WrongInput`` if ``console`` is an address that every machine has for itself, and nothing is
    set for phones.
    """
    reading = reading_address(settings)
    if not re.match(OWN_MACHINE, f"{console}/"):
        return console, False
    if not reading:
        raise WrongInput(
            f"The console is at {console}, and a phone that opens that address looks for it on "
            "the phone itself.",
            NextStep(
                action=Action.START,
                advice="Give the console a name with HTTPS, by FRONTFOOT_CONSOLE_URL. To let "
                "phones in this network only read it, set FRONTFOOT_CONSOLE_READING_URL.",
            ),
        )
    return reading, True


def _for_one_person(why: str) -> WrongInput:
    return WrongInput(
        f"{why}, so a link signs in one person, whom you name.",
        NextStep(action=Action.SIGN_IN, advice="Name them with --person."),
    )


READING = "reading."
"""The beginning of what signs in where the console is only read, so that it does nowhere else.

It travels in the clear, and whoever copies it must not be able to do more with it.
"""


async def make_link(engine: Engine, person: str | None = None, *, reading: bool = False) -> str:
    """The path of a new link, ``/enter/<token>``; it signs in ``person`` once.

    Without a person, whoever opens it says who they are. With ``reading``, it works at the address
    where the console is only read. ``WrongInput`` for somebody who is not known.
    """
    if person is not None:
        await refuse_stranger(engine, person)
    token = f"{READING if reading else ''}{secrets.token_urlsafe(32)}"
    await sessions.enter_link(await engine.ledger(), hash_of(token), datetime.now(UTC), person)
    return f"/enter/{token}"


async def people_of_link(engine: Engine, token: str) -> tuple[Member, ...]:
    """Those whom the link would sign in now; changes nothing. ``LinkSpent`` if it is none."""
    found = await sessions.find_link(await engine.ledger(), hash_of(token))
    if found is None or datetime.now(UTC) - found[0] > LINK_WORKS_FOR:
        raise LinkSpent
    people = await people_here(engine)
    return tuple(one for one in people if found[1] in (None, one.id))


async def sign_in(engine: Engine, token: str, person: str) -> str:
    """Spend a link and begin a session as ``person``; return its id, for a cookie.

    Raises ``LinkSpent``, also if the link is for somebody else, and ``WrongInput`` for somebody who
    is not known.
    """
    await refuse_stranger(engine, person)
    now = datetime.now(UTC)
    session = f"{READING if token.startswith(READING) else ''}{secrets.token_urlsafe(32)}"
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


async def refuse_stranger(engine: Engine, person: str) -> None:
    """Raise ``WrongInput`` unless ``person`` is one of the house."""
    people = [one.id for one in await people_here(engine)]
    if person not in people:
        raise WrongInput(f"Nobody here goes by {person[:40]!r}.", f"There are {', '.join(people)}.")


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
    everybody = await people_here(engine)
    await note_people(engine, everybody)
    person = {one.id: one for one in everybody}.get(row.person)
    if person is None:
        # They were taken out of every roster.
        return None
    if now - row.seen_at > _NOTED_EVERY:
        await sessions.mark_seen(ledger, hash_of(cookie), now)
    return Session(
        person=person,
        since=row.since,
        everybody=everybody,
        handle=row.id_hash[: sessions.HANDLE_DIGITS],
        begun_by=row.begun_by,
    )


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
