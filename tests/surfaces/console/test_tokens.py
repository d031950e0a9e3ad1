"""Tokens in the console: made for oneself, shown once, and removed."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from client.installation import newest_entries
from client.tokens import bearer_of, list_tokens
from domain.tokens import Scope
from tests.surfaces.console.conftest import OURS, Console
from tests.surfaces.console.houses import House

HERE = "/administration/tokens"


@pytest.fixture
async def office(console: Console, tmp_path: Path) -> Console:
    """Noor administrates, and is signed in."""
    House(console, tmp_path).has(noor="may: [administrate]", ben="")
    await console.sign_in("noor")
    return console


async def makes(office: Console, **form: object) -> httpx.Response:
    return await office.browser.post(HERE, data=form, headers=OURS)


async def test_one_is_made_for_oneself_and_shown_once(office: Console) -> None:
    assert "There are none." in (await office.browser.get(HERE)).text
    made = await makes(
        office, name="Help desk", scope=["events:read", "incidents:read"], days=30, person="ben"
    )
    [secret] = re.findall(r"ff_[\w-]{43}", made.text)
    assert made.status_code == 200
    bearer = await bearer_of(office.engine, secret)
    assert bearer is not None
    assert (bearer.person.id, bearer.token.name) == ("noor", "Help desk")
    assert bearer.token.scopes == (Scope.EVENTS_READ, Scope.INCIDENTS_READ)
    assert (bearer.token.expires_at - bearer.token.created_at).days == 30
    listed = (await office.browser.get(HERE)).text
    assert (secret in listed, "Help desk" in listed, bearer.token.id in listed) == (
        False,
        True,
        True,
    )
    [entry, *_] = await newest_entries(office.engine, None)
    assert (entry.what, entry.who, entry.surface) == ("token created", "noor", "console")
    assert secret not in str(entry)


async def test_what_was_typed_is_kept_where_it_is_refused(office: Console) -> None:
    refused = await makes(office, name="Help desk", days=365)
    assert (refused.status_code, "A token needs a scope." in refused.text) == (422, True)
    assert 'value="Help desk"' in refused.text
    assert '<option value="365" selected>' in refused.text
    strange = await makes(office, name="x", scope="everything", days=30)
    assert strange.status_code == 422
    assert await list_tokens(office.engine) == []


async def test_nobody_makes_one_that_works_for_ever(office: Console) -> None:
    await makes(office, name="x", scope="events:read", days=100_000)
    [token] = await list_tokens(office.engine)
    assert (token.expires_at - token.created_at).days == 30


async def test_one_is_removed_after_a_question(office: Console) -> None:
    await makes(office, name="x", scope="events:read", days=30)
    [question] = re.findall(rf'href="({HERE}/\w+/remove)"', (await office.browser.get(HERE)).text)
    assert "is refused from now on" in (await office.browser.get(question)).text
    removed = await office.browser.post(question.replace("remove", "removal"), headers=OURS)
    assert removed.status_code == 303
    assert await list_tokens(office.engine) == []
