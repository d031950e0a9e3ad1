"""While Temporal is away: the pages stay readable from the ledger, and say so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.message import Copy, Document, MessageKind
from store.record import incidents, messages
from tests.surfaces.console.conftest import OURS, Console

AT = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)
NASTY = '<script>alert("x")</script> & Co'


@pytest.fixture
async def kept(console: Console) -> Console:
    """Somebody is signed in, and the ledger has an incident with one message."""
    ledger = await console.engine.ledger()
    await incidents.register(ledger, "site-down", NASTY, "site-compromised", [], AT)
    document = Document(
        incident="site-down",
        number=1,
        revision=1,
        kind=MessageKind.ANNOUNCEMENT,
        proposed_at=AT,
        copies=(Copy(channel="twitter", text=f"Sign-in fails. {NASTY}"),),
    )
    await messages.save_revision(ledger, document, "maya")
    await console.sign_in()
    return console


async def test_an_incident_is_read_from_the_ledger(kept: Console) -> None:
    answer = await kept.browser.get("/incidents/site-down")
    assert answer.status_code == 200
    assert "This is what the ledger has" in answer.text
    assert "Sign-in fails." in answer.text


async def test_the_home_page_lists_it_and_says_who_does_not_answer(kept: Console) -> None:
    answer = await kept.browser.get("/")
    assert answer.status_code == 200
    assert 'href="/incidents/site-down"' in answer.text
    assert "does not answer" in answer.text


async def test_what_others_wrote_is_text(kept: Console) -> None:
    for path in ("/", "/incidents/site-down"):
        page = (await kept.browser.get(path)).text
        assert "<script>alert" not in page, path
        assert "&lt;script&gt;" in page


async def test_a_proposal_that_nobody_took_keeps_what_was_typed(kept: Console) -> None:
    """The promise of somebody else became its author's without a word."""
    typed = {
        "kind": "announcement",
        "words": "own",
        "text": "We are looking into it.",
        "owner": "sam",
        "for:twitter": "Looking into it.",
        "component:Web app": "major_outage",
    }
    for place in ("", "/1/revisions"):
        path = f"/incidents/site-down/messages{place}"
        answer = await kept.browser.post(path, data=typed, headers=OURS)
        assert answer.status_code == 503
        assert "We are looking into it.</textarea>" in answer.text
        assert 'role="alert"' in answer.text
        assert 'name="for:twitter" rows="3">Looking into it.</textarea>' in answer.text
        component = answer.text.partition('name="component:Web app"')[2].partition("</select>")[0]
        assert '<option value="major_outage" selected>' in component
        # Only a proposal says whose promise it is.
        assert ('<option value="sam" selected>Sam Rivers</option>' in answer.text) is (not place)


async def test_an_incident_that_nobody_knows_is_not_found(kept: Console) -> None:
    answer = await kept.browser.get("/incidents/nothing-like-it")
    assert answer.status_code in (404, 503)
    assert "<h1>" in answer.text


async def test_an_address_that_means_nothing_is_not_found(kept: Console) -> None:
    for path in ("/no/such/page", "/incidents/site-down/messages/abc/sign"):
        assert (await kept.browser.get(path)).status_code == 404, path


async def test_everything_can_be_stopped_and_resumed(kept: Console) -> None:
    asked = await kept.browser.get("/incidents/site-down/stop")
    assert "No further post and no further mail" in asked.text
    for _ in range(2):
        done = await kept.browser.post(
            "/incidents/site-down/stops", data={"reason": "Wrong link"}, headers=OURS
        )
        assert (done.status_code, done.headers["location"]) == (303, "/incidents/site-down")
    for path in ("/incidents/site-down", "/incidents/site-down/stop"):
        page = (await kept.browser.get(path)).text
        assert "Everything was stopped by" in page, path
        assert "Wrong link" in page, path
    assert "everything is stopped" in (await kept.browser.get("/")).text

    done = await kept.browser.post("/incidents/site-down/resumptions", headers=OURS)
    assert done.status_code == 303
    assert "Everything was stopped" not in (await kept.browser.get("/incidents/site-down")).text
    again = await kept.browser.post("/incidents/site-down/resumptions", headers=OURS)
    assert (again.status_code, "Nothing of site-down is stopped." in again.text) == (409, True)


async def test_a_channel_is_put_in_quarantine_and_lifted_by_two(kept: Console) -> None:
    asked = await kept.browser.get("/quarantine")
    assert "Stop everything on twitter" in asked.text
    done = await kept.browser.post("/quarantine/twitter", data={"reason": NASTY}, headers=OURS)
    assert (done.status_code, done.headers["location"]) == (303, "/quarantine")
    for path in ("/", "/quarantine"):
        page = (await kept.browser.get(path)).text
        assert "alert(&#34;x&#34;)" in page, path
        assert "in quarantine" in page, path

    assert (await kept.browser.post("/quarantine/twitter/lift", headers=OURS)).status_code == 303
    page = (await kept.browser.get("/quarantine")).text
    assert "Somebody else has to confirm it." in page
    assert "Confirm: it is ours again" not in page
    again = await kept.browser.post("/quarantine/twitter/lift", headers=OURS)
    assert (again.status_code, "one person alone cannot lift it" in again.text) == (409, True)


async def test_the_whole_record_is_read_without_temporal(kept: Console) -> None:
    answer = await kept.browser.get("/incidents/site-down/record")
    assert answer.status_code == 200
    assert "Sign-in fails." in answer.text
    assert "nothing went out" in answer.text
    assert "<script>alert" not in answer.text
    assert (await kept.browser.get("/incidents/another/record")).status_code == 404
