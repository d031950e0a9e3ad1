"""The mail that every contestant sends: the same copy, recipients and size of requests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from domain.message import Copy
from domain.model import Value
from domain.offer import ALPHABET, CODE_LENGTH, check_symbol, show_code

BROADCAST = "benchmark-no-1"


class Assignment(Value):
    """What a contestant in a process of its own is told to do.

    ``ways`` are the variants of the contestant, one after the other; ``in_flight`` is how many
    requests at once, where it can. ``warm_up`` recipients are written to before the clock starts,
    in each way: what is loaded and connected once is no part of any cost per recipient.
    """

    ways: tuple[str, ...]
    url: str
    copy_: Copy
    recipients: int
    warm_up: int
    batch_size: int
    in_flight: int
    seed: int


class Timed(Value):
    """What one way did: ``seconds`` from making the first request to the last answer, and CPU."""

    way: str
    recipients: int
    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Recipients a second."""
        return self.recipients / self.seconds


class Recipient(NamedTuple):
    """One recipient: address, the mark of the delivery, and a code that was made beforehand."""

    address: str
    delivery: str
    code: str


Mail = tuple[str, list[Recipient]]
"""One request: the mark of its batch, and to whom it goes."""


def address(number: int) -> str:
    """The address of recipient ``number``."""
    return f"customer{number:07d}@example.org"


def people(recipients: int, seed: int) -> list[Recipient]:
    """Recipients 1 to ``recipients``, each with a code of its own; the same for the same seed."""
    chance = random.Random(seed)
    return [
        Recipient(address(number), f"{BROADCAST}.{number}", _code(chance))
        for number in range(1, recipients + 1)
    ]


def batches_of(everybody: list[Recipient], size: int, total: int) -> Iterator[Mail]:
    """``total`` recipients in requests of at most ``size``, each with the mark of its batch.

    When ``everybody`` has been written to, it begins again with the first.
    """
    for number, first in enumerate(range(0, total, size), 1):
        at = first % len(everybody)
        yield f"{BROADCAST}.{number}.1", everybody[at : at + min(size, total - first)]


def _code(chance: random.Random) -> str:
    symbols = "".join(chance.choices(ALPHABET, k=CODE_LENGTH))
    return show_code(symbols + check_symbol(symbols))
