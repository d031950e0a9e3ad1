"""What is shown can be trusted, and times are read as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from temporalio.service import RPCError, RPCStatusCode

from client.errors import NoAnswer, UnknownIncident, WrongInput
from client.promised_time import promised_time
from domain.errors import DecisionRefused, DomainError
from store.kernel.errors import StoreUnavailable
from surfaces.terminal.failures import ExitCode, failure_of
from surfaces.terminal.printing import clean, how_long
from wiring import TemporalUnreachable

NOON = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("45m", datetime(2026, 10, 26, 12, 45, tzinfo=UTC)),
        ("2h", datetime(2026, 10, 26, 14, 0, tzinfo=UTC)),
        ("15:30", datetime(2026, 10, 26, 15, 30, tzinfo=UTC)),
        ("15:30 UTC", datetime(2026, 10, 26, 15, 30, tzinfo=UTC)),
        ("9:05", datetime(2026, 10, 27, 9, 5, tzinfo=UTC)),
        ("12:00", datetime(2026, 10, 27, 12, 0, tzinfo=UTC)),
        ("30h", datetime(2026, 10, 27, 18, 0, tzinfo=UTC)),
        ("2026-11-02 08:30", datetime(2026, 11, 2, 8, 30, tzinfo=UTC)),
        ("2026-11-02T08:30 UTC", datetime(2026, 11, 2, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_promised_time_is_a_span_or_the_next_such_time_of_day(
    typed: str, meant: datetime
) -> None:
    assert promised_time(typed, NOON) == meant


def test_a_span_ends_on_a_whole_minute_and_never_too_early() -> None:
    assert promised_time("45m", NOON.replace(second=20)) == NOON.replace(minute=46)


@pytest.mark.parametrize("typed", ["0m", "0h", "00m", "2026-10-26 11:59", "2025-12-24 12:00"])
def test_a_time_that_is_not_ahead_promises_nothing(typed: str) -> None:
    with pytest.raises(WrongInput, match="not in the future"):
        promised_time(typed, NOON)


@pytest.mark.parametrize("typed", ["9999h", "999999h", "721h", "999999m", "2026-12-24 12:00"])
def test_a_time_that_nobody_would_wait_for_is_refused(typed: str) -> None:
    with pytest.raises(WrongInput, match="more than 30 days away"):
        promised_time(typed, NOON)


@pytest.mark.parametrize(
    "typed",
    ["soon", "25:00", "12:60", "45", "-5m", "1d", "", "30x", "1.5h", "2026-02-30 10:00", "m", "٣m"],
)
def test_a_time_that_cannot_be_read_is_not_guessed(typed: str) -> None:
    with pytest.raises(WrongInput, match="not a time"):
        promised_time(typed, NOON)


@pytest.mark.parametrize(
    "hidden",
    ["\x1b[2J", "\u202e", "\u2066", "\x07", "\r", "\u200b", "\x9b"],
    ids=["escape", "override", "isolate", "bell", "return", "zero width", "C1"],
)
def test_what_would_move_the_cursor_or_turn_words_around_is_shown_as_its_number(
    hidden: str,
) -> None:
    shown = clean(f"pay{hidden}now")
    assert (hidden[0] in shown, f"\\u{ord(hidden[0]):04x}" in shown) == (False, True)


@pytest.mark.parametrize("text", ["plain", "Grüße – “so”", "👩‍👩‍👧 ok", "two\nlines", "عربي"])
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("seconds", "said"), [(8, "8 s"), (89.4, "89 s"), (180, "3 min"), (4800, "80 min"), (-3, "0 s")]
)
def test_durations_are_said_in_one_unit(seconds: float, said: str) -> None:
    assert how_long(seconds) == said


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DomainError("No.", "Do this."), ExitCode.REFUSED),
        (DecisionRefused("No.", "Do this."), ExitCode.REFUSED),
        (StoreUnavailable("Full.", "Nothing kept.", "Free some."), ExitCode.FAILED),
        (TemporalUnreachable("Nobody answers."), ExitCode.FAILED),
        (RPCError("away", RPCStatusCode.UNAVAILABLE, b""), ExitCode.FAILED),
        (RPCError("no", RPCStatusCode.PERMISSION_DENIED, b""), ExitCode.FAILED),
        (UnknownIncident("site-down"), ExitCode.USAGE),
        (WrongInput("No.", "Do this."), ExitCode.USAGE),
        (NoAnswer("site-down", "decide"), ExitCode.UNKNOWN),
        (FileNotFoundError(2, "No such file", "x.csv"), ExitCode.USAGE),
    ],
)
def test_each_kind_of_failure_has_its_exit_code(error: BaseException, code: ExitCode) -> None:
    failure = failure_of(error)
    assert failure is not None
    assert failure.code is code


def test_a_fault_of_ours_is_not_explained_away() -> None:
    assert failure_of(KeyError("x")) is None


def test_what_temporal_says_of_a_failure_is_not_passed_on() -> None:
    failure = failure_of(RPCError("token=abc", RPCStatusCode.INTERNAL, b""))
    assert "abc" not in str(failure)
