"""What strangers say on the Saturday, and whether all of it is on the desk, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from client.engine import Engine
from client.listening import start_listening
from client.mentions import MOST, list_mentions
from domain.mentions import DismissalReason
from domain.model import Value
from domain.plural import plural
from embedded.demo.scenario import INCIDENT

SAID = {"twitter": 4_000, "facebook": 1_676}
"""How many mentions on which channel: as many as Buffer counted on its day."""

_HOW: Mapping[str, Mapping[str, Any]] = {"facebook": {"tagging": True}}
"""In posts that tag the Page: to comment on our post, people would have to wait for it."""

Answer = str | DismissalReason
"""The name of a saved reply, or why something needs none."""

QUESTIONS: Mapping[str, Answer] = {
    "something odd was posted from my account": "which-posts",
    "are my passwords safe": "my-password",
    "was passiert gerade? Ist mein Konto betroffen": "what-happened",
    "\u00bfmis contrase\u00f1as est\u00e1n a salvo": "my-password",
    "qu'est-ce qui se passe chez vous": "what-happened",
    "\u4f55\u304c\u8d77\u304d\u305f\u306e\u3067\u3059\u304b": "what-happened",
    "when will it be fixed": "back-when",
    "why do I read about this on the news and not from you": "told-late",
    "I cannot sign in any more \u202eand this is turned around": "need-help",
    "thanks for telling us so fast": "thanks",
    "won an iPhone? click here": DismissalReason.SPAM,
    "=HYPERLINK(1) <script>alert(1)</script> \x1b[2J": DismissalReason.SPAM,
}
"""What people ask, in five languages, and what the desk does about it."""

_SPELLINGS = (
    "{}",
    "{}?",
    "{}!!",
    "hey, {}",
    "{} pls",
    "{} \U0001f621",
    "so {}?",
    "{} - for my team",
)

TEXTS = tuple(spelling.format(one) for one in QUESTIONS for spelling in _SPELLINGS)
PRESS = "I write for the Daily Example. What do you say to your customers? My deadline is at six."
"""What needs words of its own: no saved reply answers a journalist."""

DELETED, EDITED = 20, 20
"""How many take back what they said, and how many say it otherwise, before they are answered."""

_IN_FIVE_SECONDS = 400
LIMITS = {"FRONTFOOT_TWITTER_LIMITS": f"{_IN_FIVE_SECONDS}/5"}
"""X's 300 posts in three hours, where a day is half a minute; so does the sandbox count them."""

_DIALS = {
    "x_posts_per_window": _IN_FIVE_SECONDS,
    "x_window_seconds": 5.0,
}
_HEARD_WITHIN = 120
_LOOK_EVERY = 0.5


class Heard(Value):
    """How much of what was said is on the desk, by the ids in the sandbox's own book."""

    said: int = 0
    heard: int = 0
    doubled: int = 0

    def wrong(self) -> list[str]:
        """Why not all of it is there once, in words."""
        found = []
        if self.heard != self.said:
            found.append(f"{plural(self.said - self.heard, 'mention')} never came to the desk")
        if self.doubled:
            found.append(f"{plural(self.doubled, 'mention')} came to the desk twice")
        return found


async def speak(sandbox: httpx.AsyncClient) -> dict[str, frozenset[str]]:
    """Let the crowd speak; the ids of what it said, by channel."""
    (await sandbox.post("/_sandbox/dials", json=_DIALS)).raise_for_status()
    said: dict[str, frozenset[str]] = {}
    for channel, count in SAID.items():
        said[channel] = frozenset(await _say(sandbox, channel, count - 1, TEXTS))
    for channel in SAID:
        said[channel] |= frozenset(await _say(sandbox, channel, 1, [PRESS]))
    return said


async def change_minds(sandbox: httpx.AsyncClient, said: Mapping[str, frozenset[str]]) -> None:
    """Let some of them delete what they said, and others edit it."""
    ids = sorted(said["facebook"])[: DELETED + EDITED]
    for number, one in enumerate(ids):
        change = {"id": one, "text": "and is my data safe?" if number < EDITED else None}
        (await sandbox.post("/_sandbox/crowd/change", json=change)).raise_for_status()


async def _say(
    sandbox: httpx.AsyncClient, channel: str, count: int, texts: Sequence[str]
) -> list[str]:
    order = {"provider": channel, "count": count, "texts": texts, **_HOW.get(channel, {})}
    answer = await sandbox.post("/_sandbox/crowd", json=order)
    return list(answer.raise_for_status().json()["ids"])


async def listen(engine: Engine) -> None:
    """Have it read now, and not when the next reading is due."""
    temporal = await engine.temporal()
    for channel in SAID:
        await start_listening(temporal, channel, now=True)


async def heard(engine: Engine, said: Mapping[str, frozenset[str]]) -> Heard:
    """Wait until all of it is on the desk, or for so long, and count."""
    counted = await _count(engine, said)
    for _ in range(int(_HEARD_WITHIN / _LOOK_EVERY)):
        if counted.heard == counted.said:
            break
        await asyncio.sleep(_LOOK_EVERY)
        counted = await _count(engine, said)
    return counted


async def _count(engine: Engine, said: Mapping[str, frozenset[str]]) -> Heard:
    on_the_desk: Counter[tuple[str, str]] = Counter()
    after: int | None = None
    while True:
        page = await list_mentions(engine, incident=INCIDENT, after=after, limit=MOST)
        on_the_desk.update((one.mention.channel, one.mention.id) for one in page.mentions)
        after = page.after
        if after is None:
            break
    times = [on_the_desk[channel, one] for channel, ids in said.items() for one in ids]
    return Heard(
        said=len(times),
        heard=sum(many > 0 for many in times),
        doubled=sum(many > 1 for many in times),
    )
