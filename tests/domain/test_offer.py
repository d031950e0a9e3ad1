"""Codes that cannot be guessed, mistyped or doubled, and offers that stay under their cap."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import derive_symbols, secret_mark, spell
from domain.errors import DomainError
from domain.offer import (
    ALPHABET,
    CODE_LENGTH,
    OfferTerms,
    check_symbol,
    derive_code,
    read_code,
    show_code,
)

SECRET = b"a secret of at least 32 bytes...."
symbols = st.text(alphabet=ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)


def with_check(text: str) -> str:
    return text + check_symbol(text)


def test_two_hundred_thousand_recipients_get_two_hundred_thousand_codes() -> None:
    codes = spell(derive_symbols(SECRET, "site-down", 1, range(200_000)))
    assert len(set(codes)) == 200_000


def test_every_attempt_makes_the_same_code_for_ever() -> None:
    """Written down: if this changes, codes already mailed out are worth nothing."""
    assert derive_code(SECRET, "site-down", 42, 1) == "KE7BZ0AJ8JG8S"


@given(st.binary(min_size=1, max_size=200), st.text(min_size=1), st.integers(1, 10**6))
def test_a_code_is_what_the_standard_librarys_hashes_say(
    secret: bytes, incident: str, version: int
) -> None:
    """Several are made of one hash; a slip there would change every code."""
    recipients = [0, 1, 67, 68, 1_000_001, 2**62]
    key = hmac.digest(secret, f"code|{incident}|{version}".encode(), "sha512")
    expected = []
    for one in recipients:
        made = hashlib.shake_256(key + str(one // 68).encode()).digest(816)[one % 68 * 12 :][:12]
        expected.append("".join(ALPHABET[byte % 32] for byte in made))
    assert derive_symbols(secret, incident, version, recipients).decode() == "".join(expected)


@given(st.integers(1, 2**62), st.integers(1, 30), st.sets(st.integers(0, 29)))
def test_a_code_is_the_same_whoever_else_is_in_the_batch(
    first: int, count: int, away: set[int]
) -> None:
    everybody = range(first, first + count)
    some = [one for place, one in enumerate(everybody) if place not in away]
    for together in (everybody, list(everybody), some, some[::-1]):
        alone = [derive_code(SECRET, "site-down", one, 1) for one in together]
        assert spell(derive_symbols(SECRET, "site-down", 1, together)) == alone


@given(st.lists(symbols))
def test_many_codes_are_spelt_like_one_with_their_check_symbols_and_read_back(
    texts: list[str],
) -> None:
    every = "".join(texts).encode()
    codes = [with_check(text) for text in texts]
    assert spell(every) == codes == [read_code(code) for code in codes]
    assert spell(every, grouped=True) == [show_code(code) for code in codes]


def test_two_secrets_are_told_apart_without_showing_either() -> None:
    mark = secret_mark(SECRET)
    assert (len(mark), mark == secret_mark(SECRET + b"."), SECRET.hex()[:8] == mark) == (
        8,
        False,
        False,
    )


@pytest.mark.parametrize(
    "other",
    [
        (b"another secret", "site-down", 42, 1),
        (SECRET, "site-up", 42, 1),
        (SECRET, "site-down", 43, 1),
        (SECRET, "site-down", 42, 2),
    ],
)
def test_another_secret_incident_recipient_or_version_makes_another_code(
    other: tuple[bytes, str, int, int],
) -> None:
    assert derive_code(*other) != derive_code(SECRET, "site-down", 42, 1)


def test_codes_are_not_made_without_a_secret() -> None:
    with pytest.raises(ValueError, match="need a secret"):
        derive_code(b"", "site-down", 42, 1)


@given(st.integers(min_value=1, max_value=2**60))
def test_a_code_is_twelve_unambiguous_symbols_and_one_that_checks_them(recipient: int) -> None:
    code = derive_code(SECRET, "site-down", recipient, 1)
    assert (len(code), set(code) - set(ALPHABET), code[-1]) == (13, set(), check_symbol(code[:-1]))


def test_no_symbol_can_be_taken_for_another() -> None:
    assert not set(ALPHABET) & set("ILOU")


def test_the_check_symbol_catches_every_single_wrong_symbol() -> None:
    """Every place with every pair of symbols; the sum is linear, so the others do not matter."""
    missed = []
    for place in range(CODE_LENGTH):
        for right in ALPHABET:
            code = with_check("7" * place + right + "7" * (CODE_LENGTH - place - 1))
            for wrong in ALPHABET:
                typed = code[:place] + wrong + code[place + 1 :]
                if wrong != right and check_symbol(typed[:-1]) == typed[-1]:
                    missed.append((place, right, wrong))
    assert missed == []


@given(symbols, st.integers(min_value=0, max_value=CODE_LENGTH), st.sampled_from(ALPHABET))
def test_a_code_with_one_wrong_symbol_is_refused(text: str, place: int, wrong: str) -> None:
    code = with_check(text)
    typed = code[:place] + wrong + code[place + 1 :]
    if typed == code:
        assert read_code(typed) == code
        return
    with pytest.raises(DomainError, match="typing mistake"):
        read_code(typed)


def test_of_swapped_neighbours_only_zero_and_z_go_unnoticed() -> None:
    unnoticed = set()
    for left in ALPHABET:
        for right in ALPHABET:
            before = with_check(left + right + "7" * (CODE_LENGTH - 2))
            if left != right and check_symbol(right + left + before[2:-1]) == before[-1]:
                unnoticed.add(left + right)
    assert unnoticed == {"0Z", "Z0"}


@pytest.mark.parametrize(
    "typed",
    [
        "QXAG6HCQCKSVW",
        "qxag-6hcq-cksvw",
        "  QXAG 6HCQ\tCKSVW\n",
        "QXAG–6HCQ—CKSVW",
        "Q X A G 6 H C Q C K S V W",
        "\ufeffQXAG\u200b6HCQCKSVW",
        "ＱＸＡＧ６ＨＣＱＣＫＳＶＷ",
    ],
)
def test_a_code_is_read_however_a_person_types_it(typed: str) -> None:
    assert read_code(typed) == "QXAG6HCQCKSVW"


@given(symbols)
def test_the_letters_that_look_like_digits_are_read_as_digits(text: str) -> None:
    code = with_check(text)
    assert read_code(code.replace("0", "o").replace("1", "l")) == code


@given(symbols)
def test_a_code_shown_for_the_telephone_is_read_back(text: str) -> None:
    code = with_check(text)
    assert read_code(show_code(code)) == code


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_or_a_sentence_about_it(text: str) -> None:
    try:
        outcome = read_code(text)
    except DomainError as error:
        outcome = error.what
    assert len(outcome) == CODE_LENGTH + 1 or outcome.startswith("That ")


def terms(worth: str = "10.00", cap: str = "15000000.00") -> OfferTerms:
    return OfferTerms(
        title="10 USD credit", worth=Decimal(worth), currency="USD", budget_cap=Decimal(cap)
    )


def test_a_million_codes_under_the_cap_may_be_made() -> None:
    terms().refuse_over_budget(1_000_000)


def test_one_recipient_more_than_the_budget_holds_is_refused_in_numbers() -> None:
    with pytest.raises(DomainError, match=r"1,500,001 codes .* 15,000,010.00 USD, over the cap"):
        terms().refuse_over_budget(1_500_001)


def test_an_amount_has_one_spelling_however_it_was_written() -> None:
    assert terms("10").model_dump_json() == terms("10.0").model_dump_json()


@pytest.mark.parametrize("worth", ["0", "-1", "10.001", "NaN", "Infinity"])
def test_an_amount_that_no_shop_could_honour_is_refused(worth: str) -> None:
    with pytest.raises(ValueError, match="worth"):
        terms(worth)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"source": "pool"}, "must be the pool's name"),
        ({"source": "stripe"}, "must be the id of the coupon"),
        ({"source_name": "spring"}, "needs `source: pool`"),
        ({"source": "lottery"}, "source"),
    ],
)
def test_an_offer_says_where_its_codes_come_from_or_nothing(
    wrong: dict[str, str], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        OfferTerms.model_validate({**terms().model_dump(), **wrong})


def test_codes_are_good_until_the_end_of_their_last_day() -> None:
    offer = terms().model_copy(update={"expires": date(2013, 12, 31)})
    days = (date(2013, 12, 31), date(2014, 1, 1))
    assert [offer.has_expired(day) for day in days] == [False, True]


def test_an_offer_may_expire() -> None:
    assert OfferTerms.model_validate(
        {**terms().model_dump(), "expires": "2013-12-31"}
    ).expires == date(2013, 12, 31)
