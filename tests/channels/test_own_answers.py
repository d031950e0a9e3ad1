"""Looking for answers of ours: all of them by the readings of one, and never less than there is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Throttled
from channels.looking import Page, Published
from channels.own_answers import TRUSTED, OwnAnswers
from domain.publication import Finding, Receipt

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAGE = 10


class Account:
    """An account with a list of its posts, the newest first, and a clock that a test turns."""

    def __init__(self, most_pages: int = 50) -> None:
        self.now = NOON
        self.posts: list[Published] = []
        self.pages = 0
        self.fails: Exception | None = None
        self.whole = True
        self.answers = OwnAnswers(
            self.page, provider="Forum", most_pages=most_pages, clock=lambda: self.now
        )

    def answer(self, to: str) -> None:
        self.now += timedelta(seconds=1)
        receipt = Receipt(id=f"re-{to}", at=self.now)
        self.posts.insert(0, Published((), receipt, at=self.now, answers=to))

    async def page(self, since: datetime, after: str | None) -> Page:
        self.pages += 1
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        begin = int(after or 0)
        end = begin + PAGE
        shown = [one for one in self.posts[begin:end] if one.at is None or one.at >= since]
        more = len(shown) == PAGE and end < len(self.posts)
        return Page(shown, after=str(end) if more else None, whole=self.whole)

    async def found(self, to: str, since: datetime = NOON) -> Finding:
        return (await self.answers.find({to}, since)).finding


async def test_a_thousand_looks_read_each_post_about_once() -> None:
    account = Account()
    for number in range(1_000):
        assert await account.found(str(number)) is Finding.ABSENT
        account.answer(str(number))
        account.now += MINUTE
    assert account.pages < 1_100
    assert await account.found("999") is Finding.FOUND
    assert await account.found("500", NOON) is Finding.FOUND


async def test_looks_at_the_same_time_share_a_reading() -> None:
    account = Account()
    account.answer("7")
    found = await asyncio.gather(*(account.found(str(number)) for number in range(20)))
    assert found == [Finding.FOUND if n == 7 else Finding.ABSENT for n in range(20)]
    assert account.pages <= 2


async def test_a_look_never_relies_on_a_reading_from_before_it() -> None:
    account = Account()
    assert await account.found("1") is Finding.ABSENT
    account.answer("1")
    assert await account.found("1") is Finding.FOUND


async def test_what_lies_before_all_that_was_read_is_read_then() -> None:
    account = Account()
    account.answer("early")
    account.now += 60 * MINUTE
    assert await account.found("late", account.now) is Finding.ABSENT
    assert await account.found("early", NOON) is Finding.FOUND


async def test_an_answer_that_was_deleted_is_not_found_for_ever() -> None:
    account = Account()
    account.answer("1")
    assert await account.found("1") is Finding.FOUND
    account.posts.clear()
    account.now += TRUSTED + MINUTE
    assert await account.found("1") is Finding.ABSENT


@pytest.mark.parametrize("how", ["a post is not shown", "there are too many pages"])
async def test_absent_is_said_only_of_what_was_seen(how: str) -> None:
    account = Account(most_pages=1 if "pages" in how else 50)
    for number in range(30):
        account.answer(str(number))
    account.whole = "shown" not in how
    assert await account.found("x") is Finding.CANNOT_TELL
    account.whole = True
    account.posts = account.posts[:5]
    assert await account.found("x") is Finding.ABSENT


async def test_a_reading_that_fails_is_said_and_hides_nothing() -> None:
    account = Account()
    account.answer("1")
    account.fails = Throttled("Forum: its limit.", until=NOON)
    with pytest.raises(Throttled):
        await account.found("1")
    account.fails = None
    assert await account.found("1") is Finding.FOUND
