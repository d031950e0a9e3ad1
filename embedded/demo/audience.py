"""The demo's audience: a CSV like a real one, with a few rows that cannot be used."""

from __future__ import annotations

from pathlib import Path

from client.stack.state_folder import open_to_write

BOUNCING_EVERY = 500
"""One address in so many is dead: the sandbox bounces addresses that begin with ``bounce``."""

BROKEN = (
    "not-an-address,Nobody",
    "two@@example.org,Twice",
    ",Empty",
    "wide@example.org,One,column,too,many",
)


def address_of(number: int) -> str:
    """The address of a customer, counted from 1."""
    name = "bounce" if number % BOUNCING_EVERY == 0 else "customer"
    return f"{name}{number:07d}@example.org"


def write_audience(path: Path, recipients: int) -> int:
    """Write ``recipients`` good rows and a few broken ones; return how many good ones bounce."""
    bouncing = 0
    with open_to_write(path) as file:
        file.write("email,name\n")
        for number in range(1, recipients + 1):
            bouncing += number % BOUNCING_EVERY == 0
            file.write(f"{address_of(number)},Customer {number}\n")
            if number % (recipients // len(BROKEN) + 1) == 1:
                file.write(f"{BROKEN[number * len(BROKEN) // (recipients + 1)]}\n")
    return bouncing
