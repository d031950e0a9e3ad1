"""A key is made once, for somebody who is known, in a file that nobody else can read."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from client import keys
from client.engine import Engine
from client.errors import WrongInput
from domain.passkey import verify
from domain.proof import Credential, CredentialKind
from sandbox.authenticator import Authenticator
from settings import Settings
from store.kernel.database import Database
from tests.fresh_ledger import empty_ledger, ledger
from tests.proving import statement

__all__ = ["empty_ledger", "ledger"]


def at_home(ledger: Database, folder: Path) -> Engine:
    """A terminal beside the ledger, as with ``frontfoot up``."""
    url = f"sqlite+aiosqlite:///{folder / 'frontfoot.db'}"
    return Engine(Settings(state_dir=folder, database_url=url), ledger=ledger)


def elsewhere(ledger: Database, folder: Path) -> Engine:
    """A terminal that reaches the installation's ledger over the network."""
    settings = Settings(state_dir=folder, database_url="postgresql://ledger.example/frontfoot")
    return Engine(settings, ledger=ledger)


async def test_a_key_made_beside_the_ledger_is_enrolled_and_signs(
    ledger: Database, tmp_path: Path
) -> None:
    engine = at_home(ledger, tmp_path)

    made = await keys.create_key(engine, "noor")

    assert made.enrolled
    [known] = await keys.list_keys(engine)
    key = keys.find_key(engine.settings, "noor")
    assert key is not None
    assert verify(key.sign(statement()), known.credential) == statement()


async def test_only_its_owner_can_read_a_key(ledger: Database, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = await keys.create_key(at_home(ledger, tmp_path), "noor")
    finally:
        os.umask(before)

    assert made.file.stat().st_mode & 0o777 == 0o600
    assert made.file.parent.stat().st_mode & 0o777 == 0o700


async def test_making_it_again_keeps_the_key(ledger: Database, tmp_path: Path) -> None:
    engine = at_home(ledger, tmp_path)

    first, again = await keys.create_key(engine, "noor"), await keys.create_key(engine, "noor")

    assert first == again
    assert len(await keys.list_keys(engine)) == 1


async def test_elsewhere_the_public_half_is_enrolled_by_somebody_else(
    ledger: Database, tmp_path: Path
) -> None:
    engine = elsewhere(ledger, tmp_path)
    made = await keys.create_key(engine, "noor")
    assert not made.enrolled
    assert await keys.list_keys(engine) == []

    await keys.enrol_key(engine, "noor", f" {made.public}\n", by="maya", name="laptop")

    [known] = await keys.list_keys(engine)
    assert (known.credential.id, known.created_by) == (made.id, "maya")
    assert known.credential.name == "laptop"


@pytest.mark.parametrize(
    "public",
    [
        "",
        "not base64!",
        "AAAA",
        base64.b64encode(Authenticator.es256().public).decode(),
    ],
)
async def test_what_is_no_public_half_of_a_key_is_not_enrolled(
    ledger: Database, tmp_path: Path, public: str
) -> None:
    with pytest.raises(WrongInput, match="not the public half"):
        await keys.enrol_key(elsewhere(ledger, tmp_path), "noor", public, by="maya")


@pytest.mark.parametrize("who", ["mallory", "../noor", "..", "", "noor/../ines"])
async def test_nobody_gets_a_key_who_is_in_no_roster(
    ledger: Database, tmp_path: Path, who: str
) -> None:
    with pytest.raises(WrongInput, match="in no roster"):
        await keys.create_key(at_home(ledger, tmp_path), who)

    assert keys.find_key(Settings(state_dir=tmp_path), who) is None
    assert not (tmp_path / "keys").exists()


async def test_a_key_that_others_can_read_signs_nothing(ledger: Database, tmp_path: Path) -> None:
    engine = at_home(ledger, tmp_path)
    made = await keys.create_key(engine, "noor")
    made.file.chmod(0o644)

    with pytest.raises(WrongInput, match="Other users"):
        keys.find_key(engine.settings, "noor")


async def test_a_file_with_something_else_is_told_and_never_shown(
    ledger: Database, tmp_path: Path
) -> None:
    engine = at_home(ledger, tmp_path)
    made = await keys.create_key(engine, "noor")
    made.file.write_text("hunter2")

    with pytest.raises(WrongInput, match="no key that can sign") as refused:
        keys.find_key(engine.settings, "noor")

    assert "hunter2" not in str(refused.value)


async def test_a_key_is_removed_by_its_first_digits_and_only_once(
    ledger: Database, tmp_path: Path
) -> None:
    engine = at_home(ledger, tmp_path)
    made = await keys.create_key(engine, "noor")
    with pytest.raises(WrongInput, match="not the id of one key"):
        await keys.remove_key(engine, made.id[:4], by="maya")

    await keys.remove_key(engine, made.id[:8], by="maya")

    [known] = await keys.list_keys(engine)
    assert known.removed_by == "maya"
    with pytest.raises(WrongInput, match="not the id of one key"):
        await keys.remove_key(engine, made.id[:8], by="maya")


def test_a_private_key_does_not_show_itself() -> None:
    private = Ed25519PrivateKey.generate()
    raw = private.private_bytes_raw().hex()

    assert raw not in repr(keys.SigningKey(private))
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert keys.SigningKey(private).public == public
    assert Credential(
        id="x", person="noor", kind=CredentialKind.KEY, public=public
    ).model_dump_json()
