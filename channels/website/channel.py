"""The website: a status page that is written as a whole, and read back where the public reads it.

Every publication writes a new numbered snapshot of the whole page to every target. Writing it again
shows nothing twice; the protocol is that of every post all the same: one attempt, and a look before
another. A publication is accepted once the public address shows it, past every cache.

Of two targets one may fail: the publication is accepted if the public address shows it, and its
receipt says which target lacks it. The next refresh of the page tries that one again.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx

from channels.adapter import PUBLIC, STATE, Adapter
from channels.contract import (
    CannotExpress,
    Capabilities,
    ChannelError,
    ChannelKind,
    Health,
    OutcomeUnknown,
    PageSource,
    Publication,
    Refused,
    Template,
    Unreachable,
)
from channels.http import Clock, utc_now
from channels.website.markdown import html_of, problems_in
from channels.website.public import PROVIDER, PublicPage
from channels.website.published import with_published
from channels.website.settings import WebsiteSettings
from channels.website.site import Site, compose
from channels.website.targets.bucket import BucketTarget
from channels.website.targets.folder import FolderTarget
from channels.website.targets.target import Target
from channels.wording import words_of_post
from domain.explanation import Explanation
from domain.message import Copy
from domain.publication import Receipt, Sighting
from domain.status_page import StatusPage, article_path, incident_id, update_path

MOST_LETTERS = 40_000
"""The longest text of one update: room for a long article."""

_LOOK_AGAIN = 0.05
_LOOK_AGAIN_AT_MOST = 1.0


class WebsiteChannel:
    """One status page, at one public address, written to a folder, a bucket, or both."""

    name = "website"

    def __init__(
        self,
        settings: WebsiteSettings,
        *,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._settings = settings
        self._public = PublicPage(settings, client, clock)
        self._targets = _targets(settings)
        self._source: PageSource | None = None
        self.capabilities = Capabilities(kind=ChannelKind.POST, max_length=MOST_LETTERS)

    def read_from(self, source: PageSource) -> None:
        """Take everything that is written from ``source``, from now on."""
        self._source = source

    def address_of(self, incident: str, key: str, *, article: bool) -> str:
        """Where people will read the publication with ``key``."""
        path = article_path(key) if article else update_path(incident_id(incident), key)
        return f"{self._settings.url}/{path}"

    def render(self, template: Template) -> Copy:
        """Return the update: Markdown, and the HTML made of it. Raises ``CannotExpress``."""
        text = words_of_update(template)
        if len(text) > MOST_LETTERS:
            raise CannotExpress(
                f"website: the update is {len(text) - MOST_LETTERS:,} characters too long: "
                f"{len(text):,} of {MOST_LETTERS:,}.",
                "Shorten it in its template.",
            )
        for problem in problems_in(text):
            raise CannotExpress(
                f"website: line {problem.line} {problem.detail}.", problem.next_step
            )
        return Copy(
            channel=self.name,
            text=text,
            html=html_of(text),
            link=template.link,
            mark=template.mark,
            voice=template.voice,
        )

    async def publish(self, publication: Publication) -> Receipt:
        """Write a snapshot that has it to every target, and read it back."""
        page, site = await self._site()
        key = publication.key.partition(".")[0]
        lacking = await self._write(site)
        seen = await self._read_back(key, publication.copy, page.number, lacking)
        return seen.model_copy(update={"degraded": _degraded(lacking)})

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Say whether the public address shows it now."""
        return await self._public.find(key.partition(".")[0], copy)

    async def retract(self, receipt: Receipt) -> None:
        """Write the page without it; one that is gone already counts as taken back."""
        _, site = await self._site(without=receipt.id)
        lacking = await self._write(site)
        if lacking:
            # It can still be read there, and somebody asked for it to be gone.
            raise Unreachable(
                f"{PROVIDER}: it was taken off the page, but not everywhere: {_reasons(lacking)}"
            )

    async def refresh(self) -> None:
        """Write the page once more, so that it is seen to be of now."""
        _, site = await self._site()
        lacking = await self._write(site)
        if lacking:
            raise Unreachable(f"{PROVIDER}: {_reasons(lacking)}")

    async def check(self) -> Health:
        """Say whether every target can be written to, and whether the public address answers.

        Also that the page is on the host of the company's own site, which is a risk and no fault.
        """
        faults = [fault for target in self._targets if (fault := await target.check())]
        account = self._settings.url
        if faults:
            detail = f"{PROVIDER}: {'; '.join(faults)}."
            return Health(ok=False, detail=detail, account=account)
        health = await self._public.check()
        detail = f"{health.detail} {_warning(self._settings)}".rstrip()
        return health.model_copy(update={"account": account, "detail": detail})

    async def close(self) -> None:
        """Close connections."""
        await self._public.close()

    async def _site(self, without: str = "") -> tuple[StatusPage, Site]:
        if self._source is None:
            raise Refused(
                f"{PROVIDER}: this process has nothing to make the page from.",
                "The website is written by a worker.",
            )
        settings = self._settings
        page = await self._source.snapshot(
            settings.url, name=settings.name, home=settings.home, without=without
        )
        return page, await asyncio.to_thread(self._composed, page)

    def _composed(self, page: StatusPage) -> Site:
        return with_published(compose(page, subscribe=self._settings.subscribe), page)

    async def _write(self, site: Site) -> dict[str, ChannelError]:
        """Write to every target; returns those that failed, or raises if all of them did."""
        ended = await asyncio.gather(*(_written(one, site) for one in self._targets))
        lacking = {
            one.name: error for one, error in zip(self._targets, ended, strict=True) if error
        }
        if len(lacking) < len(self._targets):
            return lacking
        failed = list(lacking.values())
        # What may be there counts most, then what may work when it is tried again.
        for kind in (OutcomeUnknown, Unreachable):
            for error in failed:
                if isinstance(error, kind):
                    raise error
        raise failed[0]

    async def _read_back(
        self, key: str, copy: Copy, number: int, lacking: dict[str, ChannelError]
    ) -> Receipt:
        """Look until the public address shows the publication, in this snapshot or a later one."""
        until = time.monotonic() + self._settings.read_back_within
        pause = _LOOK_AGAIN
        while True:
            why = ""
            try:
                seen = await self._public.find(key, copy)
                if seen.receipt is not None and await self._public.number() >= number:
                    return seen.receipt
                why = seen.why
            except ChannelError as error:
                why = error.message
            if time.monotonic() + pause > until:
                within = timedelta(seconds=self._settings.read_back_within)
                raise OutcomeUnknown(
                    f"{PROVIDER}: it was written, and the public address does not show it after "
                    f"{within.total_seconds():.0f} s. {why} {_reasons(lacking)}".rstrip(),
                    "See whether a cache in front of the page keeps an old copy, and whether "
                    "FRONTFOOT_WEBSITE_URL is what is served from the target.",
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LOOK_AGAIN_AT_MOST)


