"""Recovery codes: ten that a person keeps on paper, each of which signs them in once.

A code has 130 random bits. Guessing one is hopeless at any rate, so neither a limit for wrong
codes nor a slow hash is needed, and nobody can lock somebody else out by typing wrong ones.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import WrongInput
from client.second_person import refuse_unvouched
from client.signing_in import Session, hash_of, people_here
from domain.explanation import Action, NextStep
from store.people import recovery_codes

MANY = 10

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without i, l, o and u: what is read from paper is typed as one of these."""

_GROUPS = (6, 5, 5, 5, 5)
_LENGTH = sum(_GROUPS)
_READ_AS = str.maketrans("ilo", "110", "- \t\r\n")


class CodeRefused(WrongInput):
    """Nobody was signed in; it does not say which of the reasons it is."""

    def __init__(self) -> None:
        super().__init__(
            "This code signs nobody in.",
            NextStep(
                action=Action.SIGN_IN,
                advice="Compare it letter by letter, take your next one, or ask for a link.",
            ),
            means="It was mistyped, was used, or newer ones have replaced it.",
        )


async def make_codes(engine: Engine, session: Session) -> tuple[str, ...]:
    """Ten new codes for whoever is signed in, to be shown once; those of before work no more.

    ``NotAllowed`` where a second person is asked for and nothing has proven who is signed in.
    """
    refuse_unvouched(engine.settings, session, "make recovery codes")
    codes = tuple(_new() for _ in range(MANY))
    hashes = [hash_of(_plain(one)) for one in codes]
    now = datetime.now(UTC)
    await recovery_codes.replace(await engine.ledger(), session.person.id, hashes, now)
    return codes


async def codes_left(engine: Engine, person: str) -> int:
    """How many codes of a person still work."""
    return (await recovery_codes.left_of(await engine.ledger())).get(person, 0)


async def sign_in_with_code(engine: Engine, typed: str) -> str:
    """Spend a code and begin a session for its person; return its id, for a cookie.

    ``CodeRefused`` if it is none, or if its person is not among the people here any more.
    """
    plain = _plain(typed)
    if len(plain) != _LENGTH:
        raise CodeRefused
    ledger, session = await engine.ledger(), secrets.token_urlsafe(32)
    person = await recovery_codes.person_of(ledger, hash_of(plain))
    if person is None or person not in {one.id for one in await people_here(engine)}:
        raise CodeRefused
    now = datetime.now(UTC)
    if not await recovery_codes.spend(ledger, hash_of(plain), hash_of(session), person, now):
        raise CodeRefused
    return session


def _new() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(one)) for one in _GROUPS)


def _plain(typed: str) -> str:
    """A code as it is hashed, however it was typed."""
    return typed[:200].lower().translate(_READ_AS)
