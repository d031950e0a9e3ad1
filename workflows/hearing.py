"""Reading what a signal brought.

The converter drops a signal that it cannot read, and a handler with named parameters stalls its
workflow if somebody sends no value or two. So signals are taken as they come and read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from temporalio.common import RawValue

from domain.model import Value

Said = TypeVar("Said", bound=Value)


def read(said: Sequence[RawValue], model: type[Said]) -> Said | None:
    """The one value of a signal, or None if it is not exactly one that can be read."""
    try:
        (value,) = said
        return model.model_validate_json(value.payload.data)
    except ValueError:
        return None


def read_or(said: Sequence[RawValue], otherwise: Said) -> Said:
    """The same, with ``otherwise`` for a signal that brought nothing that can be read."""
    return read(said, type(otherwise)) or otherwise
