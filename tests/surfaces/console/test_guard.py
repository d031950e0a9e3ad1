"""What every request passes: forms of other sites, other hosts, frames, and the headers."""

from __future__ import annotations

import httpx
import pytest

from client.signing_in import make_link
from tests.surfaces.console.conftest import OURS, URL, Console

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": URL},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9999"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_form_of_another_site_does_nothing(
    console: Console, headers: dict[str, str]
) -> None:
    link = await make_link(console.engine)
    answer = await console.browser.post(link, data={"person": "maya"}, headers=headers)
    assert (answer.status_code, answer.cookies) == (403, httpx.Cookies())
    again = await console.browser.post(link, data={"person": "maya"}, headers=OURS)
    assert again.status_code == 303


async def test_origin_is_enough_where_the_browser_says_no_more(console: Console) -> None:
    link = await make_link(console.engine)
    headers = {"Origin": URL}
    answer = await console.browser.post(link, data={"person": "maya"}, headers=headers)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "localhost:8093", "localhost:8092.evil.example", ""]
)
async def test_another_host_is_refused(console: Console, host: str) -> None:
    await console.sign_in()
    answer = await console.browser.get("/", headers={"Host": host})
    assert (answer.status_code, "Sign out" in answer.text) == (421, False)


@pytest.mark.parametrize("path", ["/", "/open", "//evil.example/x", "/\\evil.example"])
async def test_the_address_of_the_machine_leads_to_its_name(console: Console, path: str) -> None:
    request = console.browser.build_request("GET", URL, headers={"Host": "127.0.0.1:8092"})
    request.url = httpx.URL(URL).copy_with(raw_path=path.encode())
    answer = await console.browser.send(request)
    there = httpx.URL(answer.headers["location"])
    assert (answer.status_code, there.scheme, there.netloc) == (307, "http", b"localhost:8092")


async def test_no_page_may_be_framed_or_kept_or_run_a_script_of_others(console: Console) -> None:
    await console.sign_in()
    for path in ("/", "/open", "/no/such/page", "/incidents/nobody"):
        headers = (await console.browser.get(path)).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, path
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


async def test_files_may_be_kept(console: Console) -> None:
    answer = await console.browser.get("/static/console.css")
    assert (answer.status_code, "cache-control" in answer.headers) == (200, False)
