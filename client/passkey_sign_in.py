"""Signing in with a passkey: it says itself whose it is, and a challenge is answered once.

The challenge belongs to the browser that asked for it: that browser's cookie has a secret, and the
challenge is made of its hash. What another browser was asked signs nobody in here.

Strangers may ask as often as they like (``client.challenges``): only an answer by a passkey that is
enrolled here makes a row.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from client.challenges import new_secret, time_of
from client.engine import Engine
from client.errors import WrongInput
from client.passkey_browser import read_answer, rp_id_of
from client.signing_in import hash_of, people_here
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.passkey import base64url, check_signature
from domain.proof import ProofRefused
from domain.sealing import signed_bytes
from store.people import credentials, sessions

LASTS = timedelta(minutes=5)
"""How long a challenge may be answered."""


class SignInRefused(WrongInput):
    """Nobody was signed in; the passkey shows nothing, or not to this browser."""

    def __init__(self, what: str) -> None:
        super().__init__(
            what,
            NextStep(action=Action.SIGN_IN, advice="Try again, or open a link."),
            means="Nobody is signed in.",
        )


class Challenge(Value):
    """What a page asks the browser for, and the secret for the browser's cookie."""

    options: dict[str, object]
    secret: str


async def begin_sign_in(engine: Engine, origin: str) -> Challenge:
    """Ask whoever is there for a signature by any passkey of this console."""
    secret = new_secret(datetime.now(UTC) + LASTS)
    return Challenge(
        options={
            "challenge": base64url(_challenge(secret)),
            "rpId": rp_id_of(origin),
            "allowCredentials": [],
            "userVerification": "required",
            "timeout": int(LASTS.total_seconds() * 1000),
        },
        secret=secret,
    )


async def finish_sign_in(engine: Engine, secret: str, answer: object, origin: str) -> str:
    """Begin a session for the person whose passkey has answered; return its id, for a cookie.

    ``SignInRefused`` says what does not fit.
    """
    ledger, now, session = await engine.ledger(), datetime.now(UTC), secrets.token_urlsafe(32)
    expires = time_of(secret)
    if expires is None or expires <= now:
        raise SignInRefused("This browser was not asked to sign in, or it has taken too long.")
    try:
        given = read_answer(answer)
        found = await credentials.of_passkey(ledger, given.id, origin)
        if found is None:
            raise SignInRefused("This passkey is not enrolled here.")
        if found.removed_at is not None:
            raise SignInRefused("This passkey was removed.")
        if found.waits:
            raise SignInRefused("This passkey waits for a second person to confirm it.")
        passkey = found.credential
        check_signature(given.evidence(passkey.id, b""), _challenge(secret), passkey)
    except ProofRefused as refusal:
        raise SignInRefused(refusal.what) from refusal
    if passkey.person not in {one.id for one in await people_here(engine)}:
        raise SignInRefused("The person of this passkey is not among the people here any more.")
    begun = await sessions.begin_with_passkey(
        ledger, hash_of(secret), expires, hash_of(session), passkey.person, passkey.id, now
    )
    if not begun:
        raise SignInRefused("This was answered already, or has taken too long.")
    return session


def _challenge(secret: str) -> bytes:
    return hashlib.sha256(signed_bytes("sign-in", hash_of(secret))).digest()
