"""Numbers of batches as people type and read them: ``3,5-9``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from client.errors import WrongInput

_PART = re.compile(r"([0-9]{1,7})(?:-([0-9]{1,7}))?")
MOST = 1_000_000


def read_numbers(typed: str) -> tuple[int, ...]:
    """The numbers in ``typed``, in order; ``WrongInput`` if it names something else."""
    found: set[int] = set()
    for part in filter(None, (one.strip() for one in typed.split(","))):
        match = _PART.fullmatch(part)
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else 0
        if not 1 <= first <= last <= MOST:
            raise WrongInput(f"{part[:40]!r} is not a number of a batch.", "Write 3,5-9.")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def show_numbers(numbers: Iterable[int]) -> str:
    """The same numbers, as short as they can be typed."""
    spans: list[list[int]] = []
    for one in sorted(set(numbers)):
        if spans and spans[-1][-1] == one - 1:
            spans[-1] = [spans[-1][0], one]
        else:
            spans.append([one])
    return ",".join("-".join(map(str, span)) for span in spans)
