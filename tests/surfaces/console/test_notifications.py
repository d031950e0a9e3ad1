"""The pages of one's own notifications: by a link through the sign-in, and without a script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text, update

from client.checks.contacts import check_contacts
from client.signing_in import make_link
from domain.contact import ContactKind, ContactMethod
from domain.notifications import DeliveryEnd, NotificationReason
from domain.severity import Severity
from domain.tokens import Scope
from store.notifications import devices, entering, reading, sending
from store.notifications.entering import Asking
from store.notifications.sending import Way
from store.record import drafts, incidents
from store.tables import notifications
from surfaces.console.app import served
from tests.push_service import Browser
from tests.sealing import KEY
from tests.surfaces.api.conftest import Api
from tests.surfaces.console.conftest import OURS, URL, Console
from tests.surfaces.console.houses import House

NOW = datetime.now(UTC)
CONTACT = "contact: [{name: phone, kind: apprise, secret: ADA_PHONE}, {name: web, kind: web_push}]"


@pytest.fixture
async def house(console: Console, tmp_path: Path) -> House:
    made = House(console, tmp_path)
    made.has(ada=CONTACT, ben="may: [administrate]")
    return made


async def asked(console: Console, *people: str, about: str = "gate/1/1") -> str:
    """Have people be notified about a message; the code of the last of them."""
    asking = Asking(
        incident="site-down",
        about=about,
        step="ask",
        reason=NotificationReason.DECIDE,
        severity=Severity.MAJOR,
        people=people,
        message=1,
    )
    ledger = await console.engine.ledger()
    await entering.enter(ledger, asking, NOW)
    return (await reading.of_incident(ledger, "site-down"))[-1].code


async def test_the_link_leads_through_the_sign_in_to_a_page_that_acknowledges(
    console: Console, house: House
) -> None:
    code = await asked(console, "ada")
    away = await console.browser.get(f"/n/{code}")
    assert (away.status_code, away.headers["location"]) == (303, "/")
    link = await make_link(console.engine)
    back = await console.browser.post(link, data={"person": "ada"}, headers=OURS)
    assert back.headers["location"] == f"/n/{code}"

    shown = (await console.browser.get(f"/n/{code}")).text
    assert "Your decision is needed" in shown
    assert "/incidents/site-down/messages/1/sign" in shown
    # Opening it has changed nothing.
    ledger = await console.engine.ledger()
    assert (await reading.of_incident(ledger, "site-down"))[0].acknowledged_at is None
    done = await console.browser.post(f"/n/{code}/acknowledgement", headers=OURS)
    assert done.headers["location"] == f"/n/{code}"
    shown = (await console.browser.get(f"/n/{code.lower()}")).text
    assert ("You acknowledged it" in shown, "Acknowledge</button>" in shown) == (True, False)
    # It leads there once.
    assert (await console.sign_in("ada")).headers["location"] == "/"


async def test_a_code_works_for_nobody_else(console: Console, house: House) -> None:
    code = await asked(console, "ada")
    await console.sign_in("ben")
    for answer in (
        await console.browser.get(f"/n/{code}"),
        await console.browser.get("/n/nonsense"),
        await console.browser.post("/n/22222222/acknowledgement", headers=OURS),
    ):
        assert answer.status_code == 404
        assert "There is no notification of that code for you." in answer.text
    ledger = await console.engine.ledger()
    assert (await reading.of_incident(ledger, "site-down"))[0].acknowledged_at is None


async def test_what_is_settled_says_by_whom(console: Console, house: House) -> None:
    code = await asked(console, "ada")
    ledger = await console.engine.ledger()
    await entering.end(ledger, "site-down", "gate/1/1", "approved", "ben", NOW, NOW)
    await console.sign_in("ada")
    shown = (await console.browser.get(f"/n/{code}")).text
    assert "Approved by ben" in shown
    assert "Acknowledge" not in shown


async def test_the_incident_says_who_was_notified_how_and_what_came_of_it(
    console: Console, house: House
) -> None:
    code = await asked(console, "ada", "ben")
    ledger = await console.engine.ledger()
    await incidents.register(ledger, "site-down", "Down", "plan", (), NOW)
    await drafts.save(ledger, "site-down", "facts", {"prevention": "we <encrypt>"}, "ada", NOW)
    soon = NOW + timedelta(seconds=3)
    method = ContactMethod(name="phone", kind=ContactKind.APPRISE, secret="ADA_PHONE")
    for group in await sending.due(ledger, soon, 9):
        way = Way(method=method, many=2)
        taken = await sending.take(ledger, group, lambda _, way=way: way, soon)
        assert taken is not None
        end = DeliveryEnd.HANDED_OVER if group.person == "ben" else DeliveryEnd.NOT_TAKEN
        await sending.finish(ledger, taken, end, 1, soon)
    await entering.acknowledge(ledger, "ben", code, soon)

    await console.sign_in("ben")
    said = " ".join(re.sub(r"<[^>]+>", " ", await shown(console, "/incidents/site-down")).split())
    assert re.search(r"As of \d\d:\d\d:\d\d UTC ?\. It does not change by itself", said)
    assert "ben acknowledged Decision on message 1, since" in said
    assert "UTC : handed over" in said
    assert "ada not sent yet Decision on message 1" in said
    assert "UTC : The service did not take it." in said
    assert "ADA_PHONE" not in said
    follow_up = await shown(console, "/incidents/site-down/follow-up")
    assert "we said we would, and we did" in follow_up.lower()
    assert "we &lt;encrypt&gt;" in follow_up

    house.has(ada=CONTACT, noor="may: [administrate]")
    transport = httpx.ASGITransport(app=served(console.engine))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
        api = Api(console.engine, http)
        await api.has_token(Scope.INCIDENTS_READ, person="noor")
        people = (await api.get("/incidents/site-down/notifications")).json()["people"]
        assert [(one["person"], one["attempts"][0]["ended"]) for one in people] == [
            ("ben", "handed_over"),
            ("ada", "not_taken"),
        ]
        assert (await api.get("/incidents/gone/notifications")).status_code == 404


async def test_the_incident_says_so_if_it_cannot_read_who_was_notified(
    console: Console, house: House
) -> None:
    """Nobody was to be seen there, as if nobody had been notified."""
    ledger = await console.engine.ledger()
    await incidents.register(ledger, "site-down", "Down", "plan", (), NOW)
    await console.sign_in("ada")
    assert "Who was notified" not in await shown(console, "/incidents/site-down")
    async with ledger.write() as connection:
        await connection.execute(text("ALTER TABLE notifications RENAME TO elsewhere"))
    said = (await shown(console, "/incidents/site-down")).partition("Who was notified")[2]
    assert "It could not be read just now." in said.partition("</section>")[0]


async def shown(console: Console, path: str) -> str:
    answer = await console.browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_browser_is_added_and_removed_and_an_unfit_one_is_refused(
    console: Console, house: House
) -> None:
    ledger = await console.engine.ledger()
    await devices.private_key(ledger, KEY, NOW)
    await console.sign_in("ada")
    browser = Browser()
    fit = {
        "endpoint": "https://push.example.com/send/1",
        "p256dh": browser.p256dh,
        "auth": browser.auth,
        "name": "phone",
    }
    for unfit in ({"auth": "x"}, {"endpoint": "http://10.0.0.1/x"}, {"endpoint": "file:///x"}):
        answer = await console.browser.post(
            "/notifications/devices", data=fit | unfit, headers=OURS
        )
        assert answer.status_code == 422, unfit
    for inside in ("https://10.0.0.1/x", "https://localhost/x"):
        answer = await console.browser.post(
            "/notifications/devices", data=fit | {"endpoint": inside}, headers=OURS
        )
        assert "in a private network" in answer.text
    assert await devices.of_people(ledger, ["ada"]) == []
    for _ in range(2):
        await console.browser.post("/notifications/devices", data=fit, headers=OURS)
    (device,) = await devices.of_people(ledger, ["ada"])
    assert device.name == "phone"
    assert device.endpoint not in (await console.browser.get("/notifications")).text

    removal = f"/notifications/devices/{device.id}/removal"
    await console.sign_in("ben")
    assert (await console.browser.post(removal, headers=OURS)).status_code == 422
    await console.sign_in("ada")
    await console.browser.post(removal, headers=OURS)
    assert await devices.of_people(ledger, ["ada"]) == []


async def test_a_test_that_nobody_answers_for_a_day_is_red_on_the_readiness_page(
    console: Console, house: House
) -> None:
    await console.sign_in("ada")
    assert (await console.browser.post("/notifications/tests", headers=OURS)).status_code == 303
    ledger = await console.engine.ledger()
    tests = {one.method: one for one in await reading.newest_tests(ledger)}
    assert set(tests) == {"phone", "web"}
    done = await console.browser.post(f"/n/{tests['phone'].code}/acknowledgement", headers=OURS)
    assert done.status_code == 303
    assert [one.ok for one in await check_contacts(console.engine)] == [True]

    async with ledger.write() as connection:
        await connection.execute(update(notifications).values(entered_at=NOW - timedelta(days=2)))
    (red,) = await check_contacts(console.engine)
    assert (red.ok, "Ada's web: nobody acknowledged the test" in red.explanation.what) == (
        False,
        True,
    )
    assert "nobody acknowledged the test" in (await console.browser.get("/notifications")).text
    await console.sign_in("ben")
    assert "Ada: web" in (await console.browser.get("/notifications")).text


async def test_whoever_has_no_method_is_told_so(console: Console, house: House) -> None:
    await console.sign_in("ben")
    answer = await console.browser.post("/notifications/tests", headers=OURS)
    assert (answer.status_code, "Ben has no contact method." in answer.text) == (422, True)
