"""The file of the key that seals the record: making it, and reading it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from client.engine import Engine
from client.errors import WrongInput
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.sealing import PublicKey, RecordKey, check_fingerprint
from settings import Settings
from store.kernel import private_files
from store.notifications import devices
from store.outbox import endpoints
from store.record import keys

_MAKE = NextStep(
    action=Action.NEW_RECORD_KEY,
    advice="Set FRONTFOOT_RECORD_KEY_FILE to the file of the key that sealed the record so far, or "
    "make one if this installation has none.",
)


class KnownKeys(Value):
    """The keys of the ledger, the oldest first, and the fingerprint of the one in the file here."""

    keys: tuple[PublicKey, ...]
    here: str | None


def read_key(path: Path) -> RecordKey:
    """The private key in a file; ``WrongInput`` says why it cannot be used, never what is in it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise WrongInput(f"There is no key at {path}, so nothing can be sealed.", _MAKE) from error
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise WrongInput(
            f"The key at {path} cannot be read: {why}.",
            "It has to be a file that this user may read, and nobody else.",
        ) from error
    try:
        return RecordKey.read(content)
    except ValueError as error:
        raise WrongInput(f"The file {path} has no usable key: {error}.", _MAKE) from error


def make_key(path: Path) -> RecordKey:
    """The key in a file, which is made with a new key for this user only if it is not there."""
    key = RecordKey.of_seed(secrets.token_bytes(32))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Whole or not at all: a file that is half written would stop every worker.
    private_files.put_new(path, key.pem())
    path.chmod(0o600)
    return read_key(path)


async def enter_key(
    engine: Engine, path: Path, *, after: Path | None = None, begin_anew: bool = False
) -> RecordKey:
    """Make the key at ``path`` if it is not there, and enter its public half in the ledger.

    ``after`` is the file of the key that it replaces, which endorses it. ``begin_anew`` enters it
    without one, when the old key is lost. ``DomainError`` if neither is given and the ledger has
    another key.
    """
    ledger, now = await engine.ledger(), datetime.now(UTC)
    if after is not None:
        old = read_key(after)
        if (await keys.read_keys(ledger)).find(old.key_id) is None:
            raise WrongInput(
                f"The ledger does not know the key in {after}, so it cannot endorse another.",
                "Name the file of the key that sealed the record so far.",
            )
        new = make_key(path)
        await keys.enter_successor(ledger, new.endorsed_by(old), now)
        await endpoints.enter_key(ledger, new, now)
        await endpoints.encrypt_again(ledger, old, new)
        await devices.encrypt_again(ledger, old, new)
        return new
    new = make_key(path)
    if begin_anew:
        await keys.enter_successor(ledger, new.public, now)
    else:
        await keys.enter_first(ledger, new, now)
    await endpoints.enter_key(ledger, new, now)
    return new


async def known_keys(engine: Engine) -> KnownKeys:
    """The public keys of the ledger."""
    found = (await keys.read_keys(await engine.ledger())).all()
    return KnownKeys(keys=found, here=_fingerprint_here(engine.settings))


def trusted_key(settings: Settings, named: str = "") -> str | None:
    """The fingerprint that this process has from elsewhere than the ledger, if it has one.

    What was ``named`` comes first, then ``FRONTFOOT_RECORD_FINGERPRINT``, then the key file, which
    only the workers' own user can read: the one that is set, or the one beside the ledger. Another
    folder's key says nothing about this ledger.
    """
    if named or settings.record_fingerprint:
        return check_fingerprint(named or settings.record_fingerprint)
    beside = is_beside(settings)
    return _fingerprint_here(settings) if settings.record_key_file or beside else None


def is_beside(settings: Settings) -> bool:
    """Whether the ledger is the one in the state folder here, as on the embedded stack."""
    return settings.database().endswith(str(settings.state_dir / "frontfoot.db"))


def _fingerprint_here(settings: Settings) -> str | None:
    try:
        return read_key(settings.record_key()).fingerprint
    except WrongInput:
        return None
