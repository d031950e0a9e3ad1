"""Webhooks in the console: added, changed, sent again, and never shown with their whole address."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from client.installation import newest_entries
from client.webhooks import list_endpoints
from domain.outbox import AttemptEnd, Ended, ItemState
from store.outbox import endpoints, items, reading
from surfaces.console import webhooks
from tests.outbox import NOON, entries, have_endpoint, have_incident, record
from tests.sealing import KEY
from tests.surfaces.console.conftest import OURS, Console
from tests.surfaces.console.houses import House

HERE = "/administration/webhooks"
ONE = f"{HERE}/helpdesk"
URL = "https://helpdesk.example.com/hooks/s3cret-path"
SECRET = re.compile(r"whsec_[\w+/=]{44}")


@pytest.fixture
async def office(console: Console, tmp_path: Path) -> Console:
    """Noor administrates, and is signed in; a worker has run on the ledger."""
    House(console, tmp_path).has(noor="may: [administrate]")
    await endpoints.enter_key(await console.engine.ledger(), KEY, NOON)
    await console.sign_in("noor")
    return console


async def sends(office: Console, path: str, **form: object) -> httpx.Response:
    return await office.browser.post(path, data=form, headers=OURS)


async def acts(office: Console) -> list[tuple[str, str, str, str]]:
    found = [one for one in await newest_entries(office.engine, None) if "webhook" in one.what]
    return [(one.what, one.who, str(one.surface), one.about) for one in reversed(found)]


async def told(office: Console, *, later: bool = False) -> None:
    """A response that the endpoint has not heard of; with ``later`` its first event was refused."""
    ledger, now = await office.engine.ledger(), datetime.now(UTC)
    await have_incident(ledger)
    await have_endpoint(ledger, url=URL)
    await record(ledger, entries(), at=now - timedelta(hours=25))
    if later:
        for _ in range(5):
            [item] = await items.due(ledger, "helpdesk", now + timedelta(hours=1), 1)
            await items.begin(ledger, item, now)
            failed = Ended(end=AttemptEnd.ANSWERED, status=500)
            await items.end(ledger, item, failed, now, 0.5)


async def test_one_is_added_and_its_secret_shown_once(office: Console) -> None:
    assert "No other system is told anything." in (await office.browser.get(HERE)).text
    made = await sends(
        office, HERE, url=URL, name="helpdesk", event=["incident.opened", "incident.closed"]
    )
    assert (made.status_code, len(SECRET.findall(made.text))) == (200, 1)
    [one] = await list_endpoints(office.engine)
    assert (one.url, one.added_by, one.events) == (
        URL,
        "noor",
        ("incident.opened", "incident.closed"),
    )
    for path in (HERE, ONE, "/administration"):
        page = (await office.browser.get(path)).text
        assert ("helpdesk.example.com" in page, "s3cret" in page) == (True, False), path
        assert not SECRET.search(page)
    assert await acts(office) == [("webhook endpoint added", "noor", "console", "helpdesk")]


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"url": "http://helpdesk.example.com"}, "over https alone"),
        ({"url": "https://10.0.0.1/hooks"}, "in a private network"),
        ({"url": URL, "name": "Help Desk"}, "cannot name an endpoint"),
        ({"url": URL, "event": "everything"}, "There is no event"),
    ],
)
async def test_what_was_typed_is_kept_where_it_is_refused(
    office: Console, form: dict[str, str], why: str
) -> None:
    refused = await sends(office, HERE, **form)
    assert (refused.status_code in (409, 422), why in refused.text) == (True, True)
    assert f'value="{form["url"]}"' in refused.text
    assert await list_endpoints(office.engine) == []


async def test_a_new_secret_is_shown_once(office: Console) -> None:
    await told(office)
    made = await sends(office, f"{ONE}/rotations")
    assert len(SECRET.findall(made.text)) == 1
    assert "with the old one, too" in made.text
    assert "changed" in (await office.browser.get(ONE)).text
    assert ("webhook secret rotated", "noor", "console", "helpdesk") in await acts(office)


async def test_one_is_disabled_and_enabled_again(office: Console) -> None:
    await told(office)
    ledger = await office.engine.ledger()
    assert (await sends(office, f"{ONE}/disablings")).status_code == 303
    page = (await office.browser.get(ONE)).text
    assert "was disabled at" in page
    assert "(410)" not in page
    assert f'action="{ONE}/disablings"' not in page
    later = datetime.now(UTC) + timedelta(days=1)
    assert await items.due(ledger, "helpdesk", later, 9) == []
    for path in ("disablings", "replays"):
        refused = await sends(office, f"{ONE}/{path}")
        assert (refused.status_code, "is disabled" in refused.text) == (422, True), path

    assert (await sends(office, f"{ONE}/enablings")).status_code == 303
    assert len(await items.due(ledger, "helpdesk", later, 9)) == 1
    assert [one[0] for one in await acts(office)][-2:] == [
        "webhook endpoint disabled",
        "webhook endpoint enabled",
    ]


async def test_what_was_set_aside_is_sent_again(office: Console) -> None:
    await told(office, later=True)
    page = (await office.browser.get(ONE)).text
    assert "set aside" in page
    assert "It answered 500." in page
    [event] = re.findall(r'name="event" value="(evt_\w+)"', page)
    assert (await sends(office, f"{ONE}/replays", event=event)).status_code == 303
    [one] = await list_endpoints(office.engine)
    assert (one.waiting, one.set_aside) == (8, 0)


async def test_a_test_is_one_event_that_shows_on_the_page(
    office: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "ANSWERED_SOON", timedelta())
    await told(office)
    assert (await sends(office, f"{ONE}/tests")).status_code == 303
    [newest, *_] = await reading.newest(await office.engine.ledger(), "helpdesk", 9)
    assert (newest.event_type, newest.state) == ("ping", ItemState.WAITING)
    assert "<b>ping</b>" in (await office.browser.get(ONE)).text


async def test_one_is_removed_after_a_question_that_says_what_is_lost(office: Console) -> None:
    await told(office)
    question = (await office.browser.get(f"{ONE}/remove")).text
    assert "8 webhooks that wait for it will not be sent." in question
    removed = await sends(office, f"{ONE}/removal")
    assert (removed.status_code, removed.headers["location"]) == (303, HERE)
    assert await list_endpoints(office.engine) == []
    again = await sends(office, f"{ONE}/removal")
    assert (again.status_code, "There is no endpoint" in again.text) == (409, True)
