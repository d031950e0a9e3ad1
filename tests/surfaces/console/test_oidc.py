"""Signing in with the company's account: only whom the provider has signed for, in this browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwk
from pydantic import SecretStr

from client.engine import Engine
from client.stack.ports import Ports
from settings import HERE, Settings
from surfaces.console.app import create_app
from surfaces.console.guard import Guard
from tests.deadline import eventually
from tests.surfaces.console.conftest import URL
from tests.surfaces.console.identity_provider import CLIENT, IdentityProvider, running_provider

ISSUER = "http://localhost:9"
NOT_SIGNED = "is not signed by it, or was not meant for here"
FOREIGN = jwk.RSAKey.generate_key(2048)
SYMMETRIC = jwk.OctKey.import_key("k" * 40)


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture
async def browser(
    provider: IdentityProvider, empty_ledger: Path, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with console_at(provider.url, empty_ledger, tmp_path) as browser:
        yield browser


class console_at:  # noqa: N801 - used like a function
    """A browser at a console where maya has an account with the provider at ``issuer``."""

    def __init__(self, issuer: str, ledger: Path, folder: Path) -> None:
        shutil.copy(ledger, folder / "frontfoot.db")
        playbooks = folder / "playbooks"
        shutil.copytree(HERE / "playbooks", playbooks)
        people = playbooks / "people.yaml"
        text = people.read_text(encoding="utf-8")
        people.write_text(text.replace("id: maya", "id: maya\n    oidc: maya-at-work", 1), "utf-8")
        settings = Settings(
            state_dir=folder,
            database_url="",
            playbooks_dir=playbooks,
            console_url=URL,
            oidc_issuer=issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=SecretStr("s" * 32),
        )
        self._engine = Engine(settings)
        self._browser = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=Guard(create_app(self._engine), URL)), base_url=URL
        )

    async def __aenter__(self) -> httpx.AsyncClient:
        return self._browser

    async def __aexit__(self, *_: object) -> None:
        await self._browser.aclose()
        await self._engine.__aexit__(None, None, None)


async def asked_of(browser: httpx.AsyncClient) -> dict[str, str]:
    """What the provider is asked, after the link was pressed."""
    answer = await browser.get("/sign-in/oidc")
    assert answer.status_code == 303, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


async def come_back(
    browser: httpx.AsyncClient, provider: IdentityProvider, **changed: str
) -> httpx.Response:
    """Log in there and come back with a code."""
    asked = await asked_of(browser)
    provider.nonce = asked["nonce"]
    query = {"code": "c", "state": asked["state"], **changed}
    return await browser.get("/sign-in/callback", params=query)


async def is_signed_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/open")).status_code == 200


async def test_an_account_that_is_in_the_file_signs_in(
    browser: httpx.AsyncClient, provider: IdentityProvider
) -> None:
    page = await browser.get("/")
    assert "Sign in at localhost" in page.text
    answer = await come_back(browser, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Maya" in (await browser.get("/")).text
    [asked] = provider.asked
    assert asked["grant_type"] == "authorization_code"
    assert len(asked["code_verifier"]) == 43
    assert "client_secret" not in asked


async def test_the_provider_is_asked_with_everything_that_binds_its_answer(
    browser: httpx.AsyncClient,
) -> None:
    asked = await asked_of(browser)
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == f"{URL}/sign-in/callback"
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid", "S256")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "http://localhost:1"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
    ],
    ids=["nonce", "audience", "party", "issuer", "expired", "from-later", "nobody"],
)
async def test_a_token_that_was_not_meant_for_here_signs_nobody_in(
    browser: httpx.AsyncClient, provider: IdentityProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    answer = await come_back(browser, provider)
    assert (answer.status_code, NOT_SIGNED in answer.text) == (422, True), answer.text
    assert not await is_signed_in(browser)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ({}, FOREIGN),
        ({"alg": "HS256"}, SYMMETRIC),
        ({"alg": "none"}, SYMMETRIC),
        ({"kid": "another"}, FOREIGN),
    ],
    ids=["foreign-key", "shared-secret", "unsigned", "unknown-key"],
)
async def test_a_token_that_the_provider_has_not_signed_signs_nobody_in(
    browser: httpx.AsyncClient, provider: IdentityProvider, header: dict[str, str], key: jwk.Key
) -> None:
    provider.header, provider.key = header, key
    answer = await come_back(browser, provider)
    assert (answer.status_code, NOT_SIGNED in answer.text) == (422, True), answer.text
    assert not await is_signed_in(browser)


async def test_an_answer_counts_in_the_browser_that_asked_and_once(
    browser: httpx.AsyncClient, provider: IdentityProvider, empty_ledger: Path, tmp_path: Path
) -> None:
    asked = await asked_of(browser)
    kept = dict(browser.cookies)
    provider.nonce = asked["nonce"]
    back = {"code": "c", "state": asked["state"]}

    browser.cookies.clear()
    answer = await browser.get("/sign-in/callback", params=back)
    assert (answer.status_code, "begun in another browser" in answer.text) == (422, True)
    browser.cookies.update(kept)
    answer = await browser.get("/sign-in/callback", params={**back, "state": "x"})
    assert "begun in another browser" in answer.text
    browser.cookies.update(kept)
    assert (await browser.get("/sign-in/callback", params=back)).status_code == 303
    browser.cookies.clear()
    browser.cookies.update(kept)
    answer = await browser.get("/sign-in/callback", params=back)
    assert (answer.status_code, "answered already" in answer.text) == (422, True)


async def test_an_account_that_nobody_entered_is_told_what_to_enter(
    browser: httpx.AsyncClient, provider: IdentityProvider
) -> None:
    provider.claims = {"sub": "somebody<script>"}
    answer = await come_back(browser, provider)
    assert answer.status_code == 422
    assert "oidc: &#34;somebody&lt;script&gt;&#34;" in answer.text
    assert not await is_signed_in(browser)


async def test_whoever_is_taken_out_of_the_file_is_signed_out(
    browser: httpx.AsyncClient, provider: IdentityProvider, tmp_path: Path
) -> None:
    await come_back(browser, provider)
    assert await is_signed_in(browser)
    people = tmp_path / "playbooks" / "people.yaml"
    text = people.read_text(encoding="utf-8")
    people.write_text(text.replace("id: maya", "id: mia"), encoding="utf-8")
    for plan in (tmp_path / "playbooks").glob("*/playbook.yaml"):
        plan.write_text(plan.read_text(encoding="utf-8").replace("maya", "mia"), encoding="utf-8")
    assert not await is_signed_in(browser)


async def test_what_the_provider_refuses_is_said(
    browser: httpx.AsyncClient, provider: IdentityProvider
) -> None:
    asked = await asked_of(browser)
    back = {"error": "access_denied", "state": asked["state"]}
    answer = await browser.get("/sign-in/callback", params=back)
    assert "The sign-in service says: access_denied." in answer.text
    provider.answer = {"error": "invalid_grant"}
    assert "says: invalid_grant." in (await come_back(browser, provider)).text


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"issuer": "https://accounts.evil.example"}, "calls itself https://accounts.evil.example"),
        ({"token_endpoint": None}, "does not answer as it should"),
    ],
)
async def test_a_provider_that_is_another_is_not_used(
    browser: httpx.AsyncClient, provider: IdentityProvider, metadata: dict[str, Any], words: str
) -> None:
    provider.metadata = metadata
    answer = await browser.get("/sign-in/oidc")
    assert (answer.status_code, words in answer.text) == (422, True)


async def test_a_provider_that_is_down_leaves_passkeys_and_links(
    empty_ledger: Path, tmp_path: Path
) -> None:
    async with console_at(ISSUER, empty_ledger, tmp_path) as browser:
        answer = await browser.get("/sign-in/oidc")
        assert answer.status_code == 422
        assert "a passkey or a link works without it" in answer.text
        assert "Sign in with a passkey" in answer.text


async def test_a_provider_of_other_people_signs_in_as_well(
    empty_ledger: Path, tmp_path: Path
) -> None:
    """Theirs reads OpenID Connect with its own eyes: the first test's provider is ours."""
    port = Ports.free().sandbox
    command = [str(Path(sys.executable).with_name("oidc-provider-mock")), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        issuer = f"http://localhost:{port}"
        async with console_at(issuer, empty_ledger, tmp_path) as browser, httpx.AsyncClient() as to:
            await eventually(lambda: _answers(to, issuer), bool)
            await to.put(f"{issuer}/users/maya-at-work", json={})
            page = (await browser.get("/sign-in/oidc")).headers["location"]
            back = (await to.post(page, data={"sub": "maya-at-work"})).headers["location"]
            assert back.startswith(f"{URL}/sign-in/callback?")
            answer = await browser.get(back.removeprefix(URL))
            assert (answer.status_code, answer.headers.get("location")) == (303, "/"), answer.text
            assert await is_signed_in(browser)
        server.terminate()


async def _answers(to: httpx.AsyncClient, issuer: str) -> bool:
    try:
        return (await to.get(f"{issuer}/.well-known/openid-configuration")).is_success
    except httpx.HTTPError:
        return False
