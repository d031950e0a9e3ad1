"""A code is good once, for one order, until its last day; and nobody finds one by trying."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.codes import derive_code, show_code
from domain.errors import DomainError
from domain.offer import CodeSource
from store.kernel.database import Database
from store.offers import code_pool, codes
from store.offers.guesses import MOST, WINDOW, TooManyGuesses
from store.offers.redemptions import (
    CheckedCode,
    CodeState,
    NotRedeemed,
    UnknownCode,
    check_code,
    redeem_code,
)
from tests.store.world import LATER, NOON, SECRET, TERMS

HERE = "buffer-saturday"
ANN = "ann"
POOLED = TERMS.model_copy(update={"source": CodeSource.POOL, "source_name": "spring"})
AFTER_THE_LAST_DAY = datetime(2014, 2, 1, 0, 0, tzinfo=UTC)


@pytest.fixture
async def code(database: Database) -> str:
    """One of three codes that an incident has given out, as its mail shows it."""
    issued = await codes.ensure_codes(database, SECRET, HERE, [7, 8, 9], TERMS)
    return show_code(issued[8])


def strange(number: int) -> str:
    """A code that is spelt correctly and was never given out."""
    return derive_code(b"another secret", HERE, number, 1)


async def guess(db: Database, text: str, at: datetime = NOON, caller: str = ANN) -> str:
    """What is said about a code that is none."""
    with pytest.raises(DomainError) as refusal:
        await check_code(db, text, caller, at)
    return type(refusal.value).__name__


async def test_a_code_tells_whose_incident_it_is_of_and_what_it_is_worth(
    database: Database, code: str
) -> None:
    found = await check_code(database, code.lower().replace("-", " "), ANN, NOON)

    assert found == CheckedCode(
        code=code,
        state=CodeState.VALID,
        incident=HERE,
        title=TERMS.title,
        worth=TERMS.worth,
        currency="USD",
        expires=TERMS.expires,
    )


async def test_checking_a_code_does_not_use_it_up(database: Database, code: str) -> None:
    await check_code(database, code, ANN, NOON)
    assert (await check_code(database, code, ANN, LATER)).state is CodeState.VALID


async def test_the_first_and_the_last_code_are_found_as_well(database: Database) -> None:
    issued = await codes.ensure_codes(database, SECRET, HERE, range(1, 51), TERMS)
    found = [await check_code(database, issued[one], ANN, NOON) for one in (1, 50)]
    assert [one.state for one in found] == [CodeState.VALID] * 2


async def test_the_same_order_again_gets_the_same_answer(database: Database, code: str) -> None:
    first = await redeem_code(database, code, "order-1", ANN, NOON)
    again = await redeem_code(database, code, " order-1 ", "bob", AFTER_THE_LAST_DAY)

    assert first == again
    assert (first.state, first.redeemed_at, first.reference) == (
        CodeState.REDEEMED,
        NOON,
        "order-1",
    )


async def test_another_order_is_told_when_the_code_was_used(database: Database, code: str) -> None:
    await redeem_code(database, code, "order-1", ANN, NOON)

    with pytest.raises(NotRedeemed, match="2013-10-26 at 12:00 UTC for order-1"):
        await redeem_code(database, code, "order-2", ANN, LATER)

    assert (await check_code(database, code, ANN, LATER)).reference == "order-1"


async def test_of_orders_that_come_at_once_one_gets_the_code(
    database: Database, second: Database, code: str
) -> None:
    outcomes = await asyncio.gather(
        *(
            redeem_code(db, code, f"order-{number}", f"clerk-{number}", NOON)
            for number, db in enumerate([database, second] * 3)
        ),
        return_exceptions=True,
    )

    got = [one for one in outcomes if isinstance(one, CheckedCode)]
    refused = [one for one in outcomes if isinstance(one, NotRedeemed)]
    assert (len(got), len(refused)) == (1, 5)


async def test_a_code_is_good_on_its_last_day_and_not_on_the_next(
    database: Database, code: str
) -> None:
    last_minute = AFTER_THE_LAST_DAY - timedelta(minutes=1)
    assert (await check_code(database, code, ANN, last_minute)).state is CodeState.VALID

    with pytest.raises(NotRedeemed, match="its last day was 2014-01-31"):
        await redeem_code(database, code, "order-1", ANN, AFTER_THE_LAST_DAY)

    expired = await check_code(database, code, ANN, AFTER_THE_LAST_DAY)
    assert (expired.state, expired.redeemed_at) == (CodeState.EXPIRED, None)


async def test_a_typing_mistake_is_named_and_does_not_count_as_a_guess(
    database: Database, code: str
) -> None:
    for _ in range(MOST + 1):
        with pytest.raises(DomainError, match="typing mistake"):
            await check_code(database, code[:-1] + ("0" if code[-1] != "0" else "1"), ANN, NOON)

    assert (await check_code(database, code, ANN, NOON)).state is CodeState.VALID


async def test_a_code_that_was_never_given_out_is_unknown(database: Database, code: str) -> None:
    with pytest.raises(UnknownCode):
        await redeem_code(database, strange(1), "order-1", ANN, NOON)


async def test_whoever_tries_many_codes_has_to_wait(database: Database, code: str) -> None:
    said = [await guess(database, strange(number)) for number in range(MOST + 1)]
    assert said == ["UnknownCode"] * MOST + ["TooManyGuesses"]

    with pytest.raises(TooManyGuesses, match=r"Try again in 50 s"):
        await redeem_code(database, code, "order-1", ANN, NOON + timedelta(seconds=10))


async def test_the_wait_is_over_after_a_minute_and_concerns_nobody_else(
    database: Database, code: str
) -> None:
    for number in range(MOST):
        await guess(database, strange(number), NOON + timedelta(seconds=number))

    assert (await check_code(database, code, "bob", NOON + WINDOW / 2)).state is CodeState.VALID
    assert await guess(database, strange(99), NOON + WINDOW) == "UnknownCode"
    assert await guess(database, strange(99), NOON + WINDOW) == "TooManyGuesses"


async def test_guesses_at_once_in_several_processes_are_counted_together(
    database: Database, second: Database, code: str
) -> None:
    said = await asyncio.gather(
        *(guess(db, strange(number)) for number, db in enumerate([database, second] * MOST))
    )
    assert sorted(said) == ["TooManyGuesses"] * MOST + ["UnknownCode"] * MOST


async def test_right_codes_do_not_count_however_many(database: Database, code: str) -> None:
    for _ in range(MOST + 2):
        assert (await check_code(database, code, ANN, NOON)).state is CodeState.VALID


@pytest.mark.parametrize("reference", ["", "  ", "x" * 201])
async def test_a_code_is_not_used_up_for_nothing_in_particular(
    database: Database, code: str, reference: str
) -> None:
    with pytest.raises(DomainError, match="needs a reference"):
        await redeem_code(database, code, reference, ANN, NOON)


async def test_a_shops_own_code_is_redeemed_as_it_is_spelt_or_nearly(database: Database) -> None:
    await code_pool.import_codes(database, "spring", ["Save-10-A", "Save-10-B"])
    await code_pool.take_codes(database, HERE, [1], POOLED)

    used = await redeem_code(database, "save 10a", "order-1", ANN, NOON)

    assert (used.code, used.incident, used.state) == ("Save-10-A", HERE, CodeState.REDEEMED)


async def test_a_code_of_a_pool_that_nobody_was_given_is_not_honoured(database: Database) -> None:
    await code_pool.import_codes(database, "spring", ["Save-10-A"])

    with pytest.raises(NotRedeemed, match="has not been given to anybody"):
        await redeem_code(database, "Save-10-A", "order-1", ANN, NOON)

    assert (await check_code(database, "Save-10-A", ANN, NOON)).state is CodeState.NOT_GIVEN_OUT


async def test_where_there_are_pools_every_wrong_code_counts(database: Database) -> None:
    """Only a look into the ledger can tell then, so looking must not be free."""
    await code_pool.import_codes(database, "spring", ["Save-10-A"])
    said = [await guess(database, f"Save-10-{number}") for number in range(MOST + 1)]
    assert said[-1] == "TooManyGuesses"
