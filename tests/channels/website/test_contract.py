"""The website keeps the promises of every channel; what stands in for the provider is a cache.

The channel writes real snapshots into a folder. Readers are behind a cache, which fetches what was
written unless it is told to keep its old copy, and which may answer anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from channels.contract import (
    CannotExpress,
    Channel,
    Publication,
    Refused,
    Template,
    Unreachable,
)
from channels.contract_suite.attempts import (
    BROADCAST,
    KEY,
    LINK,
    MARK,
    SPECIAL_WORDS,
    VOICE,
    WORDS,
    attempt,
    rendered,
)
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.mock_provider import UNREADABLE
from channels.contract_suite.stand_in import (
    NOT_TAKEN,
    LookFault,
    Misbehaviour,
    NotPlayed,
    Post,
    StandIn,
)
from channels.contract_suite.watching import assert_words_are
from channels.website import WebsiteChannel, WebsiteSettings
from channels.website.channel import MOST_LETTERS
from domain.message import Copy
from domain.publication import Receipt, Sighting
from tests.channels.sandbox_provider import closed_port
from tests.channels.website.site_world import Page, in_bucket, in_folder

URL = "https://status.acme.example"
WITHIN = 0.6
WORDS_OF_CACHE = "dear sender"

ANSWERS: dict[Misbehaviour | LookFault, httpx.Response] = {
    Misbehaviour.FAILS_AFTER: httpx.Response(500, text=WORDS_OF_CACHE),
    Misbehaviour.GIVES_UP_AFTER: httpx.Response(408, text=WORDS_OF_CACHE),
    Misbehaviour.GATEWAY_FAILS_AFTER: httpx.Response(502, text=WORDS_OF_CACHE),
    Misbehaviour.BUSY_AFTER: httpx.Response(
        503, headers={"retry-after": "90"}, text=WORDS_OF_CACHE
    ),
    Misbehaviour.GATEWAY_TIMES_OUT_AFTER: httpx.Response(504, text=WORDS_OF_CACHE),
    Misbehaviour.UNREADABLE_AFTER: httpx.Response(200, content=UNREADABLE),
    Misbehaviour.EMPTY_AFTER: httpx.Response(200),
    Misbehaviour.WITHOUT_ID_AFTER: httpx.Response(200, json={"note": WORDS_OF_CACHE}),
    LookFault.FORBIDDEN: httpx.Response(403, text=WORDS_OF_CACHE),
    LookFault.CREDENTIALS_DEAD: httpx.Response(401, text=WORDS_OF_CACHE),
    LookFault.THROTTLES: httpx.Response(429, headers={"retry-after": "90"}, text=WORDS_OF_CACHE),
    LookFault.FAILS: httpx.Response(500, text=WORDS_OF_CACHE),
    LookFault.WITHOUT_LIST: httpx.Response(200, json={"note": WORDS_OF_CACHE}),
    LookFault.UNREADABLE: httpx.Response(200, content=UNREADABLE),
    LookFault.REDIRECTS: httpx.Response(302, headers={"location": "https://elsewhere.example"}),
    LookFault.EMPTY: httpx.Response(200),
    LookFault.NULL: httpx.Response(200, json=None),
}
BROKEN: dict[Misbehaviour | LookFault, type[httpx.RequestError]] = {
    Misbehaviour.SILENT_AFTER: httpx.ReadTimeout,
    Misbehaviour.DROPS_AFTER: httpx.RemoteProtocolError,
    Misbehaviour.BREAKS_OFF_AFTER: httpx.ReadError,
    LookFault.SILENT: httpx.ReadTimeout,
    LookFault.DROPS: httpx.RemoteProtocolError,
}
# Not by what they say: a look is redirected in the same words as an attempt.
MISBEHAVIOURS = {*NOT_TAKEN, *(one for one in (*ANSWERS, *BROKEN) if isinstance(one, Misbehaviour))}
MISBEHAVIOURS -= {Misbehaviour.REDIRECTS}


def of_a_post(key: str) -> str:
    """The suite numbers its publications as batches of one broadcast; posts each have a key."""
    publication, _, attempt = key.rpartition(".")
    return f"{hashlib.sha256(publication.encode()).hexdigest()[:16]}.{attempt}"


class CachedPage:
    """The folder that is written, and what the cache in front of it shows."""

    secrets = (WORDS_OF_CACHE, "bucket-secret")
    wait = timedelta(seconds=90)
    page_size = None

    def __init__(self, folder: Path) -> None:
        self.page = Page()
        self._folder = folder
        self._copy: Path | None = None
        self._keeps_copy = False
        self._next: Misbehaviour | None = None
        self._now: Misbehaviour | None = None
        self._looks: LookFault | None = None

    def channel(self) -> Channel:
        settings = in_folder(self._folder, URL, read_back_within=WITHIN)
        return Entered(self, settings, httpx.AsyncClient(transport=httpx.MockTransport(self._get)))

    def channel_to_nowhere(self) -> Channel:
        settings = in_bucket(closed_port(), connect_timeout=0.3, read_timeout=0.5)
        return Entered(self, settings, None)

    async def misbehave(self, how: Misbehaviour) -> None:
        if how is Misbehaviour.REFUSES:
            # A file where the folder has to be.
            self._folder.write_text("a file")
        elif how not in MISBEHAVIOURS:
            raise NotPlayed(f"no folder and no cache {how}")
        self._next = how

    async def misbehave_at_looks(self, how: LookFault) -> None:
        if how not in {*ANSWERS, *BROKEN}:
            raise NotPlayed(f"no cache {how}")
        self._looks = how

    async def accepted(self) -> list[str]:
        return [f"{one['mark']}\n{one['body']}" for one in self._updates()]

    async def posts(self) -> list[Post]:
        return [Post(one["id"], one["body"]) for one in self._updates()]

    @contextmanager
    def attempt(self, key: str, copy: Copy) -> Iterator[None]:
        """One attempt: the ledger has it, and what was ordered for it happens to it alone."""
        self.page.add(key, copy)
        self._now, self._next = self._next, None
        self._keeps_copy = self._now in NOT_TAKEN
        try:
            yield
        except (Refused, Unreachable):
            del self.page.updates[key]
            raise
        finally:
            if self._now is Misbehaviour.REFUSES:
                self._folder.unlink()
            self._now = None

    def _updates(self) -> list[dict[str, str]]:
        try:
            read = json.loads(self._file("api/v2/incidents.json"))
        except OSError:
            return []
        shown = [update for one in read["incidents"] for update in one["incident_updates"]]
        return sorted(shown, key=lambda one: list(self.page.updates).index(one["id"]))

    def _get(self, request: httpx.Request) -> httpx.Response:
        fault = self._now or self._looks
        if fault in BROKEN:
            raise BROKEN[fault](WORDS_OF_CACHE, request=request)
        if fault in ANSWERS:
            return ANSWERS[fault]
        try:
            return httpx.Response(200, content=self._file(request.url.path.lstrip("/")))
        except OSError:
            return httpx.Response(404, text=WORDS_OF_CACHE)

    def _file(self, path: str) -> bytes:
        if not self._keeps_copy:
            self._copy = (self._folder / "current").resolve()
        if self._copy is None:
            raise FileNotFoundError
        found = self._copy / path
        return (found / "index.html" if found.is_dir() else found).read_bytes()


class Entered(WebsiteChannel):
    """The channel with what a worker does around it: an attempt is in the ledger first."""

    def __init__(
        self, cache: CachedPage, settings: WebsiteSettings, client: httpx.AsyncClient | None
    ) -> None:
        super().__init__(settings, client=client)
        self.read_from(cache.page)
        self._cache = cache

    async def publish(self, publication: Publication) -> Receipt:
        key = of_a_post(publication.key)
        with self._cache.attempt(key.partition(".")[0], publication.copy):
            return await super().publish(Publication(key, publication.copy))

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        return await super().find(of_a_post(key), copy, since)


class TestWebsite(ChannelContract):
    """Mark and address are beside the words on the page, and not in them."""

    @pytest.fixture
    def provider(self, tmp_path: Path) -> StandIn:
        return CachedPage(tmp_path / "page")

    async def test_a_post_shows_all_that_was_signed_and_no_key_of_ours(
        self, provider: StandIn, channel: Channel
    ) -> None:
        receipt = await attempt(channel)
        [published] = await provider.accepted()
        assert MARK in published
        assert VOICE.sign_off in published
        assert KEY not in published
        assert (receipt.url or "").startswith(f"{URL}/incidents/")

    async def test_the_copy_of_a_post_keeps_mark_link_and_sign_off(self, channel: Channel) -> None:
        copy = rendered(channel)
        assert (copy.mark, copy.link) == (MARK, LINK)
        assert copy.text == f"{WORDS}\n\n{VOICE.sign_off}"

    async def test_a_post_says_exactly_what_was_signed(
        self, provider: StandIn, channel: Channel
    ) -> None:
        """HTML is no part of what can be signed for the page."""
        for number, words in enumerate((WORDS, re.sub("<.*?>", "", SPECIAL_WORDS))):
            await attempt(channel, words=words, key=f"{BROADCAST}.{number}.1")
            await assert_words_are(rendered(channel, words).text, provider)

    @pytest.mark.parametrize("letter", ["x", "\u00fc", "\U0001f6a8", "[", "&", "\n"], ids=ascii)
    async def test_what_can_be_rendered_is_taken_by_the_provider(
        self, channel: Channel, letter: str
    ) -> None:
        room = MOST_LETTERS - len(f"\n\n{VOICE.sign_off}") - len("end.")
        await attempt(channel, words=letter * room + "end.")

    async def test_a_post_is_measured_with_its_mark_and_its_link(self, channel: Channel) -> None:
        unsigned = VOICE.model_copy(update={"sign_off": ""})
        full = Template(text="x" * MOST_LETTERS, voice=unsigned, mark=MARK, link=LINK)
        assert channel.render(full).text == full.text
        with pytest.raises(CannotExpress):
            channel.render(full.model_copy(update={"voice": VOICE}))
