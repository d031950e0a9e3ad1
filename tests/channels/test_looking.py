"""What a look at an account's posts comes to, whichever platform showed them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import BadCredentials, Throttled
from channels.looking import SLACK, Page, Published, look_back
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
MARK = "Update 2, 20 Nov 14:05 UTC"
COPY = Copy(channel="square", text=f"We shut the leak.\n{MARK}", mark=MARK)
BEFORE = NOW - SLACK - timedelta(seconds=1)


def post(*readings: str, number: str = "1", at: datetime | None = NOW) -> Published:
    return Published(readings, Receipt(id=number, at=at or NOW), at)


async def look(*pages: Page, most_pages: int = 3) -> Sighting:
    """Look through ``pages``, each of which comes after the one before it."""

    async def read(after: str | None) -> Page:
        return pages[int(after or 0)]

    return await look_back(read, COPY, NOW, provider="Square", most_pages=most_pages)


OTHER = post("Another")
OLDER = post("Older", at=BEFORE)


@pytest.mark.parametrize(
    "pages",
    [
        (Page([]),),
        (Page([OTHER]),),
        (Page([OTHER], after="1"), Page([OTHER])),
        (Page([OTHER, OLDER], after="1"),),
        (Page([OTHER, OLDER], whole=False),),
        (Page([post(COPY.text, at=BEFORE)]),),
    ],
)
async def test_it_is_absent_if_all_of_them_were_seen_back_to_the_attempt(
    pages: tuple[Page, ...],
) -> None:
    assert (await look(*pages)).finding is Finding.ABSENT


@pytest.mark.parametrize(
    "pages",
    [
        (Page([OTHER], whole=False),),
        (Page([OTHER], after="1", whole=False), Page([OTHER, OLDER])),
        (Page([OTHER], after="1"), Page([OTHER], after="2"), Page([OTHER], after="3")),
    ],
    ids=["cut off", "a gap before the attempt", "too many"],
)
async def test_it_cannot_be_told_if_some_were_not_seen(pages: tuple[Page, ...]) -> None:
    sighting = await look(*pages)
    assert (sighting.finding, "Square" in sighting.why) == (Finding.CANNOT_TELL, True)


async def test_a_platform_whose_clock_lags_a_minute_behind_still_shows_our_post() -> None:
    assert (await look(Page([post(COPY.text, at=NOW - SLACK)]))).finding is Finding.FOUND


async def test_one_reading_that_is_the_copy_is_enough_wherever_it_stands() -> None:
    sighting = await look(
        Page([OTHER], after="1", whole=False), Page([post("&", COPY.text, number="7")])
    )
    assert sighting == Sighting(finding=Finding.FOUND, receipt=Receipt(id="7", at=NOW))


async def test_of_several_that_bear_the_mark_the_oldest_is_ours() -> None:
    sighting = await look(
        Page([post(f"As we said in {MARK}", number="9")], after="1"),
        Page([post(f"{MARK}: edited", number="8")]),
    )
    assert sighting.receipt is not None
    assert sighting.receipt.id == "8"


async def test_the_copy_itself_wins_over_what_only_bears_the_mark() -> None:
    older = post(f"{MARK}: edited", number="8")
    sighting = await look(Page([post(COPY.text, number="9"), older]))
    assert sighting.receipt is not None
    assert sighting.receipt.id == "9"


async def test_who_may_not_look_cannot_tell() -> None:
    async def read(after: str | None) -> Page:
        raise BadCredentials("Square: no.")

    sighting = await look_back(read, COPY, NOW, provider="Square", most_pages=1)
    assert (sighting.finding, sighting.why) == (Finding.CANNOT_TELL, "Square: no.")


async def test_a_look_that_may_be_tried_again_says_so() -> None:
    async def read(after: str | None) -> Page:
        raise Throttled("Square: wait.", until=NOW)

    with pytest.raises(Throttled):
        await look_back(read, COPY, NOW, provider="Square", most_pages=1)
