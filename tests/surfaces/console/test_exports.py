"""Files that people take away: whole, private, entered, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import httpx
import orjson
import pytest

from client import exports
from client.errors import ClientError
from client.installation import newest_entries
from client.record_file import verify_file
from domain.publication import DeliveryState
from store.events import events
from store.offers import codes
from store.people import suppressions
from store.record import incidents
from tests.store.world import NOON, SECRET, TERMS, address, event, have_broadcast, send
from tests.surfaces.console.conftest import OURS, Console

HERE = "buffer-saturday"
D = DeliveryState
KINDS = ("files/record", "files/codes", "files/arrivals", "recipient/file")


@pytest.fixture
async def mailed(console: Console) -> Console:
    """Customers of whom one got it, one bounced, one is suppressed, and ten have codes."""
    ledger = await console.engine.ledger()
    await incidents.register(ledger, HERE, "Posts that are not ours", "outage", (), NOON)
    await suppressions.add(ledger, address(1), "asked", None, "console", NOON)
    broadcast = await have_broadcast(ledger, size=40, offer=TERMS)
    await send(ledger, broadcast, 1)
    told = [event(broadcast, 2), event(broadcast, 4, D.BOUNCED, reason="=bounce")]
    await events.record(ledger, told)
    await codes.ensure_codes(ledger, SECRET, HERE, range(2, 11), TERMS)
    await console.sign_in()
    return console


async def take(console: Console, kind: str, **data: str) -> httpx.Response:
    return await console.browser.post(f"/incidents/{HERE}/{kind}", data=data, headers=OURS)


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_is_a_download_that_nobody_keeps_on_the_way(
    mailed: Console, kind: str
) -> None:
    answer = await take(mailed, kind, address=address(2))
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{HERE}-')
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    folder = mailed.engine.settings.state_dir / "exports"
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_takes_one_by_opening_a_link_or_from_another_site(
    mailed: Console, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    opened = await mailed.browser.get(f"/incidents/{HERE}/{kind}")
    assert opened.status_code == 405 or "attachment" not in opened.headers.get(
        "content-disposition", ""
    )
    sent = await mailed.browser.post(
        f"/incidents/{HERE}/{kind}",
        data={"address": address(2)},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert sent.status_code == 403
    mailed.browser.cookies.clear()
    assert (await take(mailed, kind, address=address(2))).status_code == 401
    assert not any("exported" in one.what for one in await newest_entries(mailed.engine))


@pytest.mark.parametrize("kind", KINDS)
async def test_who_took_it_is_entered_and_whose_it_is_is_not(
    mailed: Console, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    answer = await take(mailed, kind, address=address(2))
    entered = [one for one in await newest_entries(mailed.engine) if "exported" in one.what]
    assert [(one.who, one.about.split(",")[0]) for one in entered] == [("maya", HERE)]
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("frontfoot")]
    for words in (str(entered), str(ours), str(answer.headers), str(answer.url)):
        assert address(2) not in words


async def test_everybody_has_a_row_that_says_whether_it_got_there(mailed: Console) -> None:
    found = {one["address"]: one for one in rows(await take(mailed, "files/arrivals"))}
    assert len(found) == 40
    assert found[address(1)]["answer"] == "no: not sent, suppressed"
    assert found[address(2)]["answer"] == "yes: delivered"
    assert found[address(4)]["answer"] == "no: it came back (=bounce)"
    assert found[address(40)]["answer"] == "not yet: it waits to be sent"
    assert found[address(2)]["accepted_at"]
    assert not found[address(40)]["accepted_at"]
    assert {one["message"] for one in found.values()} == {"1"}


async def test_everything_of_one_person_is_in_one_file(mailed: Console) -> None:
    found = rows(await take(mailed, "recipient/file", address=f" {address(2)} "))
    assert {one["address"] for one in found} == {address(2)}
    assert found[0]["what"] == "outcome"
    assert found[0]["words"].endswith("yes: delivered")
    assert {"code", "event"} <= {one["what"] for one in found}
    refused = await take(mailed, "recipient/file", address="nobody")
    assert (refused.status_code, "attachment" in str(refused.headers)) == (422, False)


async def test_the_codes_are_those_of_the_terminal(mailed: Console, tmp_path: Path) -> None:
    plain = rows(await take(mailed, "files/codes"))
    dashed = rows(await take(mailed, "files/codes", as_mailed="true"))
    assert len(plain) == len(dashed) == 9
    assert [one["code"].replace("-", "") for one in dashed] == [one["code"] for one in plain]
    assert all(one["worth"] for one in plain)


async def test_the_record_verifies_without_this_console(mailed: Console, tmp_path: Path) -> None:
    answer = await take(mailed, "files/record")
    file = tmp_path / "record.json"
    file.write_bytes(answer.content)
    record, _ = verify_file(file)
    assert record.incident == HERE
    assert orjson.loads(answer.content)["format"]


async def test_what_cannot_be_made_is_told_on_the_page(
    mailed: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> int:
        raise ClientError("The disk is full.", "Make room.")

    monkeypatch.setattr("surfaces.console.exports.export_arrivals", fails)
    answer = await take(mailed, "files/arrivals")
    assert (answer.status_code, "The disk is full." in answer.text) == (503, True)
    assert "content-disposition" not in answer.headers


async def test_an_incident_that_is_not_there_has_no_files(mailed: Console) -> None:
    for kind in KINDS:
        answer = await mailed.browser.post(
            f"/incidents/nobody/{kind}", data={"address": address(2)}, headers=OURS
        )
        assert (answer.status_code, "attachment" in str(answer.headers)) == (404, False), kind
    assert (await mailed.browser.get("/incidents/nobody/files")).status_code == 404


async def test_a_cell_that_would_be_a_formula_is_guarded(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    async with exports._rows_of(path, ("a", "b")) as write:
        write("=1+1", "+49 30")
    assert path.read_text().splitlines()[1] == "'=1+1,'+49 30"
    assert path.stat().st_mode & 0o077 == 0
