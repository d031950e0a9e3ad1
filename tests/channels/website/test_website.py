"""The website channel over real targets: a folder that our own service shows, and an S3 bucket."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from channels.contract import (
    CannotExpress,
    OutcomeUnknown,
    Publication,
    Refused,
    Template,
    Unreachable,
)
from channels.website import WebsiteChannel, WebsiteSettings
from channels.website.site import compose
from channels.website.targets import bucket
from channels.website.targets.bucket import BucketTarget
from channels.website.targets.folder import KEPT, FolderTarget
from domain.message import Voice
from domain.publication import Finding
from tests.channels.website.site_world import (
    BUCKET,
    Page,
    free_port,
    in_bucket,
    in_folder,
    s3_server,
    serving_bucket,
    serving_folder,
)

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"
MARK = "Notice 1, 14:05 UTC, ref ab12"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "page"


@pytest.fixture
async def url(folder: Path) -> AsyncIterator[str]:
    async with serving_folder(folder, free_port()) as url:
        yield url


def opened(settings: WebsiteSettings, page: Page) -> WebsiteChannel:
    channel = WebsiteChannel(settings)
    channel.read_from(page)
    return channel


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
        return await client.get(url)


# --- publishing ---------------------------------------------------------------------------------


async def test_what_is_published_is_read_back_at_the_public_address(
    folder: Path, url: str, page: Page
) -> None:
    channel = opened(in_folder(folder, url), page)
    receipt = await channel.publish(page.enter(channel, KEY, "We are **on it**.", MARK))
    assert (receipt.id, receipt.degraded) == (KEY, None)
    assert receipt.url == channel.address_of("one", KEY, article=False)
    shown = await get(receipt.url or "")
    assert "We are <strong>on it</strong>." in shown.text
    assert MARK in shown.text
    assert (await get(f"{url}/")).text.count("on it") == 1
    await channel.close()


async def test_a_look_finds_what_is_there_and_nothing_else(
    folder: Path, url: str, page: Page
) -> None:
    channel = opened(in_folder(folder, url), page)
    first = page.enter(channel, KEY, "We are on it.", MARK)
    assert (await channel.find(first.key, first.copy, NOW)).finding is Finding.ABSENT
    receipt = await channel.publish(first)
    sighting = await channel.find(first.key, first.copy, NOW)
    assert sighting.finding is Finding.FOUND
    assert sighting.receipt == receipt
    other = first.copy.model_copy(update={"mark": "Update 9"})
    assert (await channel.find(first.key, other, NOW)).finding is Finding.ABSENT
    assert (await channel.find(f"{OTHER}.1", first.copy, NOW)).finding is Finding.ABSENT
    await channel.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
@pytest.mark.parametrize(
    ("rights", "files", "folders"), [(None, 0o644, 0o755), (0o700, 0o600, 0o700)]
)
async def test_whoever_may_read_the_folder_may_read_what_is_in_it(
    folder: Path, url: str, page: Page, rights: int | None, files: int, folders: int
) -> None:
    """A worker's umask kept the web server out of every snapshot."""
    if rights is not None:
        folder.mkdir(mode=rights)
    before = os.umask(0o077)
    try:
        channel = opened(in_folder(folder, url), page)
        await channel.publish(page.enter(channel, KEY, "Said.", MARK))
        await channel.close()
    finally:
        os.umask(before)
    inside = [folder, folder / "snapshots", *(folder / "current").resolve().rglob("*")]
    assert {one.is_dir(): stat.S_IMODE(one.stat().st_mode) for one in inside} == {
        True: folders,
        False: files,
    }


async def test_publishing_again_shows_it_once(folder: Path, url: str, page: Page) -> None:
    channel = opened(in_folder(folder, url), page)
    publication = page.enter(channel, KEY, "Said once.", MARK)
    first = await channel.publish(publication)
    again = await channel.publish(Publication(f"{KEY}.2", publication.copy))
    assert first == again
    assert (await get(f"{url}/")).text.count("Said once.") == 1
    await channel.close()


