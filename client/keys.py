"""Keys that people sign decisions with: private halves in files here, public ones enrolled."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from client.engine import Engine
from client.errors import WrongInput
from client.people import known_people
from client.record_key import is_beside
from domain.actor import Surface
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.proof import (
    Credential,
    CredentialKind,
    Evidence,
    Statement,
    credential_id,
    key_signs,
)
from settings import Settings
from store.kernel import private_files
from store.people import credentials
from store.people.credentials import Enrolled

SHORTEST_ID = 8
_PERSON = re.compile(r"[a-z][a-z0-9_.-]{0,39}")


@dataclass(frozen=True)
class SigningKey:
    """A person's private key, as it was read from its file. Never shown, logged or sent."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> bytes:
        """The public half, in SPKI DER."""
        return self.private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, statement: Statement) -> Evidence:
        """What to hand in so that this decision counts."""
        return Evidence(
            credential=credential_id(self.public),
            statement=statement.canonical(),
            signature=self.private.sign(key_signs(statement)),
        )


class KeyCreated(Value):
    """A key file and its public half, one line of base64; ``enrolled``: the ledger has it."""

    person: str
    id: str
    file: Path
    public: str
    enrolled: bool


def key_file(settings: Settings, person: str) -> Path:
    """Where a person's key is kept; ``WrongInput`` for what cannot be a person."""
    if not _PERSON.fullmatch(person):
        raise WrongInput(
            f"{person[:40]!r} cannot be a person of the roster.", "Use their handle in people.yaml."
        )
    return settings.state_dir / "keys" / f"{person}.pem"


def find_key(settings: Settings, person: str) -> SigningKey | None:
    """A person's key, if there is one here; ``WrongInput`` if its file cannot be used. Blocks."""
    if not _PERSON.fullmatch(person):
        return None
    path = key_file(settings, person)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise WrongInput(
            f"The key at {path} cannot be read: {why}.",
            "It has to be a file that this user may read, and nobody else.",
        ) from error
    if private_files.is_exposed(path):
        raise WrongInput(
            f"Other users of this machine can read the key at {path}.",
            NextStep(action=Action.LIST_KEYS, advice="Remove it by its id, and make another one."),
        )
    return SigningKey(_read(content, path))


async def create_key(engine: Engine, person: str) -> KeyCreated:
    """Make a person's key, or use the one that is here, and enrol it on this machine's own stack.

    Elsewhere its public half is still to be enrolled by somebody else. One that was removed is
    replaced. ``WrongInput`` for somebody who is in no roster.
    """
    await asyncio.to_thread(_refuse_unknown, engine.settings, person)
    path = key_file(engine.settings, person)
    found = await asyncio.to_thread(find_key, engine.settings, person)
    known = found and await credentials.find(await engine.ledger(), credential_id(found.public))
    if known and known.removed_at is not None:
        await asyncio.to_thread(path.unlink)
    key = await asyncio.to_thread(_made, engine.settings, person)
    here = is_beside(engine.settings)
    if here:
        await _enrol(engine, person, key.public, by=person, name="")
    return KeyCreated(
        person=person,
        id=credential_id(key.public),
        file=path,
        public=base64.b64encode(key.public).decode(),
        enrolled=here,
    )


async def enrol_key(
    engine: Engine, person: str, public: str, *, by: str, name: str = ""
) -> Credential:
    """Enter the public half that ``create_key`` has shown to somebody; the same again is harmless.

    ``WrongInput`` if it is not one, ``DomainError`` if it was removed or is another person's.
    """
    await asyncio.to_thread(_refuse_unknown, engine.settings, person)
    try:
        spki = base64.b64decode("".join(public.split()), validate=True)
        is_key = isinstance(load_der_public_key(spki), Ed25519PublicKey)
    except (binascii.Error, ValueError) as error:
        raise _no_public_half() from error
    if not is_key:
        raise _no_public_half()
    return await _enrol(engine, person, spki, by=by, name=name)


