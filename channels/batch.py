"""One request of a direct channel: the copy, and the addressees it goes to.

A broadcast has millions of addressees, so those of a batch are kept as columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, Self, overload

from domain.message import Copy

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Addressee(NamedTuple):
    """One recipient in a batch.

    ``delivery`` is the opaque key that comes back with every event; ``values`` fill the copy's
    ``[[personal]]`` fields and contain no characters with a meaning in HTML.
    """

    delivery: str
    address: str
    values: Mapping[str, str] = _NOTHING


@dataclass(frozen=True, slots=True)
class Addressees(Sequence[Addressee]):
    """The addressees of one batch, in their order, as columns of one length.

    An adapter that builds one body for a thousand of them reads the columns; any other takes them
    one by one, as ``Addressee``. In ``values`` None is a value that somebody does not have.
    """

    deliveries: Sequence[str]
    addresses: Sequence[str]
    values: Mapping[str, Sequence[str | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, people: Iterable[Addressee]) -> Self:
        """The columns of ``people``."""
        everybody = list(people)
        names = dict.fromkeys(name for one in everybody for name in one.values)
        return cls(
            deliveries=[one.delivery for one in everybody],
            addresses=[one.address for one in everybody],
            values={name: [one.values.get(name) for one in everybody] for name in names},
        )

    def __len__(self) -> int:
        return len(self.addresses)

    @overload
    def __getitem__(self, at: int) -> Addressee: ...

    @overload
    def __getitem__(self, at: slice) -> Self: ...

    def __getitem__(self, at: int | slice) -> Addressee | Self:
        if isinstance(at, slice):
            cut = {name: column[at] for name, column in self.values.items()}
            return type(self)(self.deliveries[at], self.addresses[at], cut)
        found = ((name, column[at]) for name, column in self.values.items())
        own = {name: value for name, value in found if value is not None}
        return Addressee(self.deliveries[at], self.addresses[at], own)


@dataclass(frozen=True, slots=True)
class Batch:
    """One provider request of a direct channel: the same copy for each addressee.

    ``key`` travels with the request and comes back with its events; ``broadcast`` does too, so
    that everything of one broadcast can be found in the provider's records.
    """

    key: str
    broadcast: str
    copy: Copy
    addressees: Addressees
