"""Seals: Ed25519 signatures by a key that whoever owns the database does not have.

Verifying needs nothing but public keys, so this module holds both halves of it: what the workers
seal, and how anybody checks it. The exact bytes are described in docs/record.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.model import Value

_PRODUCT = "frontfoot"

KEY_ID_DIGITS = 16
"""The digits of a fingerprint by which rows name a key."""


class Sealed(StrEnum):
    """What a seal is about; part of the sealed bytes, so that none can pass for another."""

    ENTRY = "entry"
    OPENING = "opening"
    KEY = "key"
    INSTALLATION = "installation"
    INSTALLATION_ENTRY = "installation entry"
    INSTALLATION_END = "installation end"
    PROOF = "proof"


def canonical(content: Mapping[str, object]) -> bytes:
    """The one byte string of ``content``: JSON with sorted keys, no spaces, UTF-8."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def signed_bytes(purpose: str, digest: str) -> bytes:
    """What is signed for a purpose, so that it is good for no other: that, and 64 hex digits."""
    return f"{_PRODUCT} {purpose} 1\n{digest}".encode()


class PublicKey(Value):
    """One key of an installation, as the ledger and an export have it.

    ``public`` is the raw key in hexadecimal digits. A key that replaced another is endorsed by it,
    and accepts it: both sign the same statement. ``since`` is when it was entered.
    """

    public: str
    endorsed_by: str = ""
    endorsement: str = ""
    acceptance: str = ""
    since: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the raw key, 64 hexadecimal digits: what people compare."""
        return hashlib.sha256(_bytes_of(self.public)).hexdigest()

    @property
    def key_id(self) -> str:
        """The first digits of the fingerprint."""
        return self.fingerprint[:KEY_ID_DIGITS]

    def verifies(self, what: Sealed, digest: str, seal: str) -> bool:
        """Whether ``seal`` is this key's over ``digest``."""
        try:
            key = Ed25519PublicKey.from_public_bytes(_bytes_of(self.public))
            key.verify(_bytes_of(seal), signed_bytes(what, digest))
        except (InvalidSignature, ValueError):
            return False
        return True


class RecordKey:
    """The installation's private key. Held by workers; never written to a log or a history."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = PublicKey(public=raw.hex())
        self.fingerprint = self.public.fingerprint
        self.key_id = self.public.key_id

    @classmethod
    def of_seed(cls, seed: bytes) -> RecordKey:
        """The key of 32 random bytes."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def read(cls, pem: bytes) -> RecordKey:
        """The key of a PEM file (PKCS #8, without a passphrase); ``ValueError`` if it is none."""
        try:
            private = load_pem_private_key(pem, password=None)
        except Exception as error:
            # The library has several classes for it, and their texts are of no use to a person.
            raise ValueError("not a private key in PEM") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")
        return cls(private)

    def pem(self) -> bytes:
        """The content of its file."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def seal(self, what: Sealed, digest: str) -> str:
        """The seal over ``digest``, 128 hexadecimal digits; the same again for the same."""
        return self._private.sign(signed_bytes(what, digest)).hex()

    def derived(self, purpose: bytes) -> bytes:
        """32 bytes that nobody without this key can make: another key, for ``purpose`` alone."""
        raw = self._private.private_bytes_raw()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(raw)

    def endorsed_by(self, old: RecordKey) -> PublicKey:
        """This key's public half, as the successor of ``old``."""
        statement = _succession(self.public.public, old.public.public)
        return self.public.model_copy(
            update={
                "endorsed_by": old.key_id,
                "endorsement": old.seal(Sealed.KEY, statement),
                "acceptance": self.seal(Sealed.KEY, statement),
            }
        )


class Keys:
    """The public keys of an installation, and which of them hang together."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        self._keys = {key.key_id: key for key in keys}

    def all(self) -> tuple[PublicKey, ...]:
        """Every key, as it was given."""
        return tuple(self._keys.values())

    def find(self, key_id: str) -> PublicKey | None:
        """The key that rows name by ``key_id``."""
        return self._keys.get(key_id)

    def trusted(self, anchor: str) -> frozenset[str]:
        """The ids of the keys that whoever trusts ``anchor`` may trust too.

        ``anchor`` is a fingerprint, or 16 or more of its first digits. From there it goes to the
        keys that a trusted key endorsed, and to those that a trusted key accepts as its
        predecessor. Empty if there is no such key.
        """
        found = {
            one.key_id
            for one in self._keys.values()
            if len(anchor) >= KEY_ID_DIGITS and one.fingerprint.startswith(anchor.lower())
        }
        grown = True
        while grown:
            grown = False
            for key in self._keys.values():
                old = self._keys.get(key.endorsed_by)
                if old is None:
                    continue
                statement = _succession(key.public, old.public)
                if old.key_id in found and key.key_id not in found:
                    new = old.verifies(Sealed.KEY, statement, key.endorsement)
                    found |= {key.key_id} if new else set()
                    grown |= new
                elif key.key_id in found and old.key_id not in found:
                    new = key.verifies(Sealed.KEY, statement, key.acceptance)
                    found |= {old.key_id} if new else set()
                    grown |= new
        return frozenset(found)

    def groups(self) -> list[frozenset[str]]:
        """The keys by what hangs together: one group, unless somebody began anew."""
        left = dict(self._keys)
        groups: list[frozenset[str]] = []
        for key in self._keys.values():
            if key.key_id in left:
                groups.append(self.trusted(key.fingerprint))
                left = {name: one for name, one in left.items() if name not in groups[-1]}
        return groups


def check_fingerprint(text: str) -> str:
    """A fingerprint as it was typed or pasted; ``DomainError`` if it cannot be one."""
    plain = "".join(text.split()).replace(":", "").lower()
    if len(plain) < KEY_ID_DIGITS or set(plain) - set("0123456789abcdef") or len(plain) > 64:
        raise DomainError(
            f"A key's fingerprint has {KEY_ID_DIGITS} to 64 hexadecimal digits.",
            NextStep(
                action=Action.SHOW_STATUS,
                advice="Copy the whole fingerprint from where it is shown.",
            ),
        )
    return plain


def _succession(new: str, old: str) -> str:
    return hashlib.sha256(canonical({"key": new, "predecessor": old})).hexdigest()


def _bytes_of(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""
