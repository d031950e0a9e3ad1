"""The file of the key that seals the record: made once, for one user, and explained if unusable."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from client.engine import Engine
from client.errors import WrongInput
from client.record_key import enter_key, known_keys, make_key, read_key, trusted_key
from domain.errors import DomainError
from settings import Settings
from store.kernel.database import Database
from tests.sealing import KEY

RSA = generate_private_key(65537, 2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


def test_a_key_is_made_once_and_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "record.key"
    first, second = make_key(path), make_key(path)
    assert first.fingerprint == second.fingerprint
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["record.key"]


def test_processes_that_make_it_at_once_have_one_key(tmp_path: Path) -> None:
    path = tmp_path / "record.key"
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: make_key(path).fingerprint, range(16)))
    assert len(set(made)) == 1


@pytest.mark.parametrize(
    "content", [b"", b"secret", RSA, KEY.pem()[:60]], ids=["empty", "text", "rsa", "cut off"]
)
def test_a_file_without_a_usable_key_is_explained_without_its_content(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "record.key"
    path.write_bytes(content)
    with pytest.raises(WrongInput, match="has no usable key") as refusal:
        read_key(path)
    assert "secret" not in str(refusal.value)


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="There is no key at") as refusal:
        read_key(tmp_path / "record.key")
    assert "FRONTFOOT_RECORD_KEY_FILE" in str(refusal.value)


async def test_a_key_is_replaced_only_by_one_that_it_endorsed(
    ledger: Database, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, record_key_file=tmp_path / "new.key")
    engine = Engine(settings, ledger=ledger)
    old, new = tmp_path / "old.key", tmp_path / "new.key"
    first = await enter_key(engine, old)
    with pytest.raises(DomainError, match="sealed by the key"):
        await enter_key(engine, new)
    made = await enter_key(engine, new, after=old)

    known = await known_keys(engine)
    assert [one.fingerprint for one in known.keys] == [first.fingerprint, made.fingerprint]
    assert (known.keys[1].endorsed_by, known.here) == (first.key_id, made.fingerprint)
    stranger = tmp_path / "stranger.key"
    make_key(stranger)
    with pytest.raises(WrongInput, match="does not know the key"):
        await enter_key(engine, tmp_path / "newer.key", after=stranger)


def test_what_is_named_is_trusted_before_what_is_set_and_what_lies_here(tmp_path: Path) -> None:
    path = tmp_path / "record.key"
    here = make_key(path).fingerprint
    lies = Settings(_env_file=None, record_key_file=path)
    is_set = lies.model_copy(update={"record_fingerprint": "AB" * 32})
    neither = Settings(_env_file=None, record_key_file=tmp_path / "none.key")
    assert trusted_key(is_set, "cd:ef" * 8) == "cdef" * 8
    assert trusted_key(is_set) == "ab" * 32
    assert (trusted_key(lies), trusted_key(neither)) == (here, None)
    beside = Settings(_env_file=None, state_dir=tmp_path)
    elsewhere = Settings(_env_file=None, state_dir=tmp_path, database_url="sqlite:///other.db")
    assert (trusted_key(beside), trusted_key(elsewhere)) == (here, None)
    with pytest.raises(DomainError, match="16 to 64"):
        trusted_key(neither, "3f7a")
