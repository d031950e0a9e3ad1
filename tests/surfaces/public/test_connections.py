"""Who makes room for whom, and what all requests together may hold, by its accounting."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from surfaces.public.connections import Connections
from surfaces.public.limits import Limits


@dataclass(eq=False)
class Visitor:
    """A connection that writes down whether it had to go."""

    address: str = "203.0.113.1"
    genuine: bool = False
    held: int = 0
    held_since: float = 0.0
    progress_at: float = 0.0
    large: bool = False
    gone: bool = field(default=False, init=False)

    def make_room(self) -> None:
        self.gone = True

    def close_if_overdue(self, now: float) -> None:
        raise NotImplementedError


class World:
    """Three places and 100 bytes, and a clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0
        limits = Limits(connections=3, memory=100, spared=0.1)
        self.connections = Connections(limits, lambda: self.now)

    def come(self, *visitors: Visitor) -> None:
        for one in visitors:
            self.now += 1
            self.connections.add(one)


@pytest.fixture
def world() -> World:
    return World()


def test_who_has_waited_longest_makes_room(world: World) -> None:
    """1,200 half-sent requests were held for ever, and nobody else got in."""
    visitors = [Visitor() for _ in range(5)]
    world.come(*visitors)
    assert [one.gone for one in visitors] == [True, True, False, False, False]
    assert len(world.connections) == 3


def test_whose_request_is_complete_stays(world: World) -> None:
    first, *others = (Visitor() for _ in range(4))
    world.come(first)
    world.connections.has_request(first)
    world.come(*others)
    assert [one.gone for one in (first, *others)] == [False, True, False, False]


def test_who_sends_something_stays_before_those_who_do_not(world: World) -> None:
    sending, silent, newest, newcomer = (Visitor() for _ in range(4))
    world.come(sending, silent, newest)
    world.connections.has_progressed(sending)
    world.come(newcomer)
    assert [one.gone for one in (sending, silent, newest, newcomer)] == [False, True, False, False]


def test_the_address_with_the_most_connections_makes_room(world: World) -> None:
    lonely, *crowd = Visitor("198.51.100.7"), Visitor(), Visitor(), Visitor()
    world.come(lonely, *crowd)
    assert [one.gone for one in (lonely, *crowd)] == [False, True, False, False]


def test_who_delivered_something_genuine_goes_last(world: World) -> None:
    provider, *strangers = Visitor(genuine=True), Visitor(), Visitor(), Visitor()
    world.come(provider, *strangers)
    assert (provider.gone, strangers[0].gone) == (False, True)


def test_nobody_goes_at_once_and_the_newcomer_waits_outside(world: World) -> None:
    world.come(*(Visitor() for _ in range(3)))
    for one in list(world.connections._open):
        world.connections.has_progressed(one)
    assert not world.connections.can_evict
    world.now += 0.2
    assert world.connections.can_evict


def test_nobody_goes_while_all_are_being_answered(world: World) -> None:
    visitors = [Visitor() for _ in range(3)]
    world.come(*visitors)
    for one in visitors:
        world.connections.has_request(one)
    world.now += 1
    assert not world.connections.can_evict


@pytest.mark.parametrize(
    ("first", "second", "goes"),
    [
        (Visitor(large=True), Visitor(), 0),
        (Visitor(), Visitor(large=True), 1),
        (Visitor(), Visitor(), 0),
        (Visitor(genuine=True, large=True), Visitor(), 1),
    ],
    ids=["the large one", "the large one, though newer", "the older one", "the stranger"],
)
def test_memory_is_bounded_and_this_one_pays_for_it(
    world: World, first: Visitor, second: Visitor, goes: int
) -> None:
    world.come(first, second)
    world.connections.hold(first, 60)
    world.now += 1
    world.connections.hold(second, 30)
    world.now += 1
    assert [first.gone, second.gone] == [False, False]
    world.connections.hold(second, 20)
    assert [first.gone, second.gone] == [goes == 0, goes == 1]
    assert world.connections.memory == (50 if goes == 0 else 60)


def test_what_is_answered_or_gone_holds_nothing(world: World) -> None:
    answered, gone = Visitor(), Visitor()
    world.come(answered, gone)
    for one in (answered, gone):
        world.connections.hold(one, 40)
    world.connections.release(answered)
    world.connections.remove(gone)
    world.connections.remove(gone)
    assert (world.connections.memory, len(world.connections)) == (0, 1)


def test_a_complete_request_is_not_dropped_for_memory(world: World) -> None:
    complete, newcomer = Visitor(), Visitor()
    world.come(complete, newcomer)
    world.connections.hold(complete, 90)
    world.connections.has_request(complete)
    world.connections.hold(newcomer, 20)
    assert (complete.gone, newcomer.gone) == (False, True)
