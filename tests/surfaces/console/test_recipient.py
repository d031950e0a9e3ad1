"""The box for one address: found by a POST, kept nowhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from store.people import audiences
from store.people.audiences import AudienceRow
from store.record import incidents
from tests.surfaces.console.conftest import OURS, Console

JANE = "jane.quill@feather.example"
AT = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)


@pytest.fixture
async def asked(console: Console) -> Console:
    ledger = await console.engine.ledger()
    await incidents.register(ledger, "site-down", "Down", "site-compromised", [], AT)
    await audiences.import_rows(ledger, "customers", [AudienceRow(JANE, {})])
    await console.sign_in()
    return console


async def look_up(console: Console, address: str) -> tuple[int, str]:
    answer = await console.browser.post(
        "/incidents/site-down/recipient", data={"address": address}, headers=OURS
    )
    return answer.status_code, answer.text


async def test_somebody_known_is_found_and_the_address_is_in_no_link(
    asked: Console, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    status, page = await look_up(asked, JANE.upper())
    assert status == 200
    assert "customers" in page
    assert "Nothing was mailed to them in this incident." in page
    links = re.findall(r'(?:href|action|src)="([^"]*)"', page)
    assert links
    assert not [one for one in links if "jane" in one.lower()]
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("frontfoot")]
    assert "jane.quill" not in " ".join(ours).lower()


async def test_a_stranger_is_said_to_be_one(asked: Console) -> None:
    status, page = await look_up(asked, "nobody@feather.example")
    assert (status, "has never heard of" in page) == (200, True)


async def test_what_is_no_address_is_refused_and_kept_in_its_box(asked: Console) -> None:
    status, page = await look_up(asked, "jane")
    assert status == 422
    assert 'role="alert"' in page
    assert 'value="jane"' in page


async def test_an_address_in_a_url_asks_nothing(asked: Console) -> None:
    answer = await asked.browser.get(f"/incidents/site-down/recipient?address={JANE}")
    assert (answer.status_code, "customers" in answer.text) == (200, False)
