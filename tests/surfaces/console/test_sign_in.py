"""Who gets in, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from client.signing_in import AT_MOST_FOR, IDLE_FOR, LINK_WORKS_FOR, make_link
from store.tables import sessions, sign_in_links
from surfaces.console.access import OPEN
from tests.surfaces.console.conftest import OURS, Console


async def test_without_a_session_there_is_only_the_sign_in_page(console: Console) -> None:
    answer = await console.browser.get("/")
    assert (answer.status_code, "frontfoot sign-in" in answer.text) == (200, True)
    for path in ("/open", "/incidents/x", "/incidents/x/messages/1/sign", "/incidents/x/timeline"):
        answer = await console.browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), path


async def test_a_stream_or_a_form_without_a_session_is_refused(console: Console) -> None:
    """A redirect would put the sign-in page into the live region of a page."""
    accept = {"Accept": "text/event-stream"}
    for path in ("/live", "/incidents/x/live", "/incidents/x/messages/1/sign/live?digest=1"):
        assert (await console.browser.get(path, headers=accept)).status_code == 401, path
    for path in ("/incidents", "/incidents/x/closure", "/incidents/x/messages/1/decisions"):
        assert (await console.browser.post(path, headers=OURS)).status_code == 401, path


async def test_the_page_of_a_link_does_not_spend_it(console: Console) -> None:
    link = await make_link(console.engine)
    for _ in range(3):
        answer = await console.browser.get(link)
        assert ("Maya" in answer.text, "is not proven" in answer.text) == (True, True)
        assert "set-cookie" not in answer.headers
    assert (
        await console.browser.post(link, data={"person": "maya"}, headers=OURS)
    ).status_code == 303


async def test_a_link_signs_in_once(console: Console) -> None:
    link = await make_link(console.engine)
    await console.browser.post(link, data={"person": "maya"}, headers=OURS)
    console.browser.cookies.clear()
    for answer in (
        await console.browser.get(link),
        await console.browser.post(link, data={"person": "noor"}, headers=OURS),
    ):
        assert (answer.status_code, "does not work any more" in answer.text) == (422, True)
        assert "set-cookie" not in answer.headers


async def test_a_link_works_for_a_quarter_of_an_hour(console: Console) -> None:
    link = await make_link(console.engine)
    made = datetime.now(UTC) - LINK_WORKS_FOR - timedelta(seconds=1)
    async with (await console.engine.ledger()).write() as connection:
        await connection.execute(update(sign_in_links).values(made_at=made))
    assert (await console.browser.get(link)).status_code == 422
    answer = await console.browser.post(link, data={"person": "maya"}, headers=OURS)
    assert (answer.status_code, "set-cookie" in answer.headers) == (422, False)


async def test_nobody_signs_in_who_is_in_no_roster(console: Console) -> None:
    link = await make_link(console.engine)
    answer = await console.browser.post(link, data={"person": "mallory"}, headers=OURS)
    assert (answer.status_code, "set-cookie" in answer.headers) == (422, False)


async def test_the_cookie_is_for_this_host_and_no_script(console: Console) -> None:
    cookie = (await console.sign_in()).headers["set-cookie"]
    assert all(one in cookie for one in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert "Domain" not in cookie


async def test_a_session_that_somebody_planted_is_not_taken_over(console: Console) -> None:
    console.browser.cookies.set("frontfoot-session", "planted", domain="localhost")
    answer = await console.sign_in()
    assert "planted" not in answer.headers["set-cookie"]
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-session", "planted")
    assert (await console.browser.get("/open")).status_code == 303


async def test_signing_in_again_ends_the_session_before(console: Console) -> None:
    first = (await console.sign_in()).cookies["frontfoot-session"]
    second = (await console.sign_in("noor")).cookies["frontfoot-session"]
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-session", first)
    assert (await console.browser.get("/open")).status_code == 303
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-session", second)
    assert "Noor" in (await console.browser.get("/open")).text


async def test_whoever_signs_out_is_out_with_a_kept_cookie_too(console: Console) -> None:
    cookie = (await console.sign_in()).cookies["frontfoot-session"]
    assert (await console.browser.get("/open")).status_code == 200
    await console.browser.post("/sign-out", headers=OURS)
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-session", cookie)
    assert (await console.browser.get("/open")).status_code == 303


@pytest.mark.parametrize("ages", [(IDLE_FOR, IDLE_FOR), (timedelta(), AT_MOST_FOR)])
async def test_a_session_ends_by_itself(
    console: Console, ages: tuple[timedelta, timedelta]
) -> None:
    await console.sign_in()
    second, now = timedelta(seconds=1), datetime.now(UTC)
    seen, since = (now - age - (second if age else timedelta()) for age in ages)
    async with (await console.engine.ledger()).write() as connection:
        await connection.execute(update(sessions).values(seen_at=seen, since=since))
    assert (await console.browser.get("/open")).status_code == 303


async def test_the_ledger_has_neither_the_link_nor_the_cookie(console: Console) -> None:
    link = await make_link(console.engine)
    await console.browser.post(link, data={"person": "maya"}, headers=OURS)
    cookie = console.browser.cookies["frontfoot-session"]
    async with (await console.engine.ledger()).read() as connection:
        kept = [
            str(row)
            for table in (sign_in_links, sessions)
            for row in await connection.execute(select(table))
        ]
    assert len(kept) == 2
    assert not any(secret in row for row in kept for secret in (cookie, link.split("/")[-1]))


async def test_every_page_is_closed_to_strangers_unless_it_is_listed(console: Console) -> None:
    """Asks each route itself, so that one added without a thought fails here."""
    asked = 0
    for path, methods in sorted(every_path(console)):
        if path in OPEN or path.startswith("/static"):
            continue
        values = {"slug": "x", "number": 1, "place": 0, "token": "t", "credential": "c"}
        values |= {"reply": 1, "channel": "twitter", "regulation": "gdpr33"}
        values |= {"code": "K7QXM2PD", "device": "0" * 32}
        address = path.format(**values, name="n", import_id="i", endpoint="e")
        for method in methods:
            answer = await console.browser.request(method, address, headers=OURS)
            outcome = answer.status_code, answer.headers.get("location")
            assert outcome in ((303, "/"), (401, None)), (method, path)
            asked += 1
    assert asked >= 20


def every_path(console: Console) -> set[tuple[str, tuple[str, ...]]]:
    """Every path of the app, and its methods."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    for one in console.app.routes:
        router = getattr(one, "original_router", None)
        for route in [one] if router is None else router.routes:
            methods = getattr(route, "methods", None) or ()
            found.add((route.path, tuple(sorted(methods))))
    return found