def words_of_update(template: Template) -> str:
    """The text of an update: the template's, and its sign-off as a paragraph if not in it yet."""
    # The page itself shows the mark and the address of each update.
    bare = template.model_copy(update={"voice": None, "mark": ""})
    text = words_of_post(bare, WebsiteChannel.name, with_link=False)
    sign_off = template.voice.sign_off.strip() if template.voice else ""
    return f"{text}\n\n{sign_off}" if sign_off and sign_off not in text else text


def _warning(settings: WebsiteSettings) -> str:
    """That the page goes down together with the site of which it speaks; "" if it need not."""
    page, home = (
        (urlsplit(one or "").hostname or "").removeprefix("www.")
        for one in (settings.url, settings.home)
    )
    if page != home:
        return ""
    return (
        f"The page is on {page}, as your own site is: when that host is down, so is the page. "
        "Give it another host, under another DNS provider."
    )


def _targets(settings: WebsiteSettings) -> list[Target]:
    targets: list[Target] = []
    if settings.folder is not None:
        targets.append(FolderTarget(settings.folder))
    if settings.bucket is not None:
        targets.append(BucketTarget(settings))
    return targets


async def _written(target: Target, site: Site) -> ChannelError | None:
    try:
        await target.write(site)
    except ChannelError as error:
        return error
    return None


def _degraded(lacking: dict[str, ChannelError]) -> Explanation | None:
    if not lacking:
        return None
    return Explanation(
        what=f"It is public, but not everywhere: {_reasons(lacking)}",
        means="If the other target fails too, the page is not up to date there. It is tried again "
        "every minute.",
    )


def _reasons(lacking: dict[str, ChannelError]) -> str:
    return " ".join(error.message for error in lacking.values())


ADAPTER = Adapter(
    WebsiteSettings,
    WebsiteChannel,
    sandbox={"url": PUBLIC, "folder": f"{STATE}/page", "subscribe": "true"},
    example={"url": "https://status.example", "folder": "status-page"},
)
