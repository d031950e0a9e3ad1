"""The log of a process: one JSON object a line, nothing personal, and no line without end."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from client.logs import JsonLines, Repeats

ROW = "Key (mailbox)=(ann@example.com) already exists"


class Log:
    """A logger of a test's own, its lines, and a clock that stands still."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._stream = io.StringIO()
        self._handler = logging.StreamHandler(self._stream)
        self._handler.setFormatter(JsonLines())
        self._handler.addFilter(Repeats(lambda: self.now))

    def of(self, name: str) -> logging.Logger:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [self._handler], False
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
    lines = log.lines()
    assert [line.get("repeated") for line in lines] == [None, 59, 59]


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
