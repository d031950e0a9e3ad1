"""Strangers on the Saturday: who says how much where, who changes it, and what webhooks tell of it.

X and Facebook tell of most at once, of some twice, of some late and of some never: those are found
by reading. Mail is only told, since there is nothing to read it from; Mastodon tells nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from client.engine import Engine
from client.listening import start_listening
from client.mentions import MOST, MentionRow, list_mentions
from domain.mentions import mentions_path
from domain.model import Value
from domain.plural import plural
from embedded.demo.sayings import CHANGED_TO, LONG, PRESS, texts
from embedded.demo.story import INCIDENT

SAID = {"twitter": 3_122, "facebook": 1_419, "mastodon": 454, "email": 681}
"""How many mentions on which channel: 5,676 in all, as many as Buffer counted on its day."""

TAGGED, THREADS, IN_A_THREAD = 400, 12, 4
"""On Facebook so many tag the Page in posts of their own; the others comment on our post."""

MACHINES: Sequence[tuple[int, str, Mapping[str, Any]]] = (
    (210, "I am out of the office until Monday.", {"headers": {"Auto-Submitted": "auto-replied"}}),
    (60, "Your message could not be delivered.", {"sender": ""}),
    (30, "You posted to the list of admins.", {"headers": {"Precedence": "bulk"}}),
)
"""Mail that no person wrote: absence notices, bounces without a sender, and lists."""

CHANGED = 8
"""So many of each channel that shows it are edited, deleted, and edited once they are answered."""

_IN_FIVE_SECONDS, _TOOTS_IN_FIVE_SECONDS = 400, 100
SETTINGS = {
    "FRONTFOOT_CHANNELS": "email,twitter,facebook,mastodon,website",
    "FRONTFOOT_EMAIL_FROM_ADDRESS": "help@example.com",
    "FRONTFOOT_EMAIL_FROM_NAME": "Example Co",
    "FRONTFOOT_TWITTER_LIMITS": f"{_IN_FIVE_SECONDS}/5",
    "FRONTFOOT_MASTODON_LIMITS": f"{_TOOTS_IN_FIVE_SECONDS}/5",
}
"""300 posts in three hours, where a day is half a minute; so does the sandbox count them."""

_DIALS = {
    "x_posts_per_window": _IN_FIVE_SECONDS,
    "x_window_seconds": 5.0,
    "mastodon_posts_per_window": _TOOTS_IN_FIVE_SECONDS,
    "mastodon_window_seconds": 5.0,
}
_FIRST_CHANGED = 8
_WAVES = 4
_TOLD_TOGETHER = 50
_DELIVERIES = 4
_HEARD_WITHIN = 120
_LOOK_EVERY = 0.5

Said = Mapping[str, frozenset[str]]
"""The ids of what was said, by channel, as they are in the sandbox's own book."""


class Heard(Value):
    """How much of what was said is on the desk, by the ids in the sandbox's own book.

    ``ours`` are posts of our own, or what nobody has said, that became mentions. ``channels`` has
    how much is there of each channel.
    """

    said: int = 0
    heard: int = 0
    doubled: int = 0
    ours: int = 0
    channels: Mapping[str, int] = {}

    def wrong(self) -> list[str]:
        """Why not all of it is there once, in words."""
        found = []
        if self.heard != self.said:
            found.append(f"{plural(self.said - self.heard, 'mention')} never came to the desk")
        if self.doubled:
            found.append(f"{plural(self.doubled, 'mention')} came to the desk twice")
        if self.ours:
            found.append(f"on the desk, said by no stranger: {plural(self.ours, 'mention')}")
        return found


class CrowdWebhooks(Value):
    """Deliveries about the crowd: mentions told at once, twice and late, and forged ones."""

    once: int = 0
    twice: int = 0
    late: int = 0
    forged: int = 0
    refused: int = 0

    def wrong(self) -> list[str]:
        """What the receiver of webhooks should not have done, in words."""
        if self.forged == self.refused:
            return []
        return [f"{self.forged - self.refused:,} of {self.forged:,} forged webhooks were believed"]