async def test_what_was_taken_back_is_gone_and_may_be_taken_back_again(
    folder: Path, url: str, page: Page
) -> None:
    channel = opened(in_folder(folder, url), page)
    publication = page.enter(channel, KEY, "Not right.", MARK)
    receipt = await channel.publish(publication)
    for _ in range(2):
        await channel.retract(receipt)
        await asyncio.sleep(0.3)
        assert (await channel.find(KEY, publication.copy, NOW)).finding is Finding.ABSENT
    assert "Not right." not in (await get(f"{url}/")).text
    await channel.close()


async def test_it_is_accepted_only_once_the_public_sees_it(
    folder: Path, tmp_path: Path, page: Page
) -> None:
    """A cache in front of it shows what was there before, or another folder is served."""
    async with serving_folder(tmp_path / "elsewhere", free_port()) as url:
        channel = opened(in_folder(folder, url, read_back_within=0.3), page)
        publication = page.enter(channel, KEY, "We are on it.", MARK)
        with pytest.raises(OutcomeUnknown, match="the public address does not show it"):
            await channel.publish(publication)
        assert (await channel.find(KEY, publication.copy, NOW)).finding is Finding.ABSENT
        shutil.move(folder, tmp_path / "elsewhere")
        await asyncio.sleep(0.3)
        assert (await channel.find(KEY, publication.copy, NOW)).finding is Finding.FOUND
        await channel.close()


class Cache:
    """In front of the page: serves its copy for a while, whatever the request asks for."""

    def __init__(self, folder: Path, lasts: float) -> None:
        self._folder = folder
        self._lasts = lasts
        self._copies: dict[str, tuple[float, httpx.Response]] = {}

    def get(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.lstrip("/")
        kept = self._copies.get(path)
        if kept is None or time.monotonic() - kept[0] > self._lasts:
            self._copies[path] = time.monotonic(), self._fresh(path)
        return self._copies[path][1]

    def _fresh(self, path: str) -> httpx.Response:
        file = self._folder / "current" / path
        if file.is_dir():
            file /= "index.html"
        if not file.exists():
            return httpx.Response(404)
        return httpx.Response(200, content=file.read_bytes())


@pytest.mark.parametrize(("lasts", "accepted"), [(0.6, True), (60, False)])
async def test_a_cache_that_serves_an_old_copy_is_waited_out_and_never_believed(
    folder: Path, page: Page, lasts: float, accepted: bool
) -> None:
    cache = Cache(folder, lasts)
    client = httpx.AsyncClient(transport=httpx.MockTransport(cache.get))
    settings = in_folder(folder, "https://status.example", read_back_within=2)
    channel = WebsiteChannel(settings, client=client)
    channel.read_from(page)
    await channel.publish(page.enter(channel, KEY, "We are on it.", MARK))
    second = page.enter(channel, OTHER, "We found the cause.", "Update 1, 15:05 UTC, ref ab12")
    # Somebody reads where it will be, so the cache keeps what was there before.
    old = cache.get(httpx.Request("GET", second.copy.link or "")).text
    assert "We found the cause." not in old
    if accepted:
        begun = time.monotonic()
        receipt = await channel.publish(second)
        assert time.monotonic() - begun > lasts / 2
        shown = cache.get(httpx.Request("GET", receipt.url or "")).text
        assert second.copy.mark in shown
    else:
        with pytest.raises(OutcomeUnknown, match="does not show its mark"):
            await channel.publish(second)
        assert (await channel.find(second.key, second.copy, NOW)).finding is Finding.ABSENT
    await channel.close()
    await client.aclose()


async def test_without_an_answer_nobody_says_absent(folder: Path, page: Page) -> None:
    channel = opened(in_folder(folder, f"http://127.0.0.1:{free_port()}"), page)
    publication = page.enter(channel, KEY, "We are on it.", MARK)
    with pytest.raises(Unreachable):
        await channel.find(KEY, publication.copy, NOW)
    assert not (await channel.check()).ok
    await channel.close()


async def test_a_check_notices_a_page_that_no_worker_refreshes(
    folder: Path, url: str, page: Page
) -> None:
    """Everything answers, and readers see "Current state unknown"."""
    settings = in_folder(folder, url)
    channel = opened(settings, page)
    assert (await channel.check()).ok
    await channel.refresh()
    assert (await channel.check()).ok
    later = WebsiteChannel(settings, clock=lambda: datetime.now(UTC) + timedelta(minutes=12))
    found = await later.check()
    assert (found.ok, "which is 12 minutes old" in found.detail) == (False, True)
    await channel.close()
    await later.close()


@pytest.mark.parametrize(
    ("page_at", "home", "warned"),
    [
        ("https://example.com/status", "https://www.example.com/", True),
        ("https://example.com/status", "https://example.com:8443/", True),
        ("https://status.example.com", "https://example.com", False),
        ("https://example.com/status", None, False),
    ],
)
async def test_a_page_on_the_host_of_the_product_is_told_and_works(
    folder: Path, page_at: str, home: str | None, warned: bool
) -> None:
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(404)))
    channel = WebsiteChannel(in_folder(folder, page_at, home=home), client=client)
    health = await channel.check()
    assert (health.ok, "so is the page" in health.detail) == (True, warned)
    await channel.close()
    await client.aclose()


