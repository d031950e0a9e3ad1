"""How often one source may sign up, and who a source is behind a proxy."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from surfaces.public import sources
from surfaces.public.sources import MOST, WITHIN, Sources

HEADER = "x-forwarded-for"
PROXY = "10.0.0.1"


def request(said: str | None = None, peer: str | None = PROXY) -> Request:
    """A request of the connection ``peer``, whose header says ``said``."""
    headers = [] if said is None else [(HEADER.encode(), said.encode())]
    client = None if peer is None else (peer, 4711)
    return Request({"type": "http", "headers": headers, "client": client})


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def asked(counted: Sources, one: Request, times: int = MOST) -> list[bool]:
    return [counted.may_ask(one) for _ in range(times)]


def test_behind_a_proxy_each_client_counts_for_itself() -> None:
    """Without the header all of them come from the proxy, and the sixth of all is refused."""
    counted = Sources(HEADER)
    assert asked(counted, request("203.0.113.1"), MOST + 1) == [*[True] * MOST, False]
    assert counted.may_ask(request("203.0.113.2"))


def test_only_what_our_own_proxy_added_counts() -> None:
    """Whatever a client writes into the header itself stands before that."""
    counted = Sources(HEADER)
    for number in range(MOST):
        assert counted.may_ask(request(f"198.51.100.{number}, 203.0.113.1"))
    assert not counted.may_ask(request("198.51.100.99, 203.0.113.1"))


def test_a_header_counts_only_if_it_is_configured() -> None:
    counted = Sources()
    for number in range(MOST):
        assert counted.may_ask(request(f"203.0.113.{number}"))
    assert not counted.may_ask(request("203.0.113.99"))


def test_a_proxy_that_names_nobody_is_the_source_itself() -> None:
    counted = Sources(HEADER)
    asked(counted, request())
    assert not counted.may_ask(request())
    assert counted.may_ask(request(peer="10.0.0.2"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("203.0.113.1", "::ffff:203.0.113.1"),
        ("nonsense", "<script>"),
    ],
    ids=["one household", "one address of version 4", "what is no address"],
)
def test_these_are_one_source(first: str, second: str) -> None:
    counted = Sources(HEADER)
    asked(counted, request(first))
    assert not counted.may_ask(request(second))


def test_after_ten_minutes_a_source_may_ask_again() -> None:
    clock = Clock()
    counted = Sources(HEADER, clock)
    asked(counted, request("203.0.113.1"))
    clock.now += WITHIN - 1
    assert not counted.may_ask(request("203.0.113.1"))
    clock.now += 1
    assert counted.may_ask(request("203.0.113.1"))


def test_many_sources_take_no_more_than_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MOST_SOURCES", 100)
    counted = Sources(HEADER)
    for number in range(1_000):
        counted.may_ask(request(f"2001:db8:0:{number:x}::1"))
    assert len(counted._seen) <= 102
