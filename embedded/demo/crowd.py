"""What strangers say on the Saturday, and whether all of it is on the desk, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx

from client.engine import Engine
from client.listening import start_listening
from client.mentions import MOST, dismiss, list_mentions
from domain.mentions import DismissalReason, MentionState
from domain.model import Value
from domain.plural import plural
from embedded.demo.scenario import INCIDENT, THE_LEAD

SAID = {"twitter": 4_000, "facebook": 1_676}
"""How many mentions on which channel: as many as Buffer counted on its day."""

_HOW: Mapping[str, Mapping[str, Any]] = {"facebook": {"tagging": True}}
"""In posts that tag the Page: to comment on our post, people would have to wait for it."""

TEXTS = (
    "is this you? something odd was posted from my account",
    "are my passwords safe?",
    "was passiert gerade? Ist mein Konto betroffen?",
    "\u00bfmis contrase\u00f1as est\u00e1n a salvo?",
    "\u7533\u3057\u8a33\u306a\u3044\u304c\u3001\u4f55\u304c\u8d77\u304d\u305f\u306e\u3067\u3059\u304b",
    "when will it be fixed?",
    "thanks for telling us so fast",
    "I cannot sign in any more \u202eand this is turned around",
    "=HYPERLINK(1) <script>alert(1)</script> \x1b[2J",
    "won an iPhone? click here",
)
WHY = "It is only a demo, and nobody replies in this version."
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
    said: dict[str, frozenset[str]] = {}
    for channel, count in SAID.items():
        order = {"provider": channel, "count": count, "texts": TEXTS, **_HOW.get(channel, {})}
        answer = await sandbox.post("/_sandbox/crowd", json=order)
        said[channel] = frozenset(answer.raise_for_status().json()["ids"])
    return said


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


async def dismiss_all(engine: Engine) -> int:
    """Dismiss all that is open, page by page; how many mentions that was."""
    dismissed = 0
    while True:
        page = await list_mentions(engine, state=MentionState.OPEN, incident=INCIDENT, limit=MOST)
        if not page.mentions:
            return dismissed
        numbers = [one.number for one in page.mentions]
        dismissed += await dismiss(
            engine, numbers, DismissalReason.OTHER, actor=THE_LEAD, words=WHY
        )


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
