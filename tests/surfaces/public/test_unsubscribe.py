"""UnsubscribeRequest by a link: RFC 8058's one click, and a page with a button for people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text

from client.public import PublicService
from domain.message import MessageClass
from domain.unsubscribe import PATH, UnsubscribeLinks, UnsubscribeRequest, unsubscribe_token
from store.kernel.database import Database
from store.people import suppression_list, suppressions
from surfaces.public.app import create_app
from tests.store.world import address, have_audience

SECRET = b"the secret of links, of more than 32 letters"
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GOODWILL, SAFETY = MessageClass.GOODWILL, MessageClass.SAFETY


@pytest.fixture
async def page(ledger: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The page as recipients reach it; ten customers are in the ledger."""
    await have_audience(ledger, 10)
    transport = httpx.ASGITransport(create_app(PublicService(ledger, link_secret=SECRET)))
    async with httpx.AsyncClient(transport=transport, base_url="http://mail.example") as http:
        yield http


def link(recipient: int = 3, of: MessageClass = GOODWILL, secret: bytes = SECRET) -> str:
    [made] = UnsubscribeLinks("http://mail.example/", secret).to_each([recipient], of)
    return made


async def off(ledger: Database, recipient: int = 3) -> list[MessageClass]:
    return [
        one
        for one in MessageClass
        if await suppressions.is_suppressed(ledger, address(recipient), one)
    ]


async def test_one_click_in_the_mail_program_unsubscribes(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    answer = await page.post(link(), content=ONE_CLICK, headers=FORM)
    assert (answer.status_code, await off(ledger)) == (200, [GOODWILL])


async def test_looking_at_the_page_unsubscribes_nobody(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    """Mail scanners open every link."""
    for method in ("GET", "HEAD"):
        assert (await page.request(method, link())).status_code == 200
    assert await off(ledger) == []


async def test_the_button_on_the_page_unsubscribes(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    shown = await page.get(link())
    assert '<form method="post"><button>Unsubscribe</button></form>' in shown.text
    done = await page.post(link())
    assert ("You are unsubscribed" in done.text, await off(ledger)) == (True, [GOODWILL])


async def test_saying_it_twice_is_as_good_as_once(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    answers = [await page.post(link(), content=ONE_CLICK, headers=FORM) for _ in range(3)]
    entries = [one async for one in suppression_list.entries(ledger)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [(one.reason, one.source) for one in entries] == [("unsubscribed", "link")]


async def test_it_works_without_a_cookie_and_sets_none(page: httpx.AsyncClient) -> None:
    answer = await page.post(link(), content=ONE_CLICK, headers=FORM)
    assert "set-cookie" not in answer.headers


async def test_a_multipart_one_click_counts_too(page: httpx.AsyncClient, ledger: Database) -> None:
    answer = await page.post(link(), files={"List-Unsubscribe": (None, "One-Click")})
    assert (answer.status_code, await off(ledger)) == (200, [GOODWILL])


@pytest.mark.parametrize(
    "token",
    [
        unsubscribe_token(b"o" * 40, UnsubscribeRequest(recipient=3, message_class=GOODWILL)),
        unsubscribe_token(SECRET, UnsubscribeRequest(recipient=3, message_class=GOODWILL)).replace(
            "3.", "4.", 1
        ),
        unsubscribe_token(SECRET, UnsubscribeRequest(recipient=3, message_class=GOODWILL)).replace(
            "goodwill", "safety"
        ),
        unsubscribe_token(SECRET, UnsubscribeRequest(recipient=3, message_class=GOODWILL))[:-1],
        "3.goodwill.",
        "3",
        "٣.goodwill.AAAA",
        "<script>",
    ],
)
async def test_a_link_that_we_did_not_make_does_nothing(
    page: httpx.AsyncClient, ledger: Database, token: str
) -> None:
    answers = [await page.request(one, f"{PATH}/{token}") for one in ("GET", "POST")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "<script>" not in answers[0].text
    assert await off(ledger, 3) + await off(ledger, 4) == []


async def test_somebody_who_is_in_no_list_any_more_is_told_so(page: httpx.AsyncClient) -> None:
    answer = await page.post(link(999))
    assert (answer.status_code, "Nothing needs to be done" in answer.text) == (404, True)


async def test_a_ledger_that_is_away_is_said_and_not_hidden(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    async with ledger.write() as connection:
        await connection.execute(text("ALTER TABLE suppressions RENAME TO away"))
    answer = await page.post(link(), content=ONE_CLICK, headers=FORM)
    assert (answer.status_code, "Please try again" in answer.text) == (503, True)


async def test_the_page_says_that_safety_notices_still_come(page: httpx.AsyncClient) -> None:
    assert "we will still tell you" in (await page.get(link())).text


async def test_the_page_tells_nobody_elses_server_of_the_link(page: httpx.AsyncClient) -> None:
    headers = (await page.get(link())).headers
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
    assert "default-src 'none'" in headers["content-security-policy"]


async def test_a_link_holds_no_address(page: httpx.AsyncClient) -> None:
    assert "customer3" not in link() + (await page.get(link())).text


async def test_without_its_secret_there_is_no_page(ledger: Database) -> None:
    transport = httpx.ASGITransport(create_app(PublicService(ledger)))
    async with httpx.AsyncClient(transport=transport, base_url="http://mail.example") as http:
        assert (await http.post(link())).status_code == 404
        assert (await http.get("/health")).status_code == 200
