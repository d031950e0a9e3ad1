"""The telephones of the demo's people: the sandbox is every service, and nobody picks up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import httpx

from client.stack.state_folder import make_folder, open_to_write

FOLDER = "phones"
SECRETS = "FRONTFOOT_CONTACT_SECRETS"
_AT = "/_sandbox/phones"
_HAVE_ONE = ("maya", "dana", "noor", "ines", "ravi", "lee", "sam")


def hand_out(folder: Path, sandbox: str) -> None:
    """Write where each is reached: a file for each secret that the shipped people name. Blocks."""
    make_folder(folder)
    where = sandbox.removeprefix("http://")
    for person in _HAVE_ONE:
        with open_to_write(folder / f"{person.upper()}_PHONE") as file:
            file.write(f"json://{where}{_AT}/{person}")


async def rings(sandbox: httpx.AsyncClient) -> Counter[str]:
    """How often each telephone rang, by the sandbox's own book."""
    answer = (await sandbox.get(_AT)).raise_for_status().json()
    return Counter(one["person"] for one in answer["rings"])