async def test_a_process_without_a_ledger_writes_nothing(folder: Path, page: Page) -> None:
    channel = WebsiteChannel(in_folder(folder, "https://status.example"))
    with pytest.raises(Refused, match="nothing to make the page from"):
        await channel.publish(page.enter(channel, KEY, "We are on it.", MARK))
    assert not folder.exists()


# --- rendering ----------------------------------------------------------------------------------


def test_the_copy_is_markdown_and_the_html_that_is_made_of_it(folder: Path) -> None:
    channel = WebsiteChannel(in_folder(folder, "https://status.example"))
    voice = Voice(name="Acme", sign_off="Joel, Acme")
    copy = channel.render(Template(text="**No** data was lost.", mark=MARK, voice=voice))
    assert copy.text == "**No** data was lost.\n\nJoel, Acme"
    assert copy.html == "<p><strong>No</strong> data was lost.</p>\n<p>Joel, Acme</p>"
    assert copy.mark == MARK


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fine\n\n<b>not fine</b>", "line 3"),
        ("![](https://example.com/a.png)", "line 1"),
        ("x" * 40_001, "1 characters too long"),
        ("Your code is [[code]]", "no recipients"),
        ("  ", "empty"),
    ],
)
def test_what_the_page_cannot_show_is_refused_before_the_gate(
    folder: Path, text: str, says: str
) -> None:
    channel = WebsiteChannel(in_folder(folder, "https://status.example"))
    with pytest.raises(CannotExpress, match=says):
        channel.render(Template(text=text, mark=MARK))


# --- the folder ---------------------------------------------------------------------------------


async def test_an_older_snapshot_never_replaces_a_newer_one(folder: Path, page: Page) -> None:
    target, url = FolderTarget(folder), "https://status.example"
    older, newer = [compose(await page.snapshot(url)) for _ in range(2)]
    await target.write(newer)
    await target.write(older)
    assert (folder / "current").readlink().name == f"{newer.number:012d}"


async def test_few_snapshots_are_kept_and_an_unfinished_one_is_no_obstacle(
    folder: Path, page: Page
) -> None:
    target = FolderTarget(folder)
    left_over = folder / "snapshots" / f"{2:012d}" / "index.html"
    left_over.parent.mkdir(parents=True)
    left_over.write_text("half of a pa")
    for _ in range(6):
        await target.write(compose(await page.snapshot("https://status.example")))
    assert len(list((folder / "snapshots").iterdir())) == KEPT
    assert "half of a pa" not in (folder / "current" / "index.html").read_text()


