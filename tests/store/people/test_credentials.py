"""What people sign with: each belongs to one person, and what was removed stays removed."""

from __future__ import annotations

import pytest

from domain.errors import DomainError
from sandbox.authenticator import Authenticator
from store.kernel.database import Database
from store.people import credentials
from tests.proving import key_of, passkey_of
from tests.store.world import LATER, NOON


async def test_a_key_that_was_enrolled_is_found_as_it_was(database: Database) -> None:
    passkey = passkey_of(Authenticator.es256())
    assert await credentials.enrol(database, key_of(), "maya", NOON)
    assert await credentials.enrol(database, passkey, "maya", LATER)

    found = await credentials.of_person(database, "noor")

    assert [one.credential for one in found] == [key_of(), passkey]
    assert [(one.created_by, one.removed_at) for one in found] == [("maya", None)] * 2


async def test_enrolling_the_same_key_again_changes_nothing(database: Database) -> None:
    await credentials.enrol(database, key_of(), "maya", NOON)

    assert not await credentials.enrol(database, key_of(), "ines", LATER)

    [found] = await credentials.all_of_them(database)
    assert (found.created_by, found.created_at) == ("maya", NOON)


async def test_two_people_cannot_share_a_key(database: Database) -> None:
    await credentials.enrol(database, key_of(), "maya", NOON)

    with pytest.raises(DomainError, match="another person's"):
        await credentials.enrol(database, key_of(person="ines"), "maya", NOON)


async def test_a_key_that_was_removed_does_not_come_back(database: Database) -> None:
    await credentials.enrol(database, key_of(), "maya", NOON)
    assert await credentials.remove(database, key_of().id, "maya", LATER)
    assert not await credentials.remove(database, key_of().id, "ines", LATER)

    with pytest.raises(DomainError, match="does not come back"):
        await credentials.enrol(database, key_of(), "maya", LATER)

    found = await credentials.find(database, key_of().id)
    assert found is not None
    assert (found.removed_at, found.removed_by) == (LATER, "maya")


async def test_with_a_person_go_all_of_their_keys_and_nobody_elses(database: Database) -> None:
    other = passkey_of(Authenticator.es256(), "ines")
    for one in (key_of(), passkey_of(Authenticator.ed25519()), other):
        await credentials.enrol(database, one, "maya", NOON)

    assert await credentials.remove_all_of(database, "noor", "maya", LATER) == 2

    left = [one.credential for one in await credentials.all_of_them(database) if not one.removed_at]
    assert left == [other]
