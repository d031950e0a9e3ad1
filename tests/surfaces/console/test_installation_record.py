"""What people do at the door of the console is in the installation's record, by their ids alone."""

from __future__ import annotations

from pathlib import Path

from client.keys import enrol_key, remove_keys_of
from client.signing_in import make_link
from sandbox.authenticator import Authenticator
from store.installation import entries
from tests.surfaces.console.conftest import OURS, URL, Console
from tests.surfaces.console.houses import House
from tests.surfaces.console.test_passkeys import add, asked_to_sign_in, signs_in

KEY = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


async def told(console: Console) -> list[str]:
    """Every entry but those about the file of people, as a line."""
    return [
        " ".join(one for one in (entry.what, entry.who, entry.person, entry.about) if one)
        for entry in await entries.read(await console.engine.ledger())
        if not entry.what.startswith("person ")
    ]


async def test_every_coming_and_going_is_an_entry(console: Console) -> None:
    passkey = Authenticator.es256()
    await console.sign_in("noor")
    await add(console, passkey, "Noor's own phone")
    await console.browser.post("/sign-out", headers=OURS)
    await signs_in(console, passkey.get(await asked_to_sign_in(console), origin=URL))
    await enrol_key(console.engine, "noor", KEY, by="maya", name="laptop")
    await remove_keys_of(console.engine, "noor", by="ines")

    found = await told(console)

    begins = [" ".join(line.split()[:3]) for line in found]
    assert begins[:6] == [
        "sign-in link made",
        "signed in noor",
        "passkey added noor",
        "signed out noor",
        "signed in noor",
        "key added maya",
    ]
    assert sorted(begins[6:]) == ["key removed ines", "passkey removed ines"]
    assert found[1] == "signed in noor by a link"
    assert found[4].startswith("signed in noor by a passkey ")
    assert found[5].startswith("key added maya noor ")
    assert not any(name in line for line in found for name in ("phone", "laptop", "Haddad"))


async def test_what_was_refused_leaves_no_entry(console: Console) -> None:
    await console.browser.post("/enter/none", data={"person": "maya"}, headers=OURS)
    await console.browser.post("/sign-in", data={"answer": "{}"}, headers=OURS)
    await console.browser.post("/sign-out", headers=OURS)
    assert await told(console) == []


async def test_a_change_of_the_file_of_people_is_an_entry(console: Console, tmp_path: Path) -> None:
    house = House(console, tmp_path)
    house.has(ada="may: [open]", ben="may: []")
    await make_link(console.engine)
    await console.sign_in("ada")
    await console.browser.get("/")
    house.has(ada="may: [open, administrate]")
    await console.browser.get("/")
    await console.browser.get("/")
    found = [
        f"{one.what}: {one.person} {one.about}"
        for one in await entries.read(await console.engine.ledger())
        if one.person in ("ada", "ben")
    ]
    assert found == [
        "person added: ada is founder; may open",
        "person added: ben is founder; may nothing more",
        "person changed: ada is founder; may administrate, open",
        "person removed: ben ",
    ]