class Crowd:
    """Everybody who says something; ``website`` is where webhooks are received.

    ``said`` has the ids of what was said by channel, and grows until all of it has arrived.
    """

    def __init__(self, sandbox: httpx.AsyncClient, website: str) -> None:
        self._sandbox = sandbox
        self._website = website
        self._said: dict[str, list[str]] = {channel: [] for channel in SAID}
        self.said: dict[str, frozenset[str]] = {}
        self._changed: set[str] = set()
        self._comments = self._words("facebook")
        self._late: list[tuple[str, list[str]]] = []
        self._telling: list[asyncio.Task[list[int]]] = []
        self._together = asyncio.Semaphore(_DELIVERIES)
        self.webhooks = CrowdWebhooks()

    async def speak(self) -> None:
        """Let them speak, wave after wave; webhooks go on telling of it afterwards.

        Those who comment on Facebook do so in ``comment``.
        """
        (await self._sandbox.post("/_sandbox/dials", json=_DIALS)).raise_for_status()
        left = {channel: self._words(channel) for channel in ("twitter", "mastodon", "email")}
        tags = [self._comments.pop() for _ in range(TAGGED)]
        for wave in range(_WAVES, 0, -1):
            for channel, words in left.items():
                some = [words.pop() for _ in range(len(words) // wave)]
                self._tell_some(channel, await self._say(channel, some))
            some = [tags.pop() for _ in range(len(tags) // wave)]
            await self._say("facebook", some, tagging=True)
        await self._converse()
        for count, text, shape in MACHINES:
            self._tell_some("email", await self._say("email", [text] * count, **shape))

    async def arrive(self, engine: Engine) -> None:
        """Wait until all that was said is on the desk, and deliver the late webhooks then.

        What those tell of was read meanwhile, but for mail, of which nothing else tells.
        """
        await asyncio.gather(*self._telling)
        held = sum(len(ids) for channel, ids in self._late if channel == "email")
        await _arrived(engine, sum(map(len, self._said.values())) - held)
        late, self._late = self._late, []
        for channel, ids in late:
            await self._tell(channel, ids)
        many = self.webhooks.late + sum(len(ids) for _, ids in late)
        self.webhooks = self.webhooks.model_copy(update={"late": many})

    async def comment(self, engine: Engine) -> None:
        """Comment on our post on Facebook, once it is there, and wait until that has arrived."""
        many = len(self._comments) // _WAVES + 1
        for begin in range(0, len(self._comments), many):
            some = self._comments[begin : begin + many]
            self._tell_some("facebook", await self._say("facebook", some))
        await listen(engine)
        await self.arrive(engine)

    async def forge(self) -> None:
        """Send webhooks with signatures that are not the providers'."""
        forged = [(channel, self._said[channel][:2]) for channel in ("twitter", "facebook")]
        forged.append(("email", self._said["email"][:1]))
        answers = [one for each in forged for one in await self._tell(*each, forged=True)]
        self.webhooks = self.webhooks.model_copy(
            update={"forged": len(answers), "refused": answers.count(403)}
        )

    async def change_minds(self) -> None:
        """Let some of them delete what they said, and others edit it.

        X tells of half of that. Facebook's lists show neither, and Mastodon's notifications do not.
        """
        for channel in ("twitter", "facebook", "mastodon"):
            # The very first is the press, which waits for somebody with a role.
            ids = self._said[channel][_FIRST_CHANGED : _FIRST_CHANGED + 2 * CHANGED]
            edited = [await self._change(one, _otherwise(channel)) for one in ids[:CHANGED]]
            for one in ids[CHANGED:]:
                await self._change(one, None)
            if channel == "twitter":
                await self._tell(channel, edited[: CHANGED // 2])
                await self._tell(channel, ids[CHANGED : CHANGED + CHANGED // 2], deleted=True)

    async def change_answered(self) -> int:
        """Let some edit what was answered already, which changes nothing; how many did."""
        books = (await self._sandbox.get("/_sandbox/books/replies")).raise_for_status().json()
        done: Counter[str] = Counter()
        for one in books["mentions"]:
            channel = one["channel"]
            if one["deleted"] or one["replies"] != 1 or one["id"] in self._changed:
                continue
            if channel == "email" or done[channel] == CHANGED:
                continue
            done[channel] += 1
            now = await self._change(one["id"], _otherwise(channel))
            if channel == "twitter":
                await self._tell(channel, [now])
        return done.total()

    # --- one order after the other ------------------------------------------------------------

    def _words(self, channel: str) -> list[str]:
        """What is said on a channel, beside threads and machines: the press is among it once."""
        many = SAID[channel] - 1
        many -= THREADS * IN_A_THREAD if channel in ("twitter", "mastodon", "email") else 0
        many -= sum(count for count, _, _ in MACHINES) if channel == "email" else 0
        words = [*texts(many - 1, channel), PRESS]
        return [*words, LONG if channel in ("facebook", "email") else "what happened over there"]

    async def _converse(self) -> None:
        """Let strangers take up what others have said, and name us again."""
        for channel in ("twitter", "mastodon", "email"):
            for number in range(THREADS):
                words = texts(IN_A_THREAD, f"{channel} thread {number}")
                above = self._said[channel][-1 - number]
                ids = await self._say(channel, words, reply_to=above)
                if channel == "email":
                    self._tell_some(channel, ids)

    async def _say(self, channel: str, words: Sequence[str], **more: Any) -> list[str]:
        order = {"provider": channel, "count": len(words), "texts": words, **more}
        for _ in range(int(_HEARD_WITHIN / _LOOK_EVERY)):
            answer = await self._sandbox.post("/_sandbox/crowd", json=order)
            if answer.status_code != httpx.codes.CONFLICT:
                break
            await asyncio.sleep(_LOOK_EVERY)
        ids = list(answer.raise_for_status().json()["ids"])
        self._said[channel] += ids
        self.said[channel] = frozenset(self._said[channel])
        return ids

    async def _change(self, number: str, text: str | None) -> str:
        self._changed.add(number)
        change = {"id": number, "text": text}
        answer = await self._sandbox.post("/_sandbox/crowd/change", json=change)
        return str(answer.raise_for_status().json()["id"])

    def _tell_some(self, channel: str, ids: Sequence[str]) -> None:
        """Tell of most of these from now on, of a tenth twice, of others late, of some never."""
        if channel == "mastodon":
            return
        tenth = len(ids) // 10
        twice, late, rest = ids[:tenth], ids[tenth : 2 * tenth], ids[2 * tenth :]
        # Whatever is not told of a mail is lost; SendGrid tries for three days.
        now = rest if channel == "email" else rest[2 * tenth :]
        self._late.append((channel, list(late)))
        self._telling.append(asyncio.create_task(self._tell(channel, twice, times=2)))
        for begin in range(0, len(now), _TOLD_TOGETHER):
            some = now[begin : begin + _TOLD_TOGETHER]
            self._telling.append(asyncio.create_task(self._tell(channel, some)))
        self.webhooks = self.webhooks.model_copy(
            update={
                "once": self.webhooks.once + len(now),
                "twice": self.webhooks.twice + len(twice),
            }
        )

    async def _tell(self, channel: str, ids: Sequence[str], **how: Any) -> list[int]:
        if not ids:
            return []
        url = self._website.rstrip("/") + mentions_path(channel)
        order = {"provider": channel, "url": url, "ids": list(ids), **how}
        async with self._together:
            answer = await self._sandbox.post("/_sandbox/tell", json=order, timeout=120)
        return list(answer.raise_for_status().json()["answers"])


def _otherwise(channel: str) -> str:
    """What somebody says who edits; X lets us answer only those who name us still."""
    return f"@acme {CHANGED_TO}" if channel == "twitter" else CHANGED_TO


async def listen(engine: Engine) -> None:
    """Have it read now, and not when the next reading is due."""
    temporal = await engine.temporal()
    for channel in SAID:
        if channel != "email":
            await start_listening(temporal, channel, now=True)


async def heard(engine: Engine, said: Said) -> Heard:
    """Wait until as much as was said is on the desk, or for so long, and count it."""
    await _arrived(engine, sum(map(len, said.values())))
    return await _count(engine, said)


async def _arrived(engine: Engine, many: int) -> None:
    """Wait until so many mentions are on the desk, for two minutes at most."""
    for _ in range(int(_HEARD_WITHIN / _LOOK_EVERY)):
        page = await list_mentions(engine, incident=INCIDENT, limit=1)
        if sum(page.counts.values()) >= many:
            return
        await asyncio.sleep(_LOOK_EVERY)


async def all_mentions(engine: Engine) -> list[MentionRow]:
    """Everything on the desk that belongs to the incident."""
    found: list[MentionRow] = []
    after: int | None = None
    while True:
        page = await list_mentions(engine, incident=INCIDENT, after=after, limit=MOST)
        found += page.mentions
        after = page.after
        if after is None:
            return found


def place_of(row: MentionRow) -> tuple[str, str]:
    """Channel and id of a mention, as the sandbox's book has them.

    The id of a mail is its Message-ID and a digest, since programs use the same one again.
    """
    channel, number = row.mention.channel, row.mention.id
    return channel, number.rpartition("~")[0] if channel == "email" else number


async def _count(engine: Engine, said: Said) -> Heard:
    on_the_desk = Counter(place_of(row) for row in await all_mentions(engine))
    wanted = {(channel, one) for channel, ids in said.items() for one in ids}
    return Heard(
        said=len(wanted),
        heard=sum(on_the_desk[one] > 0 for one in wanted),
        doubled=sum(many > 1 for many in on_the_desk.values()),
        ours=len(on_the_desk.keys() - wanted),
        channels=dict(Counter(channel for channel, one in wanted if on_the_desk[channel, one])),
    )
