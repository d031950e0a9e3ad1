"""``frontfoot codes``: for the shop and for whoever answers customers."""

from __future__ import annotations

import asyncio
import csv
import io
import stat
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from domain.codes import derive_code, show_code
from domain.offer import OfferTerms
from settings import Settings
from store.kernel.database import Database
from store.migrate import upgrade
from store.offers import code_pool, codes
from store.record import incidents
from tests.terminal import Terminal

AT = datetime(2026, 10, 26, 13, 5, tzinfo=UTC)
SECRET = b"s" * 32
TERMS = OfferTerms.model_validate(
    {"title": "10 off", "worth": "10", "currency": "USD", "budget_cap": "1000"}
)
CODE = derive_code(SECRET, "site-down", 8, 1)


def in_ledger(work: Callable[[Database], Awaitable[object]]) -> None:
    async def go() -> None:
        database = Database.open(Settings().database())
        await work(database)
        await database.close()

    asyncio.run(go())


@pytest.fixture
def offered(terminal: Terminal) -> Terminal:
    """A ledger with one incident that has given out three codes."""
    upgrade(Settings().database())

    async def fill(database: Database) -> None:
        await incidents.register(database, "site-down", "Down", "plan", (), AT)
        await codes.ensure_codes(database, SECRET, "site-down", [7, 8, 9], TERMS)

    in_ledger(fill)
    return terminal


def test_a_code_is_checked_in_words(offered: Terminal) -> None:
    result = offered.type(f"codes check {show_code(CODE).lower()}")
    said = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert f"{show_code(CODE)} is valid. 10 off: 10.00 USD; incident site-down." in said


def test_a_code_is_redeemed_once_for_one_order(offered: Terminal) -> None:
    first = offered.read(f"codes redeem {CODE} --reference order-1")
    again = offered.read(f"codes redeem {CODE} --reference order-1")
    other = offered.type(f"codes redeem {CODE} --reference order-2")
    assert first == again
    assert (first["state"], first["reference"], first["worth"]) == ("redeemed", "order-1", "10.00")
    assert (other.exit_code, "for order-1" in other.stderr, other.stdout) == (3, True, "")


def test_a_redeemed_code_tells_what_for(offered: Terminal) -> None:
    offered.type(f"codes redeem {CODE} --reference order-1")
    result = offered.type(f"codes check {CODE}")
    assert (result.exit_code, "for order-1" in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (CODE[:-1] + ("0" if CODE[-1] != "0" else "1"), "typing mistake"),
        ("hello", "13 letters and digits"),
        (derive_code(b"other", "site-down", 8, 1), "was never given out"),
    ],
)
def test_what_is_no_code_of_ours_ends_with_three(offered: Terminal, typed: str, says: str) -> None:
    result = offered.type(f"codes check {typed} --json")
    said = " ".join(result.stderr.split())
    assert (result.exit_code, says in said, result.stdout) == (3, True, ""), said


def test_whoever_tries_codes_has_to_wait_also_in_another_process(offered: Terminal) -> None:
    for number in range(10):
        offered.type(f"codes check {derive_code(b'other', 'site-down', number, 1)} --as eve")
    result = offered.type(f"codes check {CODE} --as eve")
    assert (result.exit_code, "Try again in" in result.stderr) == (3, True)
    assert offered.type(f"codes check {CODE} --as ann").exit_code == 0


def test_a_redemption_needs_an_order(offered: Terminal) -> None:
    assert offered.type(f"codes redeem {CODE}").exit_code == 2


# --- the list for the shop --------------------------------------------------------------------


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_list_can_go_to_the_shops_own_program(offered: Terminal) -> None:
    result = offered.type("codes export site-down --output -")
    assert result.exit_code == 0
    assert CODE in [row["code"] for row in rows(result.stdout)]


def test_the_list_can_show_codes_as_customers_have_them(offered: Terminal) -> None:
    told = offered.read("codes export site-down --output codes.csv --as-mailed")
    path = offered.folder / "codes.csv"
    listed = [row["code"] for row in rows(path.read_text(encoding="utf-8"))]
    assert (told["codes"], show_code(CODE) in listed) == (3, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_export_that_fails_leaves_no_half_of_a_list(offered: Terminal) -> None:
    offered.type("codes export gone --output codes.csv")
    assert [one.name for one in offered.folder.iterdir() if "codes" in one.name] == []


# --- pools --------------------------------------------------------------------------------------


def test_an_import_counts_codes_and_puts_the_rest_aside(terminal: Terminal) -> None:
    (terminal.folder / "list.csv").write_text("code\nONE\nTWO\none\n", encoding="utf-8")
    told = terminal.read("codes import list.csv --pool spring")
    assert (told["added"], told["already_there"], told["rejected"]) == (2, 0, 1)
    assert "already" in (terminal.folder / told["rejects"]).read_text(encoding="utf-8")
    assert terminal.read("codes import list.csv --pool spring")["already_there"] == 2
    assert terminal.read("codes pools") == [
        {"name": "spring", "codes": 2, "left": 2, "in_doubt": 0}
    ]


def test_codes_that_belong_to_another_pool_are_named(terminal: Terminal) -> None:
    (terminal.folder / "list.csv").write_text("code\nONE\nTWO\n", encoding="utf-8")
    terminal.type("codes import list.csv --pool spring")
    result = terminal.type("codes import list.csv --pool summer")
    assert "2 are in another pool and will stay there" in result.stdout


def test_a_list_without_a_header_is_refused_in_words(terminal: Terminal) -> None:
    (terminal.folder / "list.csv").write_text("ONE\nTWO\n", encoding="utf-8")
    result = terminal.type("codes import list.csv --pool spring")
    assert (result.exit_code, "Name one of its columns code" in result.stderr) == (3, True)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("codes import gone.csv --pool spring", "gone.csv is not a file"),
        ('codes import gone.csv --pool " "', "A pool's name"),
    ],
)
def test_a_slip_of_the_pen_ends_with_two(terminal: Terminal, line: str, says: str) -> None:
    result = terminal.type(line)
    assert (result.exit_code, says in result.stderr) == (2, True)


def test_without_pools_the_next_step_is_named(terminal: Terminal) -> None:
    upgrade(Settings().database())
    assert "codes import" in terminal.type("codes pools").stdout


def test_a_code_that_nobody_has_been_given_is_said_to_be_so(terminal: Terminal) -> None:
    upgrade(Settings().database())
    in_ledger(lambda database: code_pool.import_codes(database, "spring", ["ONE-TWO"]))
    result = terminal.type("codes check one-two")
    assert (result.exit_code, "has not been given to anybody" in result.stdout) == (0, True)
