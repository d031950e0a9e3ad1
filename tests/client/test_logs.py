"""The log of a process: one JSON object a line, nothing personal, and no line without end."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from client.logs import FEW, JsonLines, LimitedHandler

ROW = "Key (mailbox)=(ann@example.com) already exists"


class Log:
    """A logger of a test's own, its lines, and a clock that stands still."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._stream = io.StringIO()
        self.handler = LimitedHandler(self._stream, lambda: self.now)
        self.handler.setFormatter(JsonLines())

    def of(self, name: str) -> logging.Logger:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [self.handler], False
        logger.setLevel(logging.INFO)
        return logger

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    yield Log()
    for name in ("frontfoot.test", "stranger.test"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True


def test_a_line_has_its_fields(log: Log) -> None:
    log.of("frontfoot.test").info("it went out", extra={"fields": {"incident": "site-down"}})
    [line] = log.lines()
    assert (line["text"], line["level"], line["incident"]) == ("it went out", "info", "site-down")
    assert line["at"].endswith("+00:00")


@pytest.mark.parametrize("text", ["two\nlines", "half an emoji \ud83d", "\x1b[31mred"])
def test_whatever_is_said_is_one_line(log: Log, text: str) -> None:
    log.of("frontfoot.test").info(text)
    assert [line["text"] for line in log.lines()] == [text]


def test_an_exception_is_shown_by_its_class_and_its_place(log: Log) -> None:
    try:
        raise RuntimeError(ROW)
    except RuntimeError:
        log.of("stranger.test").exception("Task exception was never retrieved\n%s", ROW)
    [line] = log.lines()
    assert (line["error"], line["text"]) == ("RuntimeError", "Task exception was never retrieved")
    assert "test_logs.py" in line["where"][-1]
    assert "ann@" not in json.dumps(line)


def test_a_warning_that_is_repeated_is_shown_once_a_minute(log: Log) -> None:
    logger = log.of("frontfoot.test")
    for second in range(150):
        log.now = 1_000.0 + second
        logger.warning("the ledger is away")
    said = [(line["text"], line.get("repeated")) for line in log.lines()]
    once, more = ("the ledger is away", None), ("59 more like this: the ledger is away", 59)
    assert said == [once, more, once, more, once]


def test_how_many_more_there_were_is_said_even_if_nothing_else_is_logged(log: Log) -> None:
    for _ in range(3):
        log.of("frontfoot.test").warning("the ledger is away")
    log.now += 61
    log.handler.show_counts()
    assert [line.get("repeated") for line in log.lines()] == [None, 2]


def test_one_kind_of_warning_is_limited_whatever_a_stranger_puts_into_it(log: Log) -> None:
    logger = log.of("frontfoot.test")
    for number in range(1_000):
        logger.warning("no events are accepted at %s", f"/junk/{number}")
    log.now += 61
    log.handler.show_counts()
    assert [line.get("repeated") for line in log.lines()] == [None] * FEW + [1_000 - FEW]


def test_whoever_makes_up_new_kinds_all_the_time_is_limited_as_well(log: Log) -> None:
    logger = log.of("stranger.test")
    for number in range(5_000):
        kind = "abcdefghij"[number % 10] * (number // 10 % 280)
        logger.error(f"object {kind} is broken")  # noqa: G004 - as asyncio does
    assert len(log.lines()) <= 501 + FEW


def test_numbers_that_are_filled_in_beforehand_make_no_new_kind(log: Log) -> None:
    """asyncio puts the descriptor and the address of an object into its sentences."""
    for number in range(20):
        log.of("stranger.test").error(f"cannot close <Transport at 0x{number:x}> fd={number}")
    assert len(log.lines()) == 1


def test_a_line_that_cannot_be_written_is_lost_and_says_nothing(
    log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    """What logging itself prints then has no limit: 7 MB in 8 seconds when no file was free."""
    log.of("frontfoot.test").warning("%d connections", "no number")
    assert log.lines() == []
    assert capsys.readouterr().err == ""


def test_a_stranger_repeats_itself_even_if_it_names_another_object(log: Log) -> None:
    for number in range(20):
        log.of("stranger.test").error("cannot close %r", number)
    assert len(log.lines()) == 1


def test_other_sentences_and_what_is_told_of_an_incident_always_pass(log: Log) -> None:
    logger = log.of("frontfoot.test")
    for channel in ("one", "two"):
        logger.warning("%s failed", channel)
    for _ in range(3):
        logger.info("approved")
    assert len(log.lines()) == 5