async def test_two_writers_at_once_leave_the_newest(folder: Path, page: Page) -> None:
    sites = [compose(await page.snapshot("https://status.example")) for _ in range(12)]
    await asyncio.gather(*(FolderTarget(folder).write(site) for site in reversed(sites)))
    assert (folder / "current").readlink().name == f"{sites[-1].number:012d}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written_to_is_told(folder: Path, page: Page) -> None:
    folder.mkdir()
    folder.chmod(0o500)
    with pytest.raises(Refused, match="Permission denied"):
        await FolderTarget(folder).write(compose(await page.snapshot("https://status.example")))


async def test_a_file_in_the_place_of_the_folder_is_told(folder: Path, page: Page) -> None:
    folder.write_text("a file")
    assert "cannot be written" in await FolderTarget(folder).check()
    with pytest.raises(Refused, match="the folder cannot be written to"):
        await FolderTarget(folder).write(compose(await page.snapshot("https://status.example")))


# --- the bucket ---------------------------------------------------------------------------------


async def test_a_bucket_shows_what_is_published_with_its_headers(s3: str, page: Page) -> None:
    page.number = 100
    async with serving_bucket(s3) as url:
        channel = opened(in_bucket(s3, url), page)
        receipt = await channel.publish(page.enter(channel, KEY, "We are on it.", MARK))
        assert receipt.id == KEY
        index = await get(f"{url}/")
        assert "We are on it." in index.text
        assert index.headers["content-type"] == "text/html; charset=utf-8"
        assert "max-age=15" in index.headers["cache-control"]
        summary = await get(f"{url}/api/v2/summary.json")
        assert json.loads(summary.content)["incidents"][0]["status"] == "investigating"
        assert (await channel.check()).ok
        await channel.close()


async def test_of_two_writers_to_a_bucket_the_newer_wins(s3: str, page: Page) -> None:
    page.number = 200
    sites = [compose(await page.snapshot(f"{s3}/{BUCKET}")) for _ in range(4)]
    await asyncio.gather(
        *(BucketTarget(in_bucket(s3)).write(site) for site in (sites[2], sites[0], *sites))
    )
    snapshot = json.loads((await get(f"{s3}/{BUCKET}/snapshot.json")).content)
    assert (snapshot["number"], snapshot["written"]) == (sites[-1].number, True)


async def test_a_writer_that_died_is_waited_for_and_then_replaced(
    s3: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.number = 300
    target = BucketTarget(in_bucket(s3))
    dead = bucket._Snapshot(number=301, at=datetime.now(UTC))
    _, tag = await target._read()
    await target._replace(dead, tag)
    page.number = 301
    site = compose(await page.snapshot(f"{s3}/{BUCKET}"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await target.write(site)
    monkeypatch.setattr(bucket, "TURN", timedelta(seconds=2))
    await target.write(site)
    assert json.loads((await get(f"{s3}/{BUCKET}/snapshot.json")).content)["number"] == 302


async def test_a_dead_bucket_beside_a_folder_is_published_and_told(
    folder: Path, url: str, page: Page
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    both = in_bucket(nowhere, url, folder=folder, connect_timeout=0.3, read_timeout=0.5)
    channel = opened(both, page)
    receipt = await channel.publish(page.enter(channel, KEY, "We are on it.", MARK))
    assert receipt.degraded is not None
    assert f"the bucket {BUCKET} could not be written to" in receipt.degraded.what
    with pytest.raises(Unreachable, match="the bucket"):
        await channel.refresh()
    health = await channel.check()
    assert not health.ok
    assert "bucket-secret" not in f"{receipt!r}{health!r}"
    await channel.close()


async def test_only_a_dead_bucket_is_tried_again(page: Page) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    channel = opened(in_bucket(nowhere, connect_timeout=0.3, read_timeout=0.5), page)
    with pytest.raises(Unreachable, match="nothing of the snapshot is there"):
        await channel.publish(page.enter(channel, KEY, "We are on it.", MARK))
    await channel.close()


def test_a_page_needs_a_place() -> None:
    with pytest.raises(ValueError, match="neither a folder nor a bucket"):
        WebsiteSettings.model_validate({"url": "https://status.example"})
