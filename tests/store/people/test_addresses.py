"""One spelling of an address, by the rules of the library."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from store.people import addresses
from store.people.addresses import InvalidAddress, mailbox_of, read_address, read_pasted

_local = st.text("abZ09._+-'\"@ ", min_size=1, max_size=70)
_label = st.text("abZ09-", min_size=1, max_size=66)
_top = st.sampled_from(["com", "COM", "test", "local", "xn--p1ai", "c", "123", "museum"])
_typed = st.builds(
    lambda local, labels, top: f"{local}@{'.'.join([*labels, top])}",
    _local,
    st.lists(_label, min_size=0, max_size=4),
    _top,
)


@given(_typed)
@example("ann@example.com")
@example("ann@ab--cd.com")
@example("ann@mail.invalid")
@example(f"{'a' * 65}@example.com")
@example(f"ann@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 57}.com")
def test_the_fast_way_agrees_with_the_library(typed: str) -> None:
    try:
        expected = validate_email(
            typed.strip(), check_deliverability=False, allow_smtputf8=False
        ).ascii_email
    except EmailNotValidError:
        with pytest.raises(InvalidAddress):
            read_address(typed)
    else:
        assert read_address(typed) == expected


def test_plain_addresses_do_not_take_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(addresses, "validate_email")

    assert read_address("Ann.B+news@Example.COM") == "Ann.B+news@example.com"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@例え.jp", "ann@xn--r8jz45g.jp"),
        ("  ann@example.com ", "ann@example.com"),
        ("o'neil@example.ie", "o'neil@example.ie"),
    ],
)
def test_international_and_untidy_addresses_are_read(typed: str, read: str) -> None:
    assert read_address(typed) == read


@pytest.mark.parametrize(
    "typed",
    ["", "ann", "ann@", "@example.com", "ann@localhost", "a b@example.com", "josé@example.com",
     "ann@example..com", "ann@-example.com", "Ann <ann@example.com>", "ann@example.com\n.de"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        read_address(typed)

    assert not typed or typed not in str(refusal.value)


def test_capitals_do_not_make_another_mailbox() -> None:
    assert mailbox_of("Ann@example.com") == mailbox_of("ann@example.com")


@pytest.mark.parametrize(
    "typed",
    ["\u200eann@example.com", "ann@exam\u00adple.com", "\ufeffann@example.com\u200b",
     "ann@example.com\ufe0f", "'ann@example.com", "'ann@example.com'", "“ann@example.com”",
     "`ann@example.com`", '="ann@example.com"', "<ann@example.com>;", "(ann@example.com)",
     "ann@example.com.", "mailto:ann@example.com?subject=Hello", "<mailto:ann@example.com>",
     "'Ann Lee' <ann@example.com>", "Ann Lee (ann@example.com)", "SMTP:ann@example.com",
     "[ann@example.com](mailto:ann@example.com)"],
)  # fmt: skip
def test_what_was_pasted_with_an_address_is_taken_off_and_told(typed: str) -> None:
    assert read_pasted(typed) == ("ann@example.com", True)


@pytest.mark.parametrize(
    "typed", ["ann@example.com", " ann@example.com\t", "\u3000ann@example.com"]
)
def test_white_space_is_no_news(typed: str) -> None:
    assert read_pasted(typed) == ("ann@example.com", False)


def test_an_apostrophe_of_a_name_stays() -> None:
    assert read_pasted("o'neil@example.ie") == ("o'neil@example.ie", False)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("ann@exam\xa0ple.com", "U+00A0 (no-break space)"),
        ("ann@my\u2011shop.com", "U+2011 (non-breaking hyphen)"),
        ("ann\0@example.com", "U+0000 (control character)"),
        ("ann\uff20example.com", "U+FF20 (fullwidth commercial at)"),
        ("\u0430nn@example.com", "U+0430 (cyrillic small letter a)"),
        ("a@example.com, b@example.com", "more than one address"),
        ("A <a@example.com>; B <b@example.com>", "more than one address"),
        ("ann lee@example.com", "before the @ is not valid"),
        ("'' \u200b", "There is no address."),
    ],
)
def test_a_reason_names_what_cannot_be_seen_and_not_the_address(typed: str, reason: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        read_pasted(typed)

    assert reason in refusal.value.what
    assert "example" not in str(refusal.value)