async def list_keys(engine: Engine) -> list[Enrolled]:
    """Every key and passkey, by person; those that were removed too."""
    return await credentials.all_of_them(await engine.ledger())


async def confirm_key(engine: Engine, named: str, *, by: str) -> Enrolled:
    """Let a passkey that waits count from now on; whoever may type this vouches for it.

    ``WrongInput`` if ``named`` are not the first digits of one that waits.
    """
    waiting = [one for one in await _named(engine, named) if one.waits]
    found = _only(waiting, named, "passkey that waits to be confirmed")
    await credentials.confirm(
        await engine.ledger(),
        found.credential.id,
        by,
        datetime.now(UTC),
        surface=Surface.TERMINAL,
    )
    return found


async def remove_key(engine: Engine, named: str, *, by: str) -> Enrolled:
    """Let a key or passkey count for nothing from now on, also in incidents that are open.

    ``named`` are 8 or more digits of its id; ``WrongInput`` if that is not one of those in force.
    """
    found = _only(await _named(engine, named), named, "key that is in force")
    await credentials.remove(
        await engine.ledger(),
        found.credential.id,
        by,
        datetime.now(UTC),
        surface=Surface.TERMINAL,
    )
    return found


def _only(found: Sequence[Enrolled], named: str, what: str) -> Enrolled:
    if len(found) != 1:
        raise WrongInput(
            f"{named[:40]!r} is not the id of one {what}.",
            NextStep(
                action=Action.LIST_KEYS, advice=f"Give {SHORTEST_ID} or more digits of an id."
            ),
        )
    return found[0]


async def _named(engine: Engine, named: str) -> list[Enrolled]:
    """Those that are not removed and whose ids begin so, if that is long enough to mean one."""
    wanted = named.strip().lower()
    return [
        one
        for one in await credentials.all_of_them(await engine.ledger())
        if len(wanted) >= SHORTEST_ID
        and one.credential.id.startswith(wanted)
        and one.removed_at is None
    ]


async def remove_keys_of(engine: Engine, person: str, *, by: str) -> int:
    """Remove every key and passkey of somebody who left, and return how many there were."""
    ledger = await engine.ledger()
    return await credentials.remove_all_of(
        ledger, person, by, datetime.now(UTC), surface=Surface.TERMINAL
    )


async def _enrol(engine: Engine, person: str, public: bytes, *, by: str, name: str) -> Credential:
    credential = Credential(
        id=credential_id(public),
        person=person,
        kind=CredentialKind.KEY,
        public=public,
        name=name[:80],
    )
    ledger, now = await engine.ledger(), datetime.now(UTC)
    await credentials.enrol(ledger, credential, by, now, surface=Surface.TERMINAL)
    return credential


def _refuse_unknown(settings: Settings, person: str) -> None:
    known = [one.id for one in known_people(settings)]
    if person not in known:
        raise WrongInput(
            f"{person[:40]!r} is in no roster here, so a key of theirs would sign nothing.",
            f"There are {', '.join(known)}. Add people to people.yaml beside the playbooks.",
        )


def _made(settings: Settings, person: str) -> SigningKey:
    found = find_key(settings, person)
    if found is not None:
        return found
    path = key_file(settings, person)
    private_files.make_folder(path.parent)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    if private_files.put_new(path, pem):
        return SigningKey(key)
    # Somebody else made it just now.
    return _made(settings, person)


def _read(content: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(content, password=None)
    except Exception as error:
        # The library has several classes for it, and their texts are of no use to a person.
        raise _unusable(path) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _unusable(path)
    return private


def _unusable(path: Path) -> WrongInput:
    return WrongInput(
        f"The file {path} has no key that can sign.",
        NextStep(action=Action.CREATE_KEY, advice="Move it away, and make another one."),
    )


def _no_public_half() -> WrongInput:
    return WrongInput(
        "This is not the public half of a key.",
        "Copy the whole line that was shown when the key was made.",
    )
