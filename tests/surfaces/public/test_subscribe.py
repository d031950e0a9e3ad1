"""The pages for subscribers: a GET only shows, a POST does, and no answer gives anybody away."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from client.page_files import PageFiles
from client.public import PublicService
from domain.subscribers import LEAVE_PATH, MANAGE_PATH, SUBSCRIBE_PATH, SubscriberLinks
from settings import Settings
from store.kernel.database import Database
from store.people import sign_ups, subscriber_list
from store.people.subscriber_list import SubscriberCounts
from surfaces.public.app import create_app
from surfaces.public.pages import SURE
from surfaces.public.subscribe import HONEYPOT
from tests.store.world import NOON

SECRET = b"the secret of links, of more than 32 letters"
LINKS = SubscriberLinks("http://status.example", SECRET)
FORM = f"{SUBSCRIBE_PATH}/"


@pytest.fixture
async def page(ledger: Database) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(company="Example Co", channels=("email", "website"))
    service = PublicService(ledger, link_secret=SECRET, settings=settings)
    transport = httpx.ASGITransport(create_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://status.example") as http:
        yield http


async def counts(ledger: Database) -> SubscriberCounts:
    return await subscriber_list.counts(ledger)


async def test_the_answer_is_the_same_for_an_address_that_is_known(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    await sign_ups.ask(ledger, "ann@example.com", [], "n" * 22, NOON)
    await sign_ups.confirm(ledger, "n" * 22, NOON)
    known = await page.post(FORM, data={"address": "ann@example.com"})
    stranger = await page.post(FORM, data={"address": "bob@example.com"})
    assert (known.status_code, known.text) == (200, stranger.text)


async def test_looking_at_every_page_changes_nothing(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    """Mail scanners open every link."""
    await sign_ups.ask(ledger, "ann@example.com", [], "n" * 22, NOON)
    one = await sign_ups.confirm(ledger, "n" * 22, NOON)
    before = await counts(ledger)
    links = LINKS.to_each([one])
    for link in (links.unsubscribe[0], links.manage[0]):
        answer = await page.get(link)
        assert answer.status_code == 200
        assert "unsafe" not in answer.headers["content-security-policy"]
    assert await counts(ledger) == before


async def test_a_form_without_its_box_ticked_does_nothing_and_says_what_lacks(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    """A scanner that presses buttons sends what the form has, and no more."""
    await sign_ups.ask(ledger, "ann@example.com", [], "n" * 22, datetime.now(UTC))
    link = LINKS.to_confirm("n" * 22)
    hidden = dict(
        re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', (await page.get(link)).text)
    )

    pressed = await page.post(link, data=hidden)
    assert (pressed.status_code, "Tick the box" in pressed.text) == (422, True)
    assert (await counts(ledger)).confirmed == 0

    assert (await page.post(link, data={**hidden, SURE: "yes"})).status_code == 200
    assert (await counts(ledger)).confirmed == 1

    managed = LINKS.to_each([1]).manage[0]
    kept = await page.post(managed, data={**hidden, "do": "delete"})
    assert (kept.status_code, (await counts(ledger)).confirmed) == (422, 1)


async def test_an_address_that_is_none_is_shown_again_with_what_is_wrong(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    answer = await page.post(FORM, data={"address": 'ann"@<b>'})
    assert (answer.status_code, (await counts(ledger)).waiting) == (422, 0)
    assert 'value="ann&quot;@&lt;b&gt;"' in answer.text


@pytest.mark.parametrize("there", [True, False])
async def test_the_way_back_leads_to_our_own_status_page_if_it_is_there(
    ledger: Database, tmp_path: Path, there: bool
) -> None:
    files = PageFiles(tmp_path) if there else None
    settings = Settings(company="Example Co", channels=("email", "website"))
    service = PublicService(ledger, link_secret=SECRET, settings=settings, page=files)
    transport = httpx.ASGITransport(create_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://status.example") as http:
        assert ('<a href="/">Status page</a>' in (await http.get(FORM)).text) is there


async def test_one_click_in_the_mail_program_unsubscribes(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    await sign_ups.ask(ledger, "ann@example.com", [], "n" * 22, NOON)
    one = await sign_ups.confirm(ledger, "n" * 22, NOON)
    answer = await page.post(
        LINKS.to_each([one]).unsubscribe[0], data={"List-Unsubscribe": "One-Click"}
    )
    after = await counts(ledger)
    assert (answer.status_code, after.confirmed, after.unsubscribed) == (200, 0, 1)


async def test_the_sixth_request_of_a_source_is_refused_with_a_page(
    page: httpx.AsyncClient,
) -> None:
    codes = [
        (await page.post(FORM, data={"address": f"a{n}@example.com"})).status_code for n in range(6)
    ]
    assert codes == [200, 200, 200, 200, 200, 429]


async def test_a_program_that_fills_in_every_field_asks_for_nothing(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    answer = await page.post(FORM, data={"address": "ann@example.com", HONEYPOT: "Ann"})
    assert (answer.status_code, (await counts(ledger)).waiting) == (200, 0)


@pytest.mark.parametrize("path", [LEAVE_PATH, MANAGE_PATH])
async def test_the_token_of_one_page_opens_no_other(page: httpx.AsyncClient, path: str) -> None:
    links = LINKS.to_each([1])
    other = links.manage[0] if path == LEAVE_PATH else links.unsubscribe[0]
    assert (await page.get(f"{path}/{other.rpartition('/')[2]}")).status_code == 404


async def test_everything_that_is_known_can_be_seen_and_deleted(
    page: httpx.AsyncClient, ledger: Database
) -> None:
    await sign_ups.ask(ledger, "ann@example.com", [], "n" * 22, NOON)
    link = LINKS.to_each([await sign_ups.confirm(ledger, "n" * 22, NOON)]).manage[0]
    shown = await page.get(link)
    assert re.search("ann@example.com", shown.text)
    assert (await page.post(link, data={"do": "delete"})).status_code == 200
    assert [one async for one in subscriber_list.everybody(ledger)] == []


async def test_nobody_signs_up_where_there_is_no_page_and_links_in_mail_still_work(
    ledger: Database,
) -> None:
    """A form that sends mail to whatever address strangers type is opened on purpose only."""
    service = PublicService(ledger, link_secret=SECRET, settings=Settings(channels=("email",)))
    transport = httpx.ASGITransport(create_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://status.example") as http:
        assert (await http.get(FORM)).status_code == 404
        assert (await http.post(FORM, data={"address": "ann@example.com"})).status_code == 404
        await sign_ups.ask(ledger, "ann@example.com", [], "n" * 22, datetime.now(UTC))
        confirm = urlsplit(LINKS.to_confirm("n" * 22)).path
        assert (await http.get(confirm)).status_code == 200
